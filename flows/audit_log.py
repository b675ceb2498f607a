"""The audit log: who did what to the figures and the records, when and why.

One line of JSON for each act in `data/audit/audit.jsonl`, only ever added to. Each line holds the hash of the one
before it, so that a line that was changed, taken out or put in is found (`safercity audit verify`). It stands apart
from the warehouse: every query leaves its line also while a run is under way.

No personal data: of a query every text in quotation marks is left out. What is kept of an act follows section 62 of the
Data Protection Act 2018: collection, alteration, consultation, disclosure, combination and erasure, with who and why.
"""

from __future__ import annotations

import fcntl
import getpass
import hashlib
import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO, Literal

from flows import clock
from flows.errors import SaferCityError
from flows.settings import Paths

Act = Literal[
    "run",
    "consult",  # a query, rows of quarantine, the records behind a figure
    "disclose",  # a workbook, a report, a backup: something that leaves the warehouse
    "replay",
    "accept",
    "silence",
    "publish despite audit",
    "roll back",
    "restore",
    "erase",
    "tidy",  # housekeeping: what nobody needs any more; never a record
]

FIRST = "0" * 64
"""What the first line has in place of the hash of the line before."""

_LAST_LINES = 1 << 20
"""Bytes at the end of the log in which its last line is looked for."""

_QUOTED_TEXT = re.compile(r"'(?:[^']|'')*'|\$\$.*?\$\$", re.DOTALL)


@dataclass(frozen=True)
class Line:
    """One act. `at` is UTC, ISO 8601; `what` says what was acted on, `reason` why, in the words of who did it."""

    at: str
    who: str
    act: str
    what: str
    reason: str | None
    run_id: str | None
    before: str
    hash: str


def record(paths: Paths, act: Act, what: str, *, reason: str | None = None, run_id: str | None = None) -> Line:
    """Add an act to the log, on disk before this returns.

    Raises SaferCityError where it cannot be written: what cannot be logged is not done.
    """
    content: dict[str, Any] = {
        "at": clock.now().isoformat(timespec="seconds"),
        "who": who(),
        "act": act,
        "what": " ".join(what.split()),
        "reason": reason,
        "run_id": run_id,
    }
    try:
        paths.audit_log.parent.mkdir(parents=True, exist_ok=True)
        with paths.audit_log.open("ab+") as log:
            fcntl.flock(log, fcntl.LOCK_EX)
            content["before"] = _last_hash(log)
            content["hash"] = _hash(content)
            log.write(json.dumps(content, ensure_ascii=False).encode() + b"\n")
            log.flush()
            os.fsync(log.fileno())
    except OSError as error:
        raise SaferCityError(
            f"{paths.audit_log} cannot be written ({error.strerror}), and what cannot be logged is not done; mend that"
        ) from None
    except (ValueError, KeyError, TypeError):
        raise SaferCityError(
            f"{paths.audit_log} does not end with a line of its own, so none can be added; see: safercity audit verify"
        ) from None
    return Line(**content)


def read(paths: Paths) -> Iterator[Line]:
    """The lines of the log, oldest first.

    Raises SaferCityError at the first line that is not as it was written, or does not follow on the one before.
    """
    if not paths.audit_log.exists():
        return
    before = FIRST
    with paths.audit_log.open(encoding="utf-8") as log:
        for number, text in enumerate(log, start=1):
            try:
                line = Line(**json.loads(text))
            except (ValueError, TypeError):
                raise SaferCityError(f"{paths.audit_log}: line {number} cannot be read") from None
            content = {name: value for name, value in vars(line).items() if name != "hash"}
            if line.hash != _hash(content):
                raise SaferCityError(f"{paths.audit_log}: line {number} is not as it was written")
            if line.before != before:
                raise SaferCityError(f"{paths.audit_log}: before line {number} a line was taken out or put in")
            before = line.hash
            yield line


def without_texts(query: str) -> str:
    """A query without the texts in it, which may be personal: names of tables, columns, numbers and keywords stay."""
    return _QUOTED_TEXT.sub("'…'", query)


def who() -> str:
    """The name by which the system knows whoever runs this process, or their number."""
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):  # a user without a name, as in a container
        return f"user {os.getuid()}"


def _last_hash(log: BinaryIO) -> str:
    """The hash of the last line. One that a full disk or a dead process left unfinished goes: its act was not done."""
    end = log.seek(0, os.SEEK_END)
    log.seek(max(0, end - _LAST_LINES))
    whole, _, unfinished = log.read().rpartition(b"\n")
    if unfinished:
        log.truncate(end - len(unfinished))
    return json.loads(whole.rpartition(b"\n")[2])["hash"] if whole else FIRST


def _hash(content: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(content, ensure_ascii=False, sort_keys=True).encode()).hexdigest()
