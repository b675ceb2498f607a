"""When records happened: the tables of weekdays and hours. Written from the specification alone.

All arithmetic is on London wall time, as if no clock were ever changed. A month has records here when it has a count,
also when that is 0.

How the model reads what the specification leaves open:

* Seconds count in proportion, and a span of exactly 168 hours is not over 168 hours.
* A record with an end but no beginning is untimed.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import Protocol

from tests.model.performance import Row

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
HOUR = timedelta(hours=1)
HOURS_OF_A_WEEK = 168

HourOfWeek = tuple[int, int]
"""ISO weekday and hour."""


class Timed(Protocol):
    """What happened at a time, or some time between two; None where that is not known."""

    @property
    def committed_from(self) -> datetime | None: ...

    @property
    def committed_to(self) -> datetime | None: ...


RecordsByMonth = Mapping[date, Sequence[Timed]]


def temporal(records: RecordsByMonth) -> list[Row]:
    """The columns of a temporal table from `month` on: one row per month, weekday and hour with a record in it."""
    rows: list[Row] = []
    for month, records_of_month in records.items():
        weights: defaultdict[HourOfWeek, Fraction] = defaultdict(Fraction)
        starts: Counter[HourOfWeek] = Counter()
        for record in records_of_month:
            if record.committed_from is not None:
                starts[hour_of_week(record.committed_from)] += 1
                for hour, weight in aoristic(record.committed_from, record.committed_to).items():
                    weights[hour] += weight
        rows += [
            {
                "month": month,
                "weekday": weekday,
                "weekday_name": WEEKDAYS[weekday - 1],
                "hour": hour,
                "is_nte": is_nte(hour),
                "night_of": night_of(weekday, hour),
                "offences": float(weights[weekday, hour]),
                "offences_by_start": starts[weekday, hour],
            }
            for weekday, hour in sorted(weights)
        ]
    return rows


def untimed(records: RecordsByMonth) -> list[Row]:
    """The columns of an untimed table from `month` on: one row per month with a record without a beginning."""
    numbers = {month: sum(record.committed_from is None for record in records[month]) for month in records}
    return [{"month": month, "untimed": number} for month, number in numbers.items() if number]


def aoristic(start: datetime, end: datetime | None) -> dict[HourOfWeek, Fraction]:
    """How a weight of 1 is spread over the hours of the week in which the record may have happened."""
    if end is None or end == start:
        return {hour_of_week(start): Fraction(1)}
    if end - start > HOURS_OF_A_WEEK * HOUR:
        return {(weekday, hour): Fraction(1, HOURS_OF_A_WEEK) for weekday in range(1, 8) for hour in range(24)}
    weights: dict[HourOfWeek, Fraction] = {}
    hour = start.replace(minute=0, second=0)
    while hour < end:
        inside = min(end, hour + HOUR) - max(start, hour)
        weight = Fraction(seconds(inside), seconds(end - start))
        weights[hour_of_week(hour)] = weights.get(hour_of_week(hour), Fraction(0)) + weight
        hour += HOUR
    return weights


def seconds(span: timedelta) -> int:
    return span // timedelta(seconds=1)


def hour_of_week(moment: datetime) -> HourOfWeek:
    return (moment.isoweekday(), moment.hour)


def is_nte(hour: int) -> bool:
    """Whether the hour belongs to the night-time economy, from 18:00 to just before 06:00."""
    return hour >= 18 or hour < 6


def night_of(weekday: int, hour: int) -> str | None:
    """The weekday on whose evening the night began; None by day."""
    if not is_nte(hour):
        return None
    return WEEKDAYS[weekday - 1] if hour >= 18 else WEEKDAYS[weekday - 2]
