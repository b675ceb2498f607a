"""The finished report as data: sections of paragraphs, charts and tables. Page, workbook and comparison read only this.

A cell holds what a reader sees, and the number behind it where there is one. What is missing, withheld or not counted
is a word in its place, never a zero and never an empty cell.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Literal

RecordSource = Literal["force", "police_uk"]

MISSING = "no figure"
"""What stands for a month that did not arrive, and for what needs it."""

WITHHELD = "withheld"

UNDER_FIVE = "under 5"

NO_PERCENTAGE = "–"
"""What stands for a percentage of a base under 5, or of nothing."""

SMALL_BASE_MARK = "*"
"""What stands after a percentage of a base under 20."""


@dataclass(frozen=True)
class Edition:
    """What a report is of: a force, whose counts, a month (its first day), and the day whose knowledge it shows."""

    force: str
    record_source: RecordSource
    month: date
    as_of: date

    @property
    def name(self) -> str:
        """What the edition is called where a word must do: the partnership's own, or that from open data alone."""
        return "partnership" if self.record_source == "force" else "open-data"


@dataclass(frozen=True)
class Cell:
    """One place of a table: its text, the number behind it, and what stood here when the report was last issued."""

    text: str
    value: int | float | None = None
    was: str | None = None

    @property
    def is_number(self) -> bool:
        """Whether it is set as a number."""
        return self.value is not None or self.text in (MISSING, WITHHELD, UNDER_FIVE, NO_PERCENTAGE)


@dataclass(frozen=True)
class Table:
    """One table: a name for machines, a caption, column heads, and rows that begin with their own head.

    `heads` is how many of the first columns name a row. `sources` are those whose deliveries can move it; where it is
    `last_known` also deliveries after the as-of date can. `compared` is False where what moved from one issue to the
    next must not be told.
    """

    key: str
    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    heads: int = 1
    sources: tuple[str, ...] = ()
    last_known: bool = False
    compared: bool = True


@dataclass(frozen=True)
class Chart:
    """A picture, what it says for whoever cannot see it, and the table that it was drawn from."""

    key: str
    title: str
    svg: str
    says: str
    table: Table


@dataclass(frozen=True)
class Block:
    """A part of a section. `notes` are its footnotes: period, as-of, definition, denominator, limits."""

    title: str = ""
    paragraphs: tuple[str, ...] = ()
    charts: tuple[Chart, ...] = ()
    tables: tuple[Table, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Section:
    """A section of the report."""

    key: str
    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class Change:
    """A figure that is another one than when the report was last issued, and why."""

    table: str
    row: str
    column: str
    was: str
    now: str
    why: str


@dataclass(frozen=True)
class Report:
    """A whole report: what it is of, the release that it was read from, and its sections."""

    title: str
    edition: Edition
    marking: str
    release_id: str
    published_at: str
    code_version: str
    sections: tuple[Section, ...]
    issue: int = 1
    changes: tuple[Change, ...] = ()

    @property
    def tables(self) -> Iterator[tuple[Section, Table]]:
        """Every table with its section, those behind charts too, in the order of the report."""
        for section in self.sections:
            for block in section.blocks:
                for table in block.tables:
                    yield section, table
                for chart in block.charts:
                    yield section, chart.table


def word(text: str) -> Cell:
    """A cell that holds no number."""
    return Cell(text)


def count(number: int | None) -> Cell:
    """A count with thousands apart."""
    return Cell(MISSING) if number is None else Cell(f"{number:,}", number)


def change(number: int | None) -> Cell:
    """A difference of counts, with its sign."""
    return Cell(MISSING) if number is None else Cell(signed(number), number)


def decimal(number: float | None) -> Cell:
    """A number with one decimal."""
    if number is None:
        return Cell(MISSING)
    rounded = rounded_half_away(number)
    return Cell(f"{rounded:,.1f}".replace("-", "−"), rounded)


def percent(number: float | None) -> Cell:
    """A share in percent."""
    return Cell(NO_PERCENTAGE) if number is None else Cell(share(number), rounded_half_away(number))


def percent_change(number: float | None, base: int | None) -> Cell:
    """A change in percent of a base, with its sign; none on a base under 5."""
    if base is not None and base < 5:
        return Cell(NO_PERCENTAGE)
    if base is None or number is None:
        return Cell(MISSING)
    mark = f" {SMALL_BASE_MARK}" if base < 20 else ""
    return Cell(f"{signed_percent(number)}{mark}", rounded_half_away(number))


def signed(number: int) -> str:
    """A count with its sign: +13, −13 or 0."""
    return f"{number:+,}".replace("-", "−") if number else "0"


def share(number: float) -> str:
    """A share in percent with one decimal: 60.4 %."""
    return f"{rounded_half_away(number):,.1f} %"


def signed_percent(number: float) -> str:
    """A change in percent with one decimal and its sign: −9.6 %."""
    rounded = rounded_half_away(number)
    return f"{rounded:+,.1f} %".replace("-", "−") if rounded else "0.0 %"


def rounded_half_away(number: float) -> float:
    """To one decimal, half away from zero, as the marts round."""
    scaled = abs(number) * 10
    tenths = int(scaled + 0.5 + 1e-9)
    return tenths / 10 if number >= 0 else -tenths / 10
