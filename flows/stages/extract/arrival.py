"""What the landing folder holds, as plain facts: files, deliveries that have arrived, and what is wrong with them."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Literal

Format = Literal["csv", "xlsx", "parquet"]

MEMBER_SIGN = " › "
"""Stands between an archive and its member wherever a member is shown."""


@dataclass(frozen=True)
class Problem:
    """Why a delivery is rejected as a whole. The message says what to do and holds no value of the data."""

    code: str
    message: str


@dataclass(frozen=True)
class LandingFile:
    """One file of the landing folder: absolute path, size in bytes, time of last change in nanoseconds.

    Two of them are equal when path, size and time are: then the content is taken as unchanged. `unsettled` says that
    something in the file was left out (no contract matched, or it was rejected), so that a changed contract or
    setting is a reason to look at it again.
    """

    path: Path
    size: int
    mtime_ns: int
    unsettled: bool = field(default=False, compare=False)

    @classmethod
    def at(cls, path: Path) -> LandingFile:
        """The file as it is now; raises OSError when there is none."""
        status = path.stat()
        return cls(path, status.st_size, status.st_mtime_ns)

    def is_unchanged(self) -> bool:
        """Whether size and time of last change are still what they were."""
        try:
            return LandingFile.at(self.path) == self
        except OSError:
            return False


@dataclass(frozen=True)
class Arrival:
    """One delivery by its name: a file, or one member of an archive.

    `force` is None where the content names it; `slice` is 'YYYY-MM' for police_uk and None for `changes`; `source` is
    empty for an archive that is rejected as a whole (then `member` is None and `problem` says why).
    """

    file: LandingFile
    member: str | None
    source: str
    file_name: str
    force: str | None
    slice: str | None
    extract_date: date | None
    revision: int
    problem: Problem | None

    @property
    def order(self) -> tuple[bytes, bytes]:
        """Byte order of paths, which decides between two deliveries that claim the same."""
        return os.fsencode(self.file.path), (self.member or "").encode("utf-8", "surrogatepass")

    @property
    def format(self) -> Format:
        """What the name says it is; CSV may be compressed."""
        name = self.file_name.lower()
        return "xlsx" if name.endswith(".xlsx") else "parquet" if name.endswith(".parquet") else "csv"

    @property
    def path(self) -> str:
        """The file's path as text."""
        return printable(self.file.path)


def printable(path: Path | str) -> str:
    """A path as text that any output can hold: bytes that are not UTF-8 are shown as escapes."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")
