"""The release of the demo to make reports of, at any time."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from unittest.mock import patch

from flows import clock
from tests.faults.sandbox import Sandbox


def copied(sandbox: Sandbox, tmp_path: Path) -> Sandbox:
    """The release of the demo and its reports in a folder of its own."""
    own = Sandbox(tmp_path)
    own.data.mkdir()
    for name in ("releases", "published"):
        (own.data / name).symlink_to(sandbox.data / name)
    return own


@contextmanager
def at(when: datetime) -> Iterator[None]:
    """Let it be a time, in this process."""
    with patch.object(clock, "now", lambda: when):
        yield
