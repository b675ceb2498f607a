"""Zip archives: which members may be read, and reading them without unpacking the archive."""

from __future__ import annotations

import posixpath
import re
import stat
import struct
import threading
import zipfile
import zlib
from collections import OrderedDict
from pathlib import Path
from typing import BinaryIO, cast

from flows.stages.extract.arrival import Problem
from flows.stages.extract.naming import is_hidden, is_unfinished

MAX_EXPANSION = 200
MAX_EXPANDED_BYTES = 4 << 30
"""Content that expands beyond both of these is taken as an attack."""

UNREADABLE = (zipfile.BadZipFile, zlib.error, struct.error, OSError, EOFError, RuntimeError, ValueError, KeyError)
"""What zipfile raises on archives that are damaged, encrypted, or packed in a way it does not know."""

_PACKED = re.compile(r"\.(zip|gz|tgz|bz2|xz|zst|lz4|lzma|7z|rar|tar)$", re.IGNORECASE)
_ABSOLUTE = re.compile(r"/|[a-z]:", re.IGNORECASE)
_OPEN_AT_ONCE = 8


def members(archive: Path) -> list[str] | Problem:
    """Names of the archive's files in byte order, or why the archive is rejected as a whole.

    Only the directory of the archive is read. Its sizes can be trusted as limits: a member is never read beyond the
    size that the directory gives.
    """
    try:
        with zipfile.ZipFile(archive) as opened:
            entries = opened.infolist()
            size = archive.stat().st_size
    except UNREADABLE:
        if archive.stat().st_size == 0:
            return Problem("FILE_EMPTY", "it is empty (zero bytes); supply it again")
        return Problem("ARCHIVE_UNREADABLE", "it is no readable zip archive; supply it again")
    if any(_leads_out(entry) for entry in entries):
        return Problem("ARCHIVE_UNSAFE", "a member of it leads out of the archive; find out who made it, and how")
    expanded = sum(entry.file_size for entry in entries)
    if expands_too_far(size, expanded):
        return Problem("ARCHIVE_EXPANSION", "it expands beyond 200 times its size and 4 GB; split or repack it")
    files = [entry.filename for entry in entries if not entry.is_dir() and not _waits(entry.filename)]
    if any(_PACKED.search(name) for name in files):
        return Problem("ARCHIVE_NESTED", "it holds an archive or a compressed file; pack the plain files")
    if len({posixpath.normpath(_slashes(name)) for name in files}) < len(files):
        return Problem("ARCHIVE_REPEATS", "it holds two members of the same name; pack each file once")
    return sorted(files, key=lambda name: name.encode("utf-8", "surrogatepass"))


def folders_of(member: str) -> list[str]:
    """Names of the folders above a member inside its archive, nearest first."""
    return _slashes(member).split("/")[-2::-1]


def base_name(member: str) -> str:
    """A member's name without its folders."""
    return _slashes(member).rsplit("/", 1)[-1]


def expands_too_far(size: int, expanded: int) -> bool:
    """Whether so many bytes out of so few are taken as an attack."""
    return expanded > MAX_EXPANDED_BYTES and expanded > MAX_EXPANSION * size


class Archives:
    """Archives kept open while their members are read, a few at a time; safe to use from several threads."""

    def __init__(self) -> None:
        self._open: OrderedDict[Path, zipfile.ZipFile] = OrderedDict()
        self._lock = threading.Lock()

    def entry(self, archive: Path, member: str) -> zipfile.ZipInfo:
        """What the archive's directory says of a member; raises one of UNREADABLE."""
        with self._lock:
            return self._opened(archive).getinfo(member)

    def member(self, archive: Path, member: str) -> BinaryIO:
        """A member's content, to be read once and closed; raises one of UNREADABLE."""
        with self._lock:
            return cast(BinaryIO, self._opened(archive).open(member))

    def close(self) -> None:
        """Close every archive."""
        with self._lock:
            while self._open:
                self._open.popitem()[1].close()

    def _opened(self, archive: Path) -> zipfile.ZipFile:
        if archive not in self._open:
            self._open[archive] = zipfile.ZipFile(archive)
            if len(self._open) > _OPEN_AT_ONCE:
                # A member that another thread still reads keeps the file itself open.
                self._open.popitem(last=False)[1].close()
        self._open.move_to_end(archive)
        return self._open[archive]


def _waits(member: str) -> bool:
    return any(is_hidden(part) or is_unfinished(part) for part in _slashes(member).split("/") if part != ".")


def _slashes(member: str) -> str:
    return member.replace("\\", "/")


def _leads_out(entry: zipfile.ZipInfo) -> bool:
    name = _slashes(entry.filename)
    is_link = stat.S_ISLNK(entry.external_attr >> 16)
    return is_link or bool(_ABSOLUTE.match(name)) or ".." in name.split("/")
