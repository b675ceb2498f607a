"""What a run is doing, line by line: JSON in `data/logs/safercity.jsonl`, and on request words on standard error.

    {"at": …, "level": …, "run_id": …, "event": …, "stage": …, "source": …, "seconds": …, "counts": {…}}

`at` is UTC, ISO 8601; `event` is begun, ended or failed. A line has names of stages and sources, durations and counts,
and never a value: of an error only its kind. A log that cannot be written fails no run.
"""

from __future__ import annotations

import json
import logging
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC
from pathlib import Path

from flows import clock
from flows.settings import Paths

FULL_BYTES = 10 << 20
"""Size from which on the log is put aside and a new one begun."""

_LOG = logging.getLogger("safercity")
_LOG.setLevel(logging.INFO)
_LOG.propagate = False


class _Json(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        facts = {name: value for name, value in vars(record).get("facts", {}).items() if value is not None}
        return json.dumps({"at": vars(record)["at"], "level": record.levelname.lower(), **facts})


class _Words(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        facts = vars(record)["facts"]
        what = " ".join(filter(None, (facts["stage"], facts["source"], facts["event"])))
        took = "" if facts["seconds"] is None else f" after {facts['seconds']:.2f} s"
        counts = "".join(f", {name} {count:,}" for name, count in facts["counts"].items())
        why = f": {facts['error']}" if facts["error"] else ""
        return f"{vars(record)['at'][11:19]} {facts['run_id']} {what}{took}{counts}{why}"


class _File(logging.FileHandler):
    """A log file that is opened with its first line; what cannot be written is left out."""

    def emit(self, record: logging.LogRecord) -> None:
        with suppress(OSError):
            super().emit(record)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802
        """Say nothing: the text of the error would stand in the midst of what the run prints."""


def file(paths: Paths) -> Path:
    """The log that lines are added to."""
    return paths.data / "logs" / "safercity.jsonl"


@contextmanager
def written(paths: Paths) -> Iterator[None]:
    """Have what is logged inside the block written to the log of a data folder."""
    with suppress(OSError):
        file(paths).parent.mkdir(parents=True, exist_ok=True)
    handler = _File(file(paths), encoding="utf-8", delay=True)
    handler.setFormatter(_Json())
    _LOG.addHandler(handler)
    try:
        yield
    finally:
        _LOG.removeHandler(handler)
        with suppress(OSError):
            handler.close()


def say_too() -> None:
    """Say in words, on standard error, what is logged from here on."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Words())
    _LOG.addHandler(handler)


@contextmanager
def stage(run_id: str, name: str, source: str | None = None) -> Iterator[dict[str, int]]:
    """Log that a stage begins, and that it ends or fails, with the counts that are put into what this gives."""
    began, counts = time.monotonic(), dict[str, int]()
    _write(logging.INFO, run_id, "begun", name, source)
    try:
        yield counts
    except BaseException as error:
        seconds, kind = time.monotonic() - began, type(error).__name__
        _write(logging.ERROR, run_id, "failed", name, source, seconds=seconds, counts=counts, error=kind)
        raise
    _write(logging.INFO, run_id, "ended", name, source, seconds=time.monotonic() - began, counts=counts)


def put_aside(paths: Paths) -> Path | None:
    """Begin a new log where the present one is full; returns what the full one is called now. No run may be active."""
    log = file(paths)
    if not log.exists() or log.stat().st_size < FULL_BYTES:
        return None
    return log.rename(log.with_name(f"safercity.{clock.now():%Y%m%dT%H%M%S}.jsonl"))


def _write(
    level: int,
    run_id: str,
    event: str,
    stage: str,
    source: str | None,
    *,
    seconds: float | None = None,
    counts: dict[str, int] | None = None,
    error: str | None = None,
) -> None:
    at = clock.now().replace(tzinfo=UTC).isoformat(timespec="milliseconds")
    facts = {
        "run_id": run_id,
        "event": event,
        "stage": stage,
        "source": source,
        "seconds": None if seconds is None else round(seconds, 3),
        "counts": counts or {},
        "error": error,
    }
    _LOG.log(level, event, extra={"at": at, "facts": facts})
