"""Engagement activities that two reports counted: those of spring and summer of 2017, and since May 2019."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, timedelta

from flows.sample.laid_out import Fact, Layout

APRIL_TO_AUGUST = (date(2017, 4, 1), date(2017, 8, 31))
SINCE_MAY = (date(2019, 5, 1), date(2019, 9, 7))
PLANNED = (date(2019, 10, 21), date(2019, 10, 25))

SCHOOLS = {"City of London Girls School": 120, "St Paul's Cathedral School": 60}


def activities(
    count: int,
    when: tuple[date, date],
    programme: str,
    activity_type: str,
    attendance: int | None = None,
    *,
    known_by: date | None = None,
    values: Mapping[str, str] | None = None,
) -> Fact:
    """So many activities of a kind, each of a day; with so many people in each, if told."""
    people = {"attendance": "", "attendance_basis": ""}
    if attendance is not None:
        people = {"attendance": str(attendance), "attendance_basis": "exact"}
    nothing = {"arrests": "", "vehicles_seized": "", "items_seized": ""}
    kind = {"programme": programme, "activity_type": activity_type, "days": "1"}
    return Fact(count, *when, kind | people | nothing | dict(values or {}), known_by)


def on(year: int, month: int, day: int) -> tuple[date, date]:
    """The period of one day."""
    return date(year, month, day), date(year, month, day)


def of_2017() -> Iterator[Fact]:
    """What the report of September 2017 counts, and what goes on besides."""
    when = APRIL_TO_AUGUST
    yield activities(1, on(2017, 7, 11), "prevent", "awareness_session", 45, values={"organisation_type": "community"})
    yield activities(1, on(2017, 6, 14), "prevent", "training", 18, values={"organisation_type": "business"})
    yield activities(6, when, "postal_awareness", "awareness_session", 22)
    yield activities(6, when, "project_griffin", "awareness_session", 39)
    yield activities(1, when, "project_griffin", "awareness_session", 40)
    yield activities(4, when, "project_argus", "exercise", 33)
    yield activities(29, when, "ct_awareness", "awareness_session", 44)
    yield activities(1, when, "ct_awareness", "conference", 95)
    operation = {"hours": "24", "arrests": "0", "vehicles_seized": "0", "items_seized": "0"}
    yield activities(1, on(2017, 7, 27), "operation", "deployment", values={"organisation": ""} | operation)
    radstock = {"arrests": "7", "vehicles_seized": "4", "items_seized": "33"}
    yield activities(1, on(2017, 7, 20), "operation", "deployment", values={"organisation": ""} | radstock)
    for number in range(6):
        day = date(2017, 7, 5) + timedelta(weeks=2 * number)
        yield activities(1, (day, day), "safeguarding", "surgery", 6)
    yield activities(
        1, on(2017, 6, 21), "fraud_prevention", "conference", 110, values={"organisation_type": "business"}
    )
    for month in range(4, 9):
        span = (date(2017, month, 1), date(2017, month, 28))
        yield activities(
            2, span, "begging_outreach", "shift", values={"organisation": "WDP", "organisation_type": "charity"}
        )
        yield activities(
            1, span, "begging_outreach", "shift", values={"organisation": "St Mungo's", "organisation_type": "charity"}
        )
    yield activities(8, when, "prevent", "awareness_session", 25, values={"organisation_type": "education"})
    yield activities(6, when, "prevent", "meeting", 12, values={"organisation_type": "local_authority"})
    yield activities(12, when, "fraud_prevention", "awareness_session", 30)
    yield activities(10, when, "road_safety", "stall")
    yield activities(5, when, "licensing_training", "training", 16)


def since_may_2019() -> Iterator[Fact]:
    """What the report of September 2019 counts, and what goes on besides."""
    when = SINCE_MAY
    for school, teachers in SCHOOLS.items():
        named = {"organisation": school, "organisation_type": "education", "internal": "N"}
        yield activities(1, when, "prevent", "awareness_session", teachers, values=named)
    for number in range(11):
        kind = "education" if number < 5 else "business"
        named = {"organisation": f"Sample Recipient {number + 1}", "organisation_type": kind, "internal": "N"}
        yield activities(1, when, "prevent", "awareness_session", 15 + number, values=named)
    yield activities(8, when, "prevent", "awareness_session", 20, values={"organisation": "", "internal": "N"})
    yield activities(3, when, "prevent", "awareness_session", 25, values={"organisation": "", "internal": "Y"})
    for number in range(10):
        yield activities(
            1, when, "prevent", "meeting", values={"organisation": f"Sample Board {number + 1}", "internal": "N"}
        )
    yield activities(9, when, "prevent", "meeting", values={"organisation": "", "internal": "N"})
    stall = {"organisation": "", "internal": "N"}
    yield activities(2, when, "prevent", "stall", values={"location": "Beaufort House"} | stall)
    yield activities(1, when, "prevent", "stall", values={"location": "Chancery Lane"} | stall | {"days": "3"})
    for number in range(13):
        yield activities(1, when, "prevent", "stall", values={"location": f"Example Hall {number + 1}"} | stall)
    yield activities(14, when, "prevent", "stall", values={"location": ""} | stall)
    yield activities(4, when, "prevent", "training", 50, values={"organisation_type": "police", "internal": "Y"})
    yield activities(1, on(2019, 7, 17), "ct_local_profile", "awareness_session")
    yield activities(1, on(2019, 8, 8), "ct_local_profile", "meeting")
    for day, kind in zip(PLANNED, ("awareness_session", "meeting"), strict=True):
        yield activities(1, (day, day), "ct_local_profile", kind, known_by=when[1])
    yield activities(14, when, "project_griffin", "awareness_session", 35)
    yield activities(5, when, "project_argus", "exercise", 28)
    yield activities(8, when, "ct_awareness", "awareness_session", 40)
    yield activities(12, when, "fraud_prevention", "awareness_session", 26)
    yield activities(10, when, "begging_outreach", "shift", values={"organisation_type": "charity"})
    yield activities(14, when, "road_safety", "stall")
    yield activities(7, when, "safeguarding", "surgery", 5)
    results = {"arrests": "2", "vehicles_seized": "1", "items_seized": "4"}
    yield activities(4, when, "operation", "deployment", values={"organisation": ""} | results)


LAID_OUT = Layout(
    (*of_2017(), *since_may_2019()),
    held=(
        (date(2017, 4, 1), date(2017, 9, 21)),
        (date(2019, 5, 1), date(2019, 9, 10)),
        *((day, day) for day in PLANNED),
    ),
)
