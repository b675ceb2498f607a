"""A plain model of the warehouse, written from its specification alone, to compare the warehouse with."""
