"""Is text so plain that any CSV reader splits it the same way? Found while its bytes pass by, block by block.

DuckDB reads CSV in parallel and is fast, but it is lenient where the fine print is not: it drops an empty field too
many at the end of a line, drops spaces beside quotes, and can lose its place in a large file whose quoted fields hold
line ends. Text is *tidy* when none of that can happen, and then its records can be counted without parsing it: they
are its lines. A line that is not as wide as the first one, or has a NUL, is *odd*: a malformed record and nothing
more, and DuckDB may read the text without it.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Sequence

import numpy as np

_NUL, _LF, _CR, _SPACE, _QUOTE, _COMMA, _DELETE = 0, 10, 13, 32, 34, 44, 127
_C1_CONTROL = re.compile(rb"\xc2[\x80-\x9f]")
_NOT_WINDOWS_1252 = re.compile(rb"[\x81\x8d\x8f\x90\x9d]")
_BLANK = re.compile(r'"?\s*"?\s*')
_UTF_16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


class EncodingCheck:
    """Which encoding the bytes are in. Feed them in chunks of any size."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")()
        self._is_utf8 = True
        self._is_windows = True
        self._is_first = True

    def add(self, chunk: bytes) -> None:
        """Take the next bytes."""
        if self._is_first:
            self._is_first = False
            self._is_windows = not chunk.startswith(_UTF_16_MARKS)
        if chunk.isascii() and not self._decoder.getstate()[0]:
            return
        self._decode(chunk, final=False)
        if self._is_windows and _NOT_WINDOWS_1252.search(chunk):
            self._is_windows = False

    def encoding(self) -> str | None:
        """'utf-8' or 'cp1252' (Windows-1252), None when the bytes are in neither; ask once, after the last bytes."""
        self._decode(b"", final=True)
        return "utf-8" if self._is_utf8 else "cp1252" if self._is_windows else None

    def _decode(self, chunk: bytes, *, final: bool) -> None:
        if self._is_utf8:
            try:
                self._decoder.decode(chunk, final)
            except UnicodeDecodeError:
                self._is_utf8 = False
                self._decoder.reset()


class TidyCheck:
    """Whether UTF-8 text is tidy, how many lines it then has, the header's included, and which are odd.

    Tidy: no control characters but NUL and line ends, all lines ended alike (LF or CRLF, not CR alone), no blank line,
    quotes only around whole fields or doubled inside them, no line end inside quotes. Feed it blocks of whole lines;
    only the last one may lack its line end.

    `width` is the number of fields of the first line, which is line 1.
    """

    def __init__(self) -> None:
        self.is_tidy = True
        self.lines = 0
        self.width = 0
        self._odd: list[np.ndarray] = []
        self._ended = 0
        self._ended_crlf = 0

    @property
    def odd(self) -> np.ndarray:
        """The numbers of the odd lines."""
        return np.concatenate([np.empty(0, np.int64), *self._odd])

    def add(self, block: bytes) -> None:
        """Take the next lines."""
        if not self.is_tidy or not block:
            return
        array = np.frombuffer(block, dtype=np.uint8)
        is_end, is_return = array == _LF, array == _CR
        line_feeds, returns = int(np.count_nonzero(is_end)), int(np.count_nonzero(is_return))
        self._ended += line_feeds
        self._ended_crlf += returns
        self.is_tidy = (
            self._ended_crlf in (0, self._ended)
            and (not returns or int(np.count_nonzero(is_return[:-1] & is_end[1:])) == returns)
            and int(np.count_nonzero(array < _SPACE)) == line_feeds + returns + block.count(b"\0")
            and not (array == _DELETE).any()
            and not block.startswith((b"\n", b"\r"))
            and b"\n\n" not in block
            and b"\n\r" not in block
            and (block.isascii() or not _C1_CONTROL.search(block))
            and (b'"' not in block or _are_tidy(array, np.flatnonzero(array == _QUOTE), np.flatnonzero(is_end)))
        )
        if self.is_tidy:
            self._count(Lines(block))

    def _count(self, lines: Lines) -> None:
        self.width = self.width or int(lines.widths[0])
        odd = lines.odd(self.width)
        # White space alone is a line of one field, and no record.
        self.is_tidy = not any(_BLANK.fullmatch(lines.text(line)) for line in odd if lines.widths[line] == 1)
        self._odd.append(odd + self.lines + 1)
        self.lines += len(lines.ends)


def _are_tidy(array: np.ndarray, quotes: np.ndarray, line_ends: np.ndarray) -> bool:
    """Whether quotes stand around whole fields, or doubled inside them, and around no line end."""
    if len(quotes) % 2:
        return False
    opening, closing = quotes[0::2], quotes[1::2]
    # What stands beside a quote; the text begins and ends as if with a line end.
    framed = np.concatenate(([_LF], array, [_LF])).astype(np.uint8)
    return bool(
        np.isin(framed[opening], (_COMMA, _LF, _QUOTE)).all()
        and np.isin(framed[closing + 2], (_COMMA, _LF, _CR, _QUOTE)).all()
        and not (np.searchsorted(quotes, line_ends) % 2).any()
    )


class Lines:
    """The lines of a block of tidy text: where they begin and end (with their line ends), and their widths in fields.

    Places are in bytes from the beginning of the block.
    """

    def __init__(self, block: bytes) -> None:
        self._block = block
        self._array = np.frombuffer(block, dtype=np.uint8)
        is_comma = self._array == _COMMA
        if b'"' in block:
            # Inside quotes it parts no fields.
            is_comma &= ~np.bitwise_xor.accumulate(self._array == _QUOTE)
        self.ends = np.flatnonzero(self._array == _LF) + 1
        if not block.endswith(b"\n"):
            self.ends = np.append(self.ends, len(block))
        self.begins = np.append(0, self.ends[:-1])
        self._commas = np.flatnonzero(is_comma)
        self._commas_before = np.searchsorted(self._commas, self.ends)
        self.widths = np.diff(self._commas_before, prepend=0) + 1

    def text(self, line: int) -> str:
        """A line (from 0) as text; what is no UTF-8 is replaced."""
        return self._block[self.begins[line] : self.ends[line]].decode(errors="replace")

    def odd(self, width: int) -> np.ndarray:
        """The lines (from 0) of more or fewer fields, and those with a NUL."""
        is_odd = self.widths != width
        is_odd[np.searchsorted(self.ends, np.flatnonzero(self._array == _NUL), side="right")] = True
        return np.flatnonzero(is_odd)

    def even(self, width: int, dropped: Sequence[int]) -> bytes:
        """The text of the other lines, with nothing in the fields (from 0) that are to be dropped."""
        odd = self.odd(width)
        begins, ends = np.delete(self.begins, odd), np.delete(self.ends, odd)
        first_comma = np.delete(self._commas_before, odd) - width + 1
        from_, to = [self.begins[odd]], [self.ends[odd]]
        for field in dropped:
            from_.append(begins if field == 0 else self._commas[first_comma + field - 1] + 1)
            to.append(self._commas[first_comma + field] if field < width - 1 else self._before_line_end(ends))
        depth = np.zeros(len(self._array) + 1, np.int8)
        # An empty field begins where it ends, and where an odd line before it does.
        np.add.at(depth, np.concatenate(from_), 1)
        np.subtract.at(depth, np.concatenate(to), 1)
        return self._array[np.cumsum(depth[:-1], dtype=np.int8) == 0].tobytes()

    def _before_line_end(self, ends: np.ndarray) -> np.ndarray:
        """Where the text of lines ends."""
        before = ends - (self._array[ends - 1] == _LF)
        return before - (self._array[before - 1] == _CR)
