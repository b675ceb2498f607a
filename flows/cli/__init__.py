"""The command `safercity`: thin, each command in a sentence or two over the modules that do the work."""

from flows.cli.main import main

__all__ = ["main"]
