"""What an engineer does by hand: status, releases, checks."""
