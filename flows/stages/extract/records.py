"""The exact way to read CSV: record by record, as the fine print of deliveries says.

* a comma parts fields; LF, CRLF and CR alone end a line; a blank line is no record, nor is one of white space alone
* a quote opens a quoted field only as its first character, elsewhere it is text; a doubled quote inside a quoted
  field is one quote; text after a closing quote belongs to the field; a quote that is never closed rejects the file
* a record with too few or too many fields, or with a NUL, is malformed
* other control characters are removed from text, tabs and line ends inside quotes too
* a field may be up to 16 MB long

This is the one loop over rows in Python. DuckDB has no setting that reads all of this rightly, and its way of
skipping what it cannot read loses the record numbers. Only text that is not tidy comes here, at about 150,000
records a second.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from io import TextIOWrapper
from itertools import chain
from pathlib import Path

from flows.stages.extract.arrival import Problem
from flows.stages.extract.content import Content
from flows.stages.extract.header import Header

MAX_FIELD_CHARACTERS = 16 << 20

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_BLANK = re.compile(r"[\s\x01-\x1f\x7f-\x9f]+")
_END_MARK = ("\0", "end of text")
_LONG_CHARACTERS = 1 << 18
_FRAME_BYTES = 64  # the two numbers at the start of a rewritten record, and more

_UNCLOSED = Problem("QUOTE_UNCLOSED", "it has a quote that is never closed; export it again, with quotes doubled")
TOO_LONG = Problem(
    "FIELD_TOO_LONG", "it has a field of more than 16 MB, most often for a quote that is never closed; export it again"
)
_CHANGED = Problem("FILE_UNREADABLE", "it changed while it was being read; supply it again")
_NO_HEADER = Problem("HEADER_MISSING", "it holds blank lines only; supply it again, with its header")


@dataclass(frozen=True)
class Rewritten:
    """How many records a rewritten text has, and at most how many bytes the longest one takes as written."""

    good: int
    malformed: int
    longest: int


class _RejectedError(Exception):
    """The text cannot be read to its end; carries the Problem, and nothing of the text."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.code)
        self.problem = problem


def read_header(content: Content) -> list[str] | Problem:
    """The first record of a text, as it stands there, or why there is none."""
    try:
        for record in text_records(content):
            return record
    except _RejectedError as rejected:
        return rejected.problem
    return _NO_HEADER


def rewrite(records: Iterator[list[str]], header: Header, good_to: Path, malformed_to: Path) -> Rewritten | Problem:
    """Write the good records as CSV that DuckDB can't misread, and the numbers of the malformed ones, one a line.

    `records` begins with the header. A good record is written as its number (the header is 1), its place among the
    good ones (from 0), and the loaded columns that the file has, in the contract's order; every field is quoted and
    none holds a control character.
    """
    places = [place for _, place in header.fields]
    good = malformed = 0
    longest = 4 * _LONG_CHARACTERS
    try:
        with (
            good_to.open("w", encoding="utf-8", newline="") as good_file,
            malformed_to.open("w", encoding="ascii") as malformed_file,
        ):
            write = csv.writer(good_file, quoting=csv.QUOTE_ALL, lineterminator="\n").writerow
            for number, record in enumerate(records, start=1):
                if number == 1:
                    continue
                text = "".join(record)
                if len(record) != header.width or "\0" in text:
                    malformed += 1
                    malformed_file.write(f"{number}\n")
                    continue
                values = [record[place] for place in places]
                if _CONTROL.search(text):
                    values = [_CONTROL.sub("", value) for value in values]
                write((number, good, *values))
                good += 1
                if len(text) > _LONG_CHARACTERS:
                    longest = max(longest, len(text.encode()) + text.count('"'))
    except _RejectedError as rejected:
        return rejected.problem
    return Rewritten(good, malformed, longest + _FRAME_BYTES + 3 * header.width)


def text_records(content: Content) -> Iterator[list[str]]:
    """All records of a text that are not blank, the header first, to be taken by `rewrite`."""
    csv.field_size_limit(MAX_FIELD_CHARACTERS)  # a setting of the process
    try:
        with content.plain.open("rb") as opened:
            opened.seek(content.start)
            last: list[str] = []
            text = TextIOWrapper(opened, encoding=content.encoding, newline="")
            for record in csv.reader(chain(text, [",".join(_END_MARK)])):
                if not _is_blank(last):
                    yield last
                last = record
        # The end mark is a record of two fields, unless an open quote has swallowed it.
        problem = None if last == list(_END_MARK) else _UNCLOSED
    except csv.Error:
        problem = TOO_LONG
    except (OSError, UnicodeDecodeError):
        problem = _CHANGED
    if problem:
        raise _RejectedError(problem)


def _is_blank(record: list[str]) -> bool:
    return not record or (len(record) == 1 and bool(_BLANK.fullmatch(record[0])))
