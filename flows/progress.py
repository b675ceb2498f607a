"""How far a stage is. Stages say so; whoever started the run may listen (the command line draws bars from it)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

Listener = Callable[[str, int, int | None], None]
"""Called with what is being done, how much of it is done, and how much there is (None when not known)."""

# One for the process, and no context variable: dbt tells of its nodes from threads of its own.
_listeners: list[Listener] = []


@contextmanager
def listening(listener: Listener) -> Iterator[None]:
    """Have a listener told of all progress made inside the block."""
    _listeners.append(listener)
    try:
        yield
    finally:
        _listeners.remove(listener)


def say(what: str, done: int, total: int | None = None) -> None:
    """Tell the listeners."""
    for listener in _listeners:
        listener(what, done, total)
