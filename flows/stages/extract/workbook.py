"""Excel workbooks: the first sheet as records of text, in the forms that a CSV delivery has.

calamine holds a sheet in memory as a rectangle, 30 bytes a cell, and so a single stray cell far out would cost more
than any data. Such a sheet, and one of more than 4 GB as XML, is refused before calamine opens it.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

from flows.contracts import ColumnType
from flows.stages.extract.archive import UNREADABLE
from flows.stages.extract.arrival import Problem

MAX_CELLS = 64_000_000
MAX_EXPANDED_BYTES = 4 << 30

_MAX_ROWS = 1 << 20
_CHUNK_BYTES = 4 << 20
_OVERLAP_BYTES = 64  # more than a place takes
_PLACE = rb"""r=["']%s([A-Z]*)([0-9]+)["']"""  # of a cell or a row
_FAR_PLACE = re.compile(_PLACE % rb"(?=[A-Z]{2}|[A-Z]?[0-9]{7})")
_ANY_PLACE = re.compile(_PLACE % b"")
_SHEET = re.compile(r"xl/worksheets/[^/]+\.xml", re.IGNORECASE)

_NO_WORKBOOK = Problem(
    "FILE_UNREADABLE",
    "its name ends in .xlsx and it is no workbook that can be read; save it as .xlsx again, without a password",
)
_TOO_LARGE = Problem(
    "FILE_TOO_LARGE",
    "it has a sheet too large to be read, perhaps for a stray cell far from the rest; supply it as CSV",
)
_NO_SHEET = Problem("HEADER_MISSING", "it has no sheet with cells; supply it again, with its header in the first sheet")


def open_sheet(path: Path) -> CalamineSheet | Problem:
    """The first visible worksheet of a workbook, or why there is none that can be read."""
    too_large = _too_large(path)
    if too_large:
        return too_large
    try:
        workbook = CalamineWorkbook.from_path(path)
        for place, sheet in enumerate(workbook.sheets_metadata):
            if sheet.typ == SheetTypeEnum.WorkSheet and sheet.visible == SheetVisibleEnum.Visible:
                return workbook.get_sheet_by_index(place)
    except (CalamineError, OSError, ValueError):
        return _NO_WORKBOOK
    return _NO_SHEET


def read_header(sheet: CalamineSheet) -> list[str] | Problem:
    """The first row that is not blank, or why there is none."""
    return next(records(sheet, {}), _NO_SHEET)


def records(sheet: CalamineSheet, types: Mapping[int, ColumnType]) -> Iterator[list[str]]:
    """The rows that are not blank, each cell as text; `types` says which place (from 0) is a column of which type."""
    kinds: list[ColumnType] = [types.get(place, "text") for place in range(sheet.width)]
    for row in sheet.iter_rows():
        values = [as_text(value, kind) for value, kind in zip(row, kinds, strict=True)]
        if any(value.strip() for value in values):
            yield values


def as_text(value: object, column_type: ColumnType) -> str:
    """A cell as a CSV delivery would hold it.

    A whole number has no decimals. A day without a time is that day's midnight in a `time` column: calamine does not
    tell a date from a time at midnight.
    """
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else format(Decimal(repr(value)), "f")
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M:%S}"
    if isinstance(value, date):
        return f"{value:%Y-%m-%d} 00:00:00" if column_type == "time" else f"{value:%Y-%m-%d}"
    return str(value)


def _too_large(path: Path) -> Problem | None:
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
            sheets = [entry.filename for entry in entries if _SHEET.fullmatch(entry.filename)]
            is_too_large = (
                sum(entry.file_size for entry in entries) > MAX_EXPANDED_BYTES
                or max((_cells(archive, sheet) for sheet in sheets), default=0) > MAX_CELLS
            )
    except UNREADABLE:
        return _NO_WORKBOOK
    return _TOO_LARGE if is_too_large else None


def _cells(archive: zipfile.ZipFile, sheet: str) -> int:
    """At most how many cells the rectangle of a sheet has. Only in a very wide one is each place looked at."""
    columns, rows = _extent(archive, sheet, _FAR_PLACE)
    if columns * _MAX_ROWS > MAX_CELLS:
        return columns * _extent(archive, sheet, _ANY_PLACE)[1]
    return columns * max(rows, _MAX_ROWS)


def _extent(archive: zipfile.ZipFile, sheet: str, place: re.Pattern[bytes]) -> tuple[int, int]:
    """The last column and row among the places that the pattern finds; the column is at least Z."""
    columns, rows = 26, 0
    before = b""
    with archive.open(sheet) as opened:
        while chunk := opened.read(_CHUNK_BYTES):
            found = set(place.findall(before + chunk))
            columns = max((columns, *(_column_number(letters) for letters, _ in found)))
            rows = max((rows, *(int(row) for _, row in found)))
            before = chunk[-_OVERLAP_BYTES:]
    return columns, rows


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - ord("A") + 1
    return number
