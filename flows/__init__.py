"""Safer City: a police data warehouse in which every figure can be asked as of any past date."""

__version__ = "0.1.0"
