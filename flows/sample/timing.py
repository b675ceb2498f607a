"""How many things occur in a stretch of time, and when."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

import numpy as np

from flows.sample.draws import Choice, Draws, Integers
from flows.sample.spelling import DAY, day_number

WEEK = 7 * DAY

MINUTES = Choice(
    [300 if m == 0 else 150 if m == 30 else 80 if m % 15 == 0 else 40 if m % 5 == 0 else 6 for m in range(60)]
)
"""Minutes of an hour: people give round times."""


def hours_of_week(hours: Sequence[int], days: Sequence[int]) -> list[int]:
    """Weights of the 168 hours of a week; until 06:00 a night goes with the day before."""
    return [days[(day - (hour < 6)) % 7] * hours[hour] for day in range(7) for hour in range(24)]


def months_until(first: date, last: date) -> list[date]:
    """The first days of the months from that of one day to that of another."""
    numbers = range(first.year * 12 + first.month - 1, last.year * 12 + last.month)
    return [date(number // 12, number % 12 + 1, 1) for number in numbers]


def month_after(month: date) -> date:
    """The first day of the next month."""
    return (month + timedelta(days=31)).replace(day=1)


def counts_of(draws: Draws, expected: Sequence[float]) -> Integers:
    """How many things each stretch has: as many as expected, give or take its root."""
    twelve = [draws.below(f"volume {n}", 1_000_000) for n in range(12)]
    deviations = np.sum(twelve, axis=0) / 1_000_000 - 6.0  # nearly normal, with a standard deviation of 1
    return np.maximum(0, np.floor(np.array(expected) + np.sqrt(expected) * deviations + 0.5)).astype(np.int64)


def minutes_of_months(draws: Draws, of_the_week: Integers, month: Integers, starts: Integers) -> Integers:
    """A time in each thing's month at the minute of the week given, which counts from Monday and may exceed a week.

    `starts` are the first minutes of the months and of the one after the last; one of the month's four or five such
    minutes is drawn. So hours and weekdays are exact.
    """
    start, length = starts[month], np.diff(starts)[month]
    since_monday = (start + 3 * DAY) % WEEK  # 1 January 1970 was a Thursday
    offset = (of_the_week - since_monday) % WEEK
    return start + offset + WEEK * draws.below("week", (length - offset + WEEK - 1) // WEEK)


def existing(times: Integers) -> Integers:
    """The times, of which those in the hour that the clocks skip in spring are moved to its end."""
    days = times // DAY
    years = range(1970 + int(days.min(initial=0)) // 366, 1971 + int(days.max(initial=0)) // 365)
    changes = [day_number(max(date(year, 3, day) for day in range(25, 32) if date(year, 3, day).weekday() == 6))
               for year in years]  # fmt: skip
    is_skipped = (times % DAY // 60 == 1) & np.isin(days, changes)
    return np.where(is_skipped, days * DAY + 120, times)
