"""Incidents of the months that two reports counted: by month, category, day and hour, and in licensed premises."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date

import numpy as np

from flows.sample.deals import Deal, dealt
from flows.sample.draws import Flags
from flows.sample.laid_out import Fact, Layout, first_of_month
from flows.sample.records import Occurrences
from flows.sample.spelling import DAY, day_number
from flows.sample.timing import existing, minutes_of_months, month_after, months_until

MONTHS_OF_2019 = {
    date(2019, 1, 1): (27, 19, 12, 7, 6, 2, 2, 3, 2, 1),
    date(2019, 2, 1): (32, 26, 14, 7, 7, 3, 2, 3, 2, 2),
    date(2019, 3, 1): (42, 35, 18, 9, 9, 4, 3, 5, 3, 2),
    date(2019, 4, 1): (38, 31, 17, 8, 8, 4, 2, 5, 2, 2),
    date(2019, 5, 1): (31, 26, 12, 6, 6, 3, 1, 4, 1, 1),
    date(2019, 6, 1): (33, 26, 21, 6, 7, 3, 2, 4, 2, 1),
    date(2019, 7, 1): (33, 27, 12, 7, 7, 3, 3, 5, 2, 2),
}
"""Incidents that count by category, in the order of CATEGORIES."""
CATEGORIES = ("Inconsiderate Behaviour", "Begging/Vagrancy", "Drunken Behaviour", "Noise", "Rowdy Nuisance",
              "Street Drinking", "Urination", "Skateboarding/Cycling", "Drugs", "Other")  # fmt: skip
CANCELLED = 1  # of each month besides
MONTHS_OF_2017 = {date(2017, 4, 1): 76, date(2017, 5, 1): 84, date(2017, 6, 1): 91}
"""Incidents elsewhere than in licensed premises."""
LICENSED = 28  # of each month of 2017, in licensed premises

MAY_TO_JULY = (
    Deal(
        {1: 46, 2: 43, 3: 46, 4: 43, 5: 42, 6: 45, 7: 32},
        {0: 12, 1: 7, 2: 5, 3: 3, 4: 2, 5: 3, 6: 5, 7: 6, 8: 9, 9: 10, 10: 12, 11: 13, 12: 17, 13: 19, 14: 19, 15: 23,
         16: 24, 17: 23, 18: 20, 19: 18, 20: 14, 21: 12, 22: 11, 23: 10},
    ),
)  # fmt: skip
"""Of May to July 2019."""


def laid_out() -> Iterator[Fact]:
    """The incidents of each month. Those that are cancelled are so whenever they are known."""
    for month, counts in MONTHS_OF_2019.items():
        for category, count in zip(CATEGORIES, counts, strict=True):
            yield Fact(count, month, last_of(month), {"category": category, "status": "closed", "occurred_at": ""})
        yield Fact(CANCELLED, month, last_of(month), {"status": "cancelled", "occurred_at": ""})
    for month, count in MONTHS_OF_2017.items():
        elsewhere = {"status": "closed", "premises": "", "licensed_premises": "N", "occurred_at": ""}
        licensed = elsewhere | {"premises": "Sample Arms 1", "licensed_premises": "Y"}
        yield Fact(count, month, last_of(month), elsewhere)
        yield Fact(LICENSED, month, last_of(month), licensed)


def last_of(month: date) -> date:
    """The last day of a month."""
    return date.fromordinal(month_after(month).toordinal() - 1)


LAID_OUT = Layout(
    tuple(laid_out()),
    held=((date(2017, 4, 1), date(2017, 6, 30)), (date(2019, 1, 1), date(2019, 7, 31))),
)


def in_the_week(those: Occurrences) -> Occurrences:
    """Those laid out in May to July 2019 at the times of the week that are dealt to them, in the same months."""
    those_dealt = np.flatnonzero(is_dealt(those))
    draws, unit = those.draws.at(those_dealt), first_of_month(those.day[those_dealt])
    months = months_until(date(2019, 5, 1), date(2019, 7, 31))
    starts = np.array([day_number(month) for month in [*months, month_after(months[-1])]])
    month = np.searchsorted(starts, unit, side="right") - 1
    minute = those.minute.copy()
    minute[those_dealt] = existing(minutes_of_months(draws, dealt(MAY_TO_JULY, draws), month, starts * DAY))
    moved = replace(those, minute=minute)
    return moved.at(np.argsort(minute, kind="stable"))


def is_dealt(those: Occurrences) -> Flags:
    """Whether they are incidents of May to July 2019 that count."""
    counts = np.array([fact.first >= date(2019, 5, 1) and fact.values["status"] != "cancelled"
                       for fact in LAID_OUT.facts])  # fmt: skip
    return (those.fact >= 0) & counts[those.fact]
