"""The stages a row passes, in order: extract, validate, load, transform, publish, notify. No stage imports another."""
