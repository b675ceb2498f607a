"""Invented crimes of a force's own records system: monthly extracts of what is new or has changed.

Records begin in April 2014. The first extract, of 7 April 2016, holds all that was known then; after it comes one on
the 7th of each month. A record is the same in every extract but for what has happened to it: it is recorded late,
gets an outcome, is reclassified, cancelled, reinstated, transferred, dated anew, or sent again as it was. What
happens to the deliveries, so that each case can be seen:

* the extract due on 7 February 2018 came late, on the 19th, with a column that no contract knows;
* an extract in between, of 20 June 2017, names a required column otherwise, and must be rejected;
* the extract of 7 October 2018 ended nine days too early, and a corrected one, `_r2`, replaces it;
* the extract of 7 May 2018 was sent twice;
* 3 rows in a thousand break a critical rule (see `mistakes`), and half of these come right in the next extract;
* about 2 rows in a hundred deserve a warning, and one in a thousand stands in its file twice;
* the personal columns are filled with people who do not exist (see `people`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path

import numpy as np

from flows.contracts import CONTRACTS_DIR, load_contract
from flows.sample.crime_records import Records, Rows, make_records
from flows.sample.draws import Integers
from flows.sample.mistakes import MistakesInTurn

FIRST_EXTRACT = date(2016, 4, 7)
LAST_EXTRACT = date(2023, 3, 7)
"""In April 2023 the classes of burglary change again, which the sample does not know."""

CAME_LATE = {date(2018, 2, 7): date(2018, 2, 19)}
REJECTED = date(2017, 6, 20)
RENAMED = {"recorded_at": "date_created"}
CUT_SHORT = date(2018, 10, 7)
CUT_BY = timedelta(days=9)
SENT_TWICE = date(2018, 5, 7)
UNKNOWN_COLUMN = "officer_in_case"

# In a thousand rows.
BAD = 3
TWICE = 1

ROWS_AT_A_TIME = 50_000


def write_crimes(out: Path, *, seed: int = 1, scale: float = 1.0, through: date = date(2019, 8, 7)) -> list[Path]:
    """Write the extracts into `out` and return their paths, sorted; none is current to a day after `through`.

    `scale` multiplies the records: 1 is about 40,000 rows by August 2019. The same arguments give the same bytes, and
    a later `through` adds files but changes none. Files that are there already are replaced. The columns are those
    of the contract, in its order.
    """
    extracts = extract_days(through)
    if not extracts:
        return []
    columns = [column.name for column in load_contract(CONTRACTS_DIR / "crimes.yml").columns]
    extractor = Extractor(make_records(seed, scale, extracts[-1]), columns)
    out.mkdir(parents=True, exist_ok=True)
    written: list[Path] = []
    for before, day in zip([None, *extracts[:-1]], extracts, strict=True):
        path = out / f"crimes_{day}.csv"
        if before and before < REJECTED < day:
            rejected = out / f"crimes_{REJECTED}.csv"
            written.append(write(rejected, extractor.sound_extract(before, REJECTED, headers=RENAMED)))
        if day == CUT_SHORT:
            written.append(write(path, extractor.sound_extract(before, day - CUT_BY)))
            path = out / f"crimes_{day}_r2.csv"
        further = [UNKNOWN_COLUMN] if day in CAME_LATE.values() else []
        written.append(write(path, extractor.extract(before, day, further)))
        if day == SENT_TWICE:
            again = out / "again" / path.name
            again.parent.mkdir(exist_ok=True)
            again.write_bytes(path.read_bytes())
            written.append(again)
    return sorted(written)


def extract_days(through: date) -> list[date]:
    """The days to which extracts are current, up to the one given: the 7th of a month, or later where one was late."""
    first, last = (day.year * 12 + day.month - 1 for day in (FIRST_EXTRACT, min(through, LAST_EXTRACT)))
    due = [date(number // 12, number % 12 + 1, FIRST_EXTRACT.day) for number in range(first, last + 1)]
    days = [CAME_LATE.get(day, day) for day in due]
    return [day for day in days if day <= through]


class Extractor:
    """Makes the lines of one extract after the other, in the order of their days."""

    def __init__(self, records: Records, columns: Sequence[str]) -> None:
        self._records = records
        self._columns = columns
        self._mistakes = MistakesInTurn()
        self._to_correct = np.empty(0, dtype=np.int64)

    def sound_extract(self, after: date | None, day: date, headers: Mapping[str, str] | None = None) -> Iterator[str]:
        """The header and the lines of what is new or has changed since, without a mistake in any row."""
        names = headers or {}
        yield ",".join(names.get(column, column) for column in self._columns) + "\n"
        for at in parts(self._records.history.changed(after, day)):
            yield lines(self._records.rows(at, day), self._columns)

    def extract(self, after: date | None, day: date, further: Sequence[str] = ()) -> Iterator[str]:
        """The header and the lines of what is new or has changed since, with mistakes, in parts of some thousand lines.

        Every second row that had a mistake in the extract before is in it again. `further` are columns beyond those
        of the contract.
        """
        columns = [*self._columns, *further]
        yield ",".join(columns) + "\n"
        mistaken: list[Integers] = []
        for at in parts(np.union1d(self._records.history.changed(after, day), self._to_correct)):
            rows, draws = self._records.rows(at, day), self._records.draws.at(at)
            bad = np.flatnonzero(draws.happens(f"bad on {day}", BAD))
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
    """Write the texts one after the other, and return where they are."""
    with path.open("wb") as file:
        file.writelines(text.encode() for text in texts)
    return path
