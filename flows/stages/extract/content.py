"""The bytes of one delivery, read once: decompressed, hashed, and judged before anything parses them."""

from __future__ import annotations

import gzip
import hashlib
import re
from collections.abc import Generator, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, cast

import numpy as np

from flows.stages.extract.archive import UNREADABLE, Archives, expands_too_far
from flows.stages.extract.arrival import Arrival, LandingFile, Problem
from flows.stages.extract.tidy import EncodingCheck, Lines, TidyCheck

CHUNK_BYTES = 2 << 20
MAX_LINE_BYTES = 64 << 20
"""A longer stretch without a line end is no line of text; it would have to be held in memory as a whole."""

_BOM = b"\xef\xbb\xbf"
_GZIP = b"\x1f\x8b"
_PACKED = re.compile(
    rb"\x1f\x8b|PK\x03\x04|PK\x05\x06|BZh[1-9]1AY&SY|\xfd7zXZ\x00|\x28\xb5\x2f\xfd|7z\xbc\xaf|Rar!\x1a"
    rb"|PAR1[\x00-\x1f]|\xd0\xcf\x11\xe0"
)

_EMPTY = Problem("FILE_EMPTY", "it is empty (zero bytes); supply it again")
_NOT_TEXT = Problem("ENCODING", "it is neither UTF-8 nor Windows-1252 text; export it as UTF-8 and supply it again")
_ENDLESS = Problem("FIELD_TOO_LONG", "it has a line of more than 64 MB; export it again, one record a line")
_PACKED_UNNAMED = Problem(
    "FILE_UNREADABLE",
    "it is no text: compressed, or a workbook, and its name does not say so; name it for what it is, such as .csv.gz",
)


@dataclass(frozen=True)
class Content:
    """What the bytes of a delivery are. `sha256` is over the decompressed content.

    Of a workbook or a Parquet file only `plain`, the file, and `size` count besides. `plain` is a plain file of the
    text, `size` its bytes, `start` how many of them to skip (a byte order mark),
    `encoding` utf-8 or cp1252. `is_tidy` says that any reader splits it the same way; only then `lines`, `width` and
    `odd_lines` are right, see `TidyCheck`. With a `problem` nothing counts but the hash.
    """

    sha256: str
    plain: Path
    size: int = 0
    start: int = 0
    encoding: str = "utf-8"
    is_tidy: bool = False
    lines: int = 0
    width: int = 0
    odd_lines: np.ndarray = field(default_factory=lambda: np.empty(0, np.int64), compare=False)
    problem: Problem | None = None


class _UnreadableError(Exception):
    """The content cannot be had; the message says why and what to do, in words of our own."""


def read_content(arrival: Arrival, archives: Archives, copy_to: Path) -> Content | None:
    """Read a delivery from end to end, once, in chunks of 2 MB.

    What is in a workbook or a Parquet file is left to others to judge. What is compressed is written to `copy_to` as
    plain text; of a plain file no copy is made. None when the file is not, or no longer, the one that was found: then
    it waits for the next run.
    """
    try:
        content = _read(arrival, archives, copy_to)
        return content if arrival.file.is_unchanged() else None
    except _UnreadableError as unreadable:
        problem = Problem("FILE_UNREADABLE", str(unreadable))
    try:
        sha256 = _hash_of_unreadable(arrival, archives)
    except UNREADABLE:
        sha256 = hashlib.sha256(repr(arrival.order).encode()).hexdigest()
    return Content(sha256, arrival.file.path, problem=problem) if arrival.file.is_unchanged() else None


def write_even_lines(content: Content, to: Path, dropped: Sequence[int]) -> None:
    """Write a tidy text without its odd lines, and with nothing in the fields (from 0) that are to be dropped.

    Raises OSError when the file cannot be read.
    """
    line_begun = b""
    with content.plain.open("rb") as text, to.open("wb") as even:
        text.seek(content.start)
        while chunk := text.read(CHUNK_BYTES):
            block = line_begun + chunk
            whole = block.rfind(b"\n") + 1
            line_begun = block[whole:]
            if whole:
                even.write(Lines(block[:whole]).even(content.width, dropped))
        if line_begun:
            even.write(Lines(line_begun).even(content.width, dropped))


def file_hash(file: LandingFile) -> str:
    """SHA-256 of a file's bytes as they lie on disk, for an archive that is rejected as a whole.

    Raises OSError when the file cannot be read.
    """
    with file.path.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def expected_bytes(arrival: Arrival, archives: Archives) -> int:
    """About how many bytes of text a delivery holds, to share out work by."""
    if arrival.member:
        try:
            return archives.entry(arrival.file.path, arrival.member).file_size
        except UNREADABLE:
            return 0
    return arrival.file.size * (8 if _is_gzip(arrival) else 1)


def _read(arrival: Arrival, archives: Archives, copy_to: Path) -> Content:
    if arrival.format != "csv":
        return _digest(arrival, archives)
    passing = _Passing()
    is_packed = bool(arrival.member) or _is_gzip(arrival)
    with ExitStack() as stack:
        copy = stack.enter_context(copy_to.open("wb")) if is_packed else None
        for chunk in stack.enter_context(closing(_chunks(arrival, archives))):
            passing.add(chunk)
            if copy:
                copy.write(chunk)
    return passing.content(copy_to if is_packed else arrival.file.path)


def _digest(arrival: Arrival, archives: Archives) -> Content:
    digest, size = hashlib.sha256(), 0
    with closing(_chunks(arrival, archives)) as chunks:
        for chunk in chunks:
            digest.update(chunk)
            size += len(chunk)
    return Content(digest.hexdigest(), arrival.file.path, size, problem=None if size else _EMPTY)


class _Passing:
    """What is found out about a text while its chunks pass by. Each chunk but the last is of full length."""

    def __init__(self) -> None:
        self._digest = hashlib.sha256()
        self._encoding = EncodingCheck()
        self._tidy = TidyCheck()
        self._head = b""
        self._size = 0
        self._line_begun = b""
        self._line_bytes = 0
        self._is_endless = False

    def add(self, chunk: bytes) -> None:
        self._digest.update(chunk)
        self._encoding.add(chunk)
        self._size += len(chunk)
        end_of_last_line = max(chunk.rfind(b"\n"), chunk.rfind(b"\r"))
        self._line_bytes = len(chunk) - end_of_last_line - 1 + (self._line_bytes if end_of_last_line < 0 else 0)
        self._is_endless |= self._line_bytes > MAX_LINE_BYTES
        if not self._head:
            self._head = chunk[:16]
            chunk = chunk.removeprefix(_BOM)
        if not self._tidy.is_tidy:
            return
        text = self._line_begun + chunk
        whole = text.rfind(b"\n") + 1
        self._line_begun = text[whole:]
        self._tidy.add(text[:whole])
        # A line this long is no plain case; to keep gathering it would cost its square.
        self._tidy.is_tidy &= len(self._line_begun) <= 2 * CHUNK_BYTES

    def content(self, plain: Path) -> Content:
        self._tidy.add(self._line_begun)
        encoding = self._encoding.encoding()
        return Content(
            sha256=self._digest.hexdigest(),
            plain=plain,
            size=self._size,
            start=len(_BOM) if self._head.startswith(_BOM) else 0,
            encoding=encoding or "utf-8",
            is_tidy=self._tidy.is_tidy and encoding == "utf-8",
            lines=self._tidy.lines,
            width=self._tidy.width,
            odd_lines=self._tidy.odd,
            problem=self._problem(encoding),
        )

    def _problem(self, encoding: str | None) -> Problem | None:
        if not self._size:
            return _EMPTY
        if _PACKED.match(self._head):
            return _PACKED_UNNAMED
        if encoding is None:
            return _NOT_TEXT
        return _ENDLESS if self._is_endless else None


def _chunks(arrival: Arrival, archives: Archives) -> Generator[bytes]:
    """The decompressed bytes, 2 MB at a time. Raises _UnreadableError."""
    size = 0
    try:
        with _open(arrival, archives) as opened:
            while chunk := opened.read(CHUNK_BYTES):
                yield chunk
                size += len(chunk)
                if expands_too_far(arrival.file.size, size):
                    raise _UnreadableError(
                        "it expands beyond 200 times its size and 4 GB; split it and supply it again"
                    )
    except UNREADABLE:
        raise _UnreadableError(_why_unreadable(arrival)) from None


def _open(arrival: Arrival, archives: Archives) -> BinaryIO:
    path = arrival.file.path
    if arrival.member:
        return archives.member(path, arrival.member)
    # gzip reads streams that follow one another, and refuses anything else after the first.
    return cast(BinaryIO, gzip.open(path, "rb")) if _is_gzip(arrival) else path.open("rb")


def _why_unreadable(arrival: Arrival) -> str:
    if arrival.member:
        return "it is damaged or encrypted inside its archive; pack it again without a password"
    if not _is_gzip(arrival):
        return "it cannot be opened; give the pipeline the right to read it"
    try:
        with arrival.file.path.open("rb") as opened:
            is_gzip = opened.read(2) == _GZIP
    except OSError:
        return "it cannot be opened; give the pipeline the right to read it"
    if is_gzip:
        return "its gzip stream is damaged, cut short, or followed by something else; compress it again"
    return "its name ends in .gz and it is not compressed; rename it or compress it"


def _hash_of_unreadable(arrival: Arrival, archives: Archives) -> str:
    """What a delivery that cannot be decompressed is recognised by: its bytes as they are, or its archive entry."""
    if not arrival.member:
        return file_hash(arrival.file)
    entry = archives.entry(arrival.file.path, arrival.member)
    facts = (entry.filename, entry.CRC, entry.file_size, entry.compress_size)
    return hashlib.sha256(repr(facts).encode()).hexdigest()


def _is_gzip(arrival: Arrival) -> bool:
    return not arrival.member and arrival.file.path.name.lower().endswith(".gz")
