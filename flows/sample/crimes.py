"""Invented crimes of a force's own records system: monthly extracts of what is new or has changed.

Records begin in April 2012. The first extract, of 7 April 2016, holds all that was known then; after it comes one on
the 7th of each month, and one on each day that a report was written, 21 September 2017 and 10 September 2019. What was
published in these reports is laid out (see `crimes_reported`) and holds with any seed; all else is drawn. A record is
the same in every extract but for what has happened to it: it is recorded late, gets an outcome, is reclassified,
cancelled, reinstated, transferred, dated anew, or sent again as it was. What happens to the deliveries, so that each
case can be seen:

* the extract due on 7 February 2018 came late, on the 19th, with a column that no contract knows;
* an extract in between, of 20 June 2017, names a required column otherwise, and must be rejected;
* the extract of 7 October 2018 ended nine days too early, and a corrected one, `_r2`, replaces it;
* the extract of 7 May 2018 was sent twice;
* 3 rows in a thousand break a critical rule (see `crime_mistakes`), and half of these come right in the next extract;
  none of them takes a crime away from a published figure;
* about 2 rows in a hundred deserve a warning, and one in a thousand stands in its file twice;
* the personal columns are filled with people who do not exist (see `people`).
"""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

from flows.contracts import CONTRACTS_DIR, load_contract
from flows.sample.crime_mistakes import CRIME_MISTAKES
from flows.sample.crime_records import make_records
from flows.sample.extracts import Extractor, due_days, write

FIRST_EXTRACT = date(2016, 4, 7)
CAME_LATE = {date(2018, 2, 7): date(2018, 2, 19)}
REJECTED = date(2017, 6, 20)
RENAMED = {"recorded_at": "date_created"}
CUT_SHORT = date(2018, 10, 7)
CUT_BY = timedelta(days=9)
SENT_TWICE = date(2018, 5, 7)
UNKNOWN_COLUMN = "officer_in_case"

BAD = 10  # in a thousand rows that no published figure depends on, which makes 3 of all


def write_crimes(out: Path, *, seed: int = 1, scale: float = 1.0, through: date = date(2019, 9, 10)) -> list[Path]:
    """Write the extracts into `out` and return their paths, sorted; none is current to a day after `through`.

    `scale` multiplies the records: 1 is about 56,000 rows by September 2019, and published figures hold at it only.
    The same arguments give the same bytes, and a later `through` adds files but changes none. Files that are there
    already are replaced. The columns are those of the contract, in its order.
    """
    extracts = extract_days(through)
    if not extracts:
        return []
    columns = [column.name for column in load_contract(CONTRACTS_DIR / "crimes.yml").columns]
    extractor = Extractor(make_records(seed, scale, extracts[-1]), columns, CRIME_MISTAKES, BAD)
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
    """The days to which extracts are current, up to the one given: those due, or a later one where one was late."""
    due = due_days(FIRST_EXTRACT, through)
    days = [CAME_LATE.get(day, day) for day in due]
    return [day for day in days if day <= through]
