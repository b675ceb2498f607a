"""Is text so plain that any CSV reader splits it the same way? Found while its bytes pass by, block by block.

DuckDB reads CSV in parallel and is fast, but it is lenient where the fine print is not: it drops an empty field too
many at the end of a line, drops spaces beside quotes, and can lose its place in a large file whose quoted fields hold
line ends. Text is *tidy* when none of that can happen, and then its records can be counted without parsing it: they
are its lines.
"""

from __future__ import annotations

import codecs
import re

import numpy as np

_QUOTE, _COMMA, _LF, _CR, _DELETE, _SPACE = 34, 44, 10, 13, 127, 32
_C1_CONTROL = re.compile(rb"\xc2[\x80-\x9f]")
_NOT_WINDOWS_1252 = re.compile(rb"[\x81\x8d\x8f\x90\x9d]")
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
    """Whether UTF-8 text is tidy, and how many lines and commas outside quotes it then has, the header's included.

    Tidy: no control characters but line ends, all lines ended alike (LF or CRLF, not CR alone), no blank line, quotes
    only around whole fields or doubled inside them, no line end inside quotes. Feed it blocks of whole lines; only the
    last one may lack its line end.
    """

    def __init__(self) -> None:
        self.is_tidy = True
        self.lines = 0
        self.commas = 0
        self._ended = 0
        self._ended_crlf = 0

    def add(self, block: bytes) -> None:
        """Take the next lines."""
        if not self.is_tidy or not block:
            return
        array = np.frombuffer(block, dtype=np.uint8)
        is_end, is_return = array == _LF, array == _CR
        line_feeds, returns = int(np.count_nonzero(is_end)), int(np.count_nonzero(is_return))
        self._ended += line_feeds
        self._ended_crlf += returns
        self.lines += line_feeds + (not block.endswith(b"\n"))
        self.is_tidy = (
            self._ended_crlf in (0, self._ended)
            and (not returns or int(np.count_nonzero(is_return[:-1] & is_end[1:])) == returns)
            and int(np.count_nonzero(array < _SPACE)) == line_feeds + returns
            and not (array == _DELETE).any()
            and not block.startswith((b"\n", b"\r"))
            and b"\n\n" not in block
            and b"\n\r" not in block
            and (block.isascii() or not _C1_CONTROL.search(block))
        )
        if b'"' in block:
            self._count_quoted(array)
        else:
            self.commas += int(np.count_nonzero(array == _COMMA))

    def _count_quoted(self, array: np.ndarray) -> None:
        is_quote = array == _QUOTE
        quotes = np.flatnonzero(is_quote)
        if len(quotes) % 2:
            self.is_tidy = False
            return
        opening, closing = quotes[0::2], quotes[1::2]
        # What stands beside a quote; the text begins and ends as if with a line end.
        framed = np.concatenate(([_LF], array, [_LF])).astype(np.uint8)
        before, after = framed[opening], framed[closing + 2]
        inside = np.bitwise_xor.accumulate(is_quote)
        self.is_tidy &= bool(
            np.isin(before, (_COMMA, _LF, _QUOTE)).all()
            and np.isin(after, (_COMMA, _LF, _CR, _QUOTE)).all()
            and not (inside & (array == _LF)).any()
        )
        self.commas += int(np.count_nonzero((array == _COMMA) & ~inside))
