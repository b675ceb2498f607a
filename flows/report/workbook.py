"""The tables of a report as a workbook: one sheet each, and one that leads to them. The marking is on every sheet."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

import xlsxwriter

from flows.freshness import in_words
from flows.report.document import Cell, Report, Table
from flows.report.narrative import month_name

CONTENTS = "Contents"

HEADS = 3
"""The row of a sheet that holds the heads of its columns, below marking, caption and what it is of."""

_MOVED = {"bg_color": "#FFE699"}
_A4 = 9


def sheet_names(report: Report) -> list[str]:
    """The sheet of each table, in order; Excel takes 31 characters."""
    return [table.key[:31] for _, table in report.tables]


def write(path: Path, report: Report) -> None:
    """Write the workbook. Numbers have the decimals of the page; what is withheld or missing is its word."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(f".{path.name}.new")
    of = f"{report.edition.force}, {month_name(report.edition.month)}, as of {in_words(report.edition.as_of)}"
    told = f"{of}, release {report.release_id}, issue {report.issue}"
    with xlsxwriter.Workbook(str(new), {"strings_to_formulas": False, "strings_to_urls": False}) as book:

        @cache
        def style(number: str = "General", moved: bool = False, **given: Any) -> Any:
            return book.add_format({"num_format": number, **given} | (_MOVED if moved else {}))

        def begin(name: str, caption: str) -> Any:
            sheet = book.add_worksheet(name)
            sheet.write_string(0, 0, report.marking, style(bold=True))
            sheet.write_string(1, 0, caption, style(bold=True))
            sheet.write_string(2, 0, told)
            sheet.set_landscape()
            sheet.set_paper(_A4)
            sheet.fit_to_pages(1, 0)
            sheet.set_header(f"&C&B{report.marking}")
            sheet.set_footer(f"&C&B{report.marking}&R&P of &N")
            return sheet

        def put(sheet: Any, row: int, column: int, cell: Cell) -> None:
            moved = cell.was is not None
            if cell.value is None:
                sheet.write_string(row, column, cell.text, style(moved=moved))
            else:
                sheet.write_number(row, column, cell.value, style(_number_format(cell), moved=moved))
            if moved:
                sheet.write_comment(row, column, f"was {cell.was} in issue {report.issue - 1}")

        def lay(sheet: Any, table: Table) -> None:
            for column, text in enumerate(table.columns):
                sheet.write_string(HEADS, column, text, style(bold=True, text_wrap=True, bottom=1))
            for number, row in enumerate(table.rows, start=HEADS + 1):
                for column, cell in enumerate(row):
                    put(sheet, number, column, cell)
            sheet.set_column(0, 0, 40)
            sheet.set_column(1, max(1, len(table.columns) - 1), 15)
            sheet.freeze_panes(HEADS + 1, table.heads)

        contents = begin(CONTENTS, report.title)
        contents.set_column(0, 0, 34)
        contents.set_column(1, 1, 90)
        for row, ((section, table), name) in enumerate(zip(report.tables, sheet_names(report), strict=True), HEADS):
            contents.write_url(row, 0, f"internal:'{name}'!A1", string=name)
            contents.write_string(row, 1, f"{section.title}: {table.caption}")
            lay(begin(name, table.caption), table)
    new.replace(path)


def _number_format(cell: Cell) -> str:
    """As many decimals as the page has."""
    found = re.search(r"\.(\d+)", cell.text)
    return f"#,##0.{'0' * len(found[1])}" if found else "#,##0"
