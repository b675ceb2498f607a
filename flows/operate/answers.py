"""The answer to a query as a file for other tools: CSV, Parquet, or an Excel workbook.

No text in it is ever executed: in a workbook every text is one, and in CSV, which has no types, an apostrophe stands
before a text that a spreadsheet would take for a formula. The marking is on every sheet, and in the Parquet file's own
metadata; CSV has no place for it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from flows import audit_log, clock, releases
from flows.errors import SaferCityError, UsageError
from flows.operate import read
from flows.releases import Release
from flows.settings import Paths
from flows.warehouse import quoted

if TYPE_CHECKING:
    from xlsxwriter import Workbook
    from xlsxwriter.worksheet import Worksheet

KINDS = (".csv", ".parquet", ".xlsx")

HEADS = 2
"""The row of a sheet that holds the names of the columns, below the marking and what it is of."""

SHEET_ROWS, SHEET_COLUMNS, CELL_CHARACTERS = 1_048_576, 16_384, 32_767
"""What Excel takes."""

_EXACT = 2**53
_FETCHED = 1000
_FIRST_DAY = date(1900, 3, 1)
"""Excel takes 1900 for a leap year: before this its days are others."""

_FORMULA = r"^[-=+@\t\r\n]"


@dataclass(frozen=True)
class Written:
    """A file that was written, how many rows are in it, and how it is marked."""

    file: Path
    rows: int
    marking: str


def write(paths: Paths, sql: str, out: Path, *, as_of: date | None = None, overwrite: bool = False) -> Written:
    """Write the answer to a query on the published release; the suffix of the file says as what.

    The file is there whole or not at all, and the audit log says so before it is. Raises UsageError where the query is
    wrong, the suffix is none of KINDS, the file exists and may not be overwritten, or Excel could not hold the answer;
    SaferCityError where the file or the audit log cannot be written.
    """
    out = out.absolute()
    kind = out.suffix.lower()
    if kind not in KINDS:
        raise UsageError(f"{out.name} is no kind of file that can be written; end it with {' or '.join(KINDS)}")
    if not out.parent.is_dir():
        raise UsageError(f"there is no folder {out.parent}; make it first")
    if out.is_dir() or (out.exists() and not overwrite):
        raise UsageError(f"{out} exists; give another name, or --overwrite")
    new = out.with_name(f".{out.name}.new")
    with read.prepared(paths, sql, as_of, may_write=new) as connection:
        columns, rows = _answer(connection, sql)
        if kind == ".xlsx":
            _require_a_sheet(len(columns), rows)
        release = releases.current(paths)
        assert release is not None
        said = f"sql{f' as of {as_of}' if as_of else ''} to {out}: {audit_log.without_texts(sql)}"
        audit_log.record(paths, "disclose", said)
        known = f"as of {as_of}" if as_of else "as last known"
        told = f"Release {release.release_id}, {known}; {rows:,} rows; written {clock.today()}"
        try:
            match kind:
                case ".csv":
                    _write_csv(connection, columns, new)
                case ".parquet":
                    _write_parquet(connection, release, new)
                case _:
                    _write_xlsx(connection, new, release.marking, told, sql)
            new.replace(out)
        except (OSError, duckdb.IOException) as error:
            raise SaferCityError(f"{out} could not be written: {error}") from None
        finally:
            new.unlink(missing_ok=True)
    return Written(out, rows, release.marking)


def _answer(connection: duckdb.DuckDBPyConnection, sql: str) -> tuple[list[tuple[str, str]], int]:
    """Keep the answer in the table `answer`; its columns with their types, and the number of its rows."""
    connection.execute(f"create temp table answer as (\n{sql.rstrip().rstrip(';')}\n)")
    columns = connection.execute("select column_name, column_type from (describe temp.answer)").fetchall()
    [(rows,)] = connection.execute("select count(*) from temp.answer").fetchall()
    return columns, rows


def _require_a_sheet(columns: int, rows: int) -> None:
    """Raises UsageError where the answer does not fit on a sheet."""
    most = SHEET_ROWS - HEADS - 1
    if rows > most or columns > SHEET_COLUMNS:
        raise UsageError(
            f"the answer has {rows:,} rows and {columns:,} columns, and a sheet of Excel takes {most:,} rows below its"
            f" heads and {SHEET_COLUMNS:,} columns. Ask for less, with a filter or by group, or write .parquet or .csv"
        )


def _write_csv(connection: duckdb.DuckDBPyConnection, columns: Sequence[tuple[str, str]], new: Path) -> None:
    """Dates and times as ISO 8601, decimals with a point, nothing for a missing value."""
    shown = []
    for name, type_ in columns:
        column = _identifier(name)
        if type_ == "VARCHAR" or type_.startswith("ENUM"):
            harmless = f"case when regexp_matches({column}, '{_FORMULA}') then '''' || {column} else {column} end"
            shown.append(f"{harmless} as {column}")
        else:
            shown.append(column)
    connection.execute(f"copy (select {', '.join(shown)} from temp.answer) to {quoted(new)} (format csv, header)")


def _write_parquet(connection: duckdb.DuckDBPyConnection, release: Release, new: Path) -> None:
    told = f"{{marking: {quoted(release.marking)}, release: {quoted(release.release_id)}}}"
    connection.execute(f"copy (from temp.answer) to {quoted(new)} (format parquet, kv_metadata {told})")


def _write_xlsx(connection: duckdb.DuckDBPyConnection, new: Path, marking: str, told: str, sql: str) -> None:
    """One sheet with the answer, and one with the query. Dates are dates, and no text is a formula or a link."""
    import xlsxwriter
    from xlsxwriter.exceptions import FileCreateError

    try:
        with xlsxwriter.Workbook(str(new), {"constant_memory": True}) as book:
            book.set_properties({"status": marking, "created": clock.now()})
            _lay_answer(book, _marked_sheet(book, "Answer", marking, told), connection.execute("from temp.answer"))
            query = _marked_sheet(book, "Query", marking, told)
            for number, line in enumerate(sql.strip().splitlines(), start=HEADS):
                query.write_string(number, 0, line)
    except FileCreateError as error:
        raise OSError(str(error)) from None


def _marked_sheet(book: Workbook, name: str, marking: str, told: str) -> Worksheet:
    sheet = book.add_worksheet(name)
    sheet.write_string(0, 0, marking, book.add_format({"bold": True}))
    sheet.write_string(1, 0, told)
    sheet.set_header(f"&C&B{marking}")
    sheet.set_footer(f"&C&B{marking}&R&P of &N")
    sheet.set_landscape()
    return sheet


def _lay_answer(book: Workbook, sheet: Worksheet, cursor: duckdb.DuckDBPyConnection) -> None:
    names = [column[0] for column in cursor.description or []]
    heading = book.add_format({"bold": True, "bottom": 1})
    styles = {date: book.add_format({"num_format": "yyyy-mm-dd"})}
    styles[datetime] = book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
    for column, name in enumerate(names):
        sheet.write_string(HEADS, column, name, heading)
        sheet.set_column(column, column, max(12, min(len(name) + 3, 60)))
    last = HEADS
    for last, row in enumerate(_fetched(cursor), start=HEADS + 1):
        for column, value in enumerate(row):
            _put(sheet, last, column, value, styles)
    sheet.freeze_panes(HEADS + 1, 0)
    sheet.autofilter(HEADS, 0, last, len(names) - 1)


def _put(sheet: Worksheet, row: int, column: int, value: Any, styles: dict[type, Any]) -> None:
    """Write a value as Excel has it: number, truth, day or time where it has such, else text; nothing for none."""
    match value:
        case None:
            return
        case bool():
            sheet.write_boolean(row, column, value)
            return
        case int() | float() | Decimal() if math.isfinite(value) and abs(value) <= _EXACT:
            sheet.write_number(row, column, float(value) if isinstance(value, Decimal) else value)
            return
        case datetime() if value.tzinfo is None and value.date() >= _FIRST_DAY:
            sheet.write_datetime(row, column, value, styles[datetime])
            return
        case date() if not isinstance(value, datetime) and value >= _FIRST_DAY:
            sheet.write_datetime(row, column, datetime.combine(value, time.min), styles[date])
            return
        case list():
            text = ", ".join(map(str, value))
        case _:
            text = str(value)
    if len(text) > CELL_CHARACTERS:
        raise UsageError(
            f"a text in column {column + 1} has {len(text):,} characters, and a cell of Excel takes"
            f" {CELL_CHARACTERS:,}. Leave the column out, or write .parquet or .csv"
        )
    sheet.write_string(row, column, text)


def _fetched(cursor: duckdb.DuckDBPyConnection) -> Iterator[Sequence[Any]]:
    while rows := cursor.fetchmany(_FETCHED):
        yield from rows


def _identifier(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
