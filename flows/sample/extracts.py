"""Extracts of a records system: a file per day to which it is current, with what is new or has changed.

What happens to the rows of every source alike: some have a mistake, and every second of these comes right in the next
extract; one in a thousand stands in its file twice.
"""

from __future__ import annotations

import gzip
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Protocol

import numpy as np

from flows.sample.draws import Draws, Flags, Integers
from flows.sample.mistakes import Mistake, MistakesInTurn
from flows.sample.spelling import Rows
from flows.sample.timing import months_until

LAST_EXTRACT = date(2023, 3, 7)
"""In April 2023 the classes of burglary change again, which the sample does not know."""

REPORTED_ON = (date(2017, 9, 21), date(2019, 9, 10))
"""Dates of the two published reports, for which systems were asked in between."""

TWICE = 1  # in a thousand rows
ROWS_AT_A_TIME = 50_000


class Records(Protocol):
    """All records of a source, each at a position of its own, and what the source knows of them on a day."""

    @property
    def draws(self) -> Draws:
        """The draws of each record."""
        ...

    def changed(self, after: date | None, until: date) -> Integers:
        """Positions of those that are new or have changed from the day after one day to the end of another."""
        ...

    def rows(self, at: Integers, day: date) -> Rows:
        """Those at these positions as known at the end of the day, as text that is quoted where CSV wants it."""
        ...

    def spared(self, at: Integers, after: date | None, until: date) -> Flags:
        """Whether those at these positions must not go wrong in the extract with the changes between two days."""
        ...


def due_days(first: date, through: date) -> list[date]:
    """The days to which extracts are current, in order, none after `through`.

    They are the first one, the 7th of each month after it, and the days on which the reports were written.
    """
    monthly = [month.replace(day=7) for month in months_until(first, min(through, LAST_EXTRACT))]
    return sorted({day for day in (first, *monthly, *REPORTED_ON) if first <= day <= through})


class Extractor:
    """Makes the lines of one extract after the other, in the order of their days. `bad` rows in 1000 have a mistake."""

    def __init__(self, records: Records, columns: Sequence[str], mistakes: Sequence[Mistake], bad: int) -> None:
        self._records = records
        self._columns = columns
        self._mistakes = MistakesInTurn(mistakes)
        self._bad = bad
        self._to_correct = np.empty(0, dtype=np.int64)

    def sound_extract(self, after: date | None, day: date, headers: Mapping[str, str] | None = None) -> Iterator[str]:
        """The header and the lines of what is new or has changed since, without a mistake in any row."""
        names = headers or {}
        yield ",".join(names.get(column, column) for column in self._columns) + "\n"
        for at in parts(self._records.changed(after, day)):
            yield lines(self._records.rows(at, day), self._columns)

    def extract(self, after: date | None, day: date, further: Sequence[str] = ()) -> Iterator[str]:
        """The header and the lines of what is new or has changed since, with mistakes, in parts of some thousand lines.

        Every second row that had a mistake in the extract before is in it again. `further` are columns beyond those
        of the contract.
        """
        columns = [*self._columns, *further]
        yield ",".join(columns) + "\n"
        mistaken: list[Integers] = []
        for at in parts(np.union1d(self._records.changed(after, day), self._to_correct)):
            rows, draws = self._records.rows(at, day), self._records.draws.at(at)
            spared = self._records.spared(at, after, day)
            bad = np.flatnonzero(draws.happens(f"bad on {day}", self._bad) & ~spared)
            seconds = [second for position in bad.tolist() for second in self._spoil(rows, position)]
            mistaken.append(at[bad])
            twice = draws.happens(f"twice on {day}", TWICE)
            yield lines(rows, columns)
            yield lines({column: values[twice] for column, values in rows.items()}, columns)
            yield from (",".join(second[column] for column in columns) + "\n" for second in seconds)
        self._to_correct = np.concatenate([self._to_correct[:0], *mistaken])[::2]

    def _spoil(self, rows: Rows, position: int) -> Iterator[dict[str, str]]:
        """Make the next mistake in a row, or leave the row alone and give a second one for its key."""
        row: dict[str, str] = {column: values[position] for column, values in rows.items()}
        mistake = self._mistakes.next_for(row)
        if mistake.is_second_row:
            yield row | mistake.instead(row)
        else:
            for column, value in mistake.instead(row).items():
                rows[column][position] = value


def parts(positions: Integers) -> Iterator[Integers]:
    """The positions in parts that are small enough to be held as text."""
    for start in range(0, len(positions), ROWS_AT_A_TIME):
        yield positions[start : start + ROWS_AT_A_TIME]


def lines(rows: Rows, columns: Sequence[str]) -> str:
    """The rows as lines of CSV. What needs quotes has them already."""
    values = zip(*(rows[column].tolist() for column in columns), strict=True)
    return "".join(f"{line}\n" for line in map(",".join, values))


def write(path: Path, texts: Iterable[str]) -> Path:
    """Write the texts one after the other, gzipped where the name ends so, and return where they are."""
    if path.suffix == ".gz":
        path.write_bytes(gzip.compress("".join(texts).encode(), mtime=0))
        return path
    with path.open("wb") as file:
        file.writelines(text.encode() for text in texts)
    return path
