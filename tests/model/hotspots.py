"""Where the records of a month lie. Written from the specification alone, for the models of every source to share."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date

from tests.model.months import last_months
from tests.model.performance import Row, share_pct

Places = Mapping[str, str | None]
"""Where one record lies: place_type -> place, None where it is blank."""


def hotspots(records: Mapping[date, Sequence[Places]]) -> list[Row]:
    """The columns of a hotspots table from `month` on: one row per month, place_type and place with a record.

    `records` are the counted records of one measure, for every month that has a count.
    """
    rows: list[Row] = []
    for month, records_of_month in records.items():
        for place_type in sorted({place_type for places in records_of_month for place_type in places}):
            tally = tally_of(records_of_month, place_type)
            for place, offences in sorted(tally.items()):
                recent = [records.get(each, ()) for each in last_months(month, 3)]
                rows.append(
                    {
                        "month": month,
                        "place_type": place_type,
                        "place": place,
                        "offences": offences,
                        "share_pct": share_pct(offences, len(records_of_month)),
                        "rank": 1 + len({other for other in tally.values() if other > offences}),
                        "repeat_months": sum(tally_of(each, place_type)[place] >= 2 for each in recent),
                    }
                )
    return rows


def tally_of(records: Sequence[Places], place_type: str) -> Counter[str]:
    """How many records lie at each place; those whose place is blank are at none."""
    return Counter(place for places in records if (place := places.get(place_type)))
