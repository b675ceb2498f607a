"""Records of a source that are simpler than crimes: when they occur, and from which day on the source knows of what."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from flows.sample.draws import Choice, Draws, Flags, Integers
from flows.sample.spelling import DAY, NEVER, Rows, Text, day_number, day_of, spelled
from flows.sample.timing import (
    MINUTES,
    counts_of,
    existing,
    hours_of_week,
    minutes_of_months,
    month_after,
    months_until,
)

# How many in a thousand records …
LATE = 40  # are first known more than a month after they should be
SENT_AGAIN = 15  # are sent once more without a change

SOONEST, LATEST = 32, 122
"""Days from being known to what happens next; the soonest is longer than from one monthly extract to the next."""

History = Mapping[str, Integers]
"""Event → from which day on the source knows of it for each record, in days since 1970, or NEVER; `known` is one."""


@dataclass(frozen=True)
class Occurrences:
    """Things that occur, an entry each, in the order of their times.

    `unit` is the day in whose name a thing is numbered: its own, or the first of its month; `serial` counts from 1 in
    the unit. `minute` is when it occurs, in minutes since 1970, London time. `fact` is the position of the fact that
    a thing is laid out by, -1 where it is drawn (see `laid_out`).
    """

    draws: Draws
    unit: Integers
    serial: Integers
    minute: Integers
    fact: Integers

    @property
    def day(self) -> Integers:
        """The days on which they occur, in days since 1970."""
        return self.minute // DAY

    def at(self, positions: Integers) -> Occurrences:
        """Some of the things."""
        return Occurrences(
            self.draws.at(positions),
            self.unit[positions],
            self.serial[positions],
            self.minute[positions],
            self.fact[positions],
        )


@dataclass(frozen=True)
class Known:
    """Some records as known at the end of a day."""

    those: Occurrences
    history: History
    today: int

    @property
    def draws(self) -> Draws:
        """The draws of each."""
        return self.those.draws

    def has(self, event: str) -> Flags:
        """Whether the event has become known."""
        return self.history[event] <= self.today

    def numbers(self, numbered: str) -> Text:
        """Numbers: the unit as `numbered` has it, for strftime, and the serial number in it."""
        units = spelled(self.those.unit, lambda number: day_of(number).strftime(numbered))
        return units + spelled(self.those.serial, lambda number: f"{number:04d}")


@dataclass(frozen=True)
class SimpleRecords:
    """All records of a source; `describe` writes those that it is given as rows."""

    those: Occurrences
    history: History
    describe: Callable[[Known], Rows]

    @property
    def draws(self) -> Draws:
        """The draws of each record."""
        return self.those.draws

    def changed(self, after: date | None, until: date) -> Integers:
        """Positions of the records that are new or have changed from the day after one day to the end of another."""
        return changed(self.history, after, until)

    def rows(self, at: Integers, day: date) -> Rows:
        """The records at these positions as known at the end of the day."""
        history = {event: days[at] for event, days in self.history.items()}
        return self.describe(Known(self.those.at(at), history, day_number(day)))

    def spared(self, at: Integers, after: date | None, until: date) -> Flags:
        """Whether those at these positions are spared from mistakes: what is laid out and not yet told of."""
        first, last = day_number(after) if after else -NEVER, day_number(until)
        known = self.history["known"][at]
        return (self.those.fact[at] >= 0) & (known > first) & (known <= last)


def changed(history: History, after: date | None, until: date) -> Integers:
    """Positions of the records that are new or have changed from the day after one day to the end of another."""
    first, last = day_number(after) if after else -NEVER, day_number(until)
    those = np.zeros(len(history["known"]), dtype=bool)
    for days in history.values():
        those |= (days > first) & (days <= last)
    return np.flatnonzero(those & (history["known"] <= last))


def history_of(those: Occurrences, **events: tuple[int, int, int]) -> dict[str, Integers]:
    """When the source knows what: of each record from its day on, or late; then of what happens to some of them.

    events: how many in a thousand records it happens to, and the least and most days after the record is known.
    """
    draws = those.draws
    late = those.day + SOONEST + draws.below("late by", 75)
    known = np.where(draws.happens("late", LATE), late, those.day)
    history = {"known": known}
    for event, (per_mille, soonest, latest) in {**events, "sent again": (SENT_AGAIN, SOONEST, LATEST)}.items():
        days = known + soonest + draws.below(f"{event} after", latest - soonest + 1)
        history[event] = np.where(draws.happens(event, per_mille), days, NEVER)
    return history


@dataclass(frozen=True)
class Pattern:
    """How often something happens in a month, and when. All but `yearly` are weights.

    `yearly` is how many there are a year from a month on, at scale 1. `months` (12, January first), `days` (7, Monday
    first) and `hours` (24); until 06:00 a night goes with the day before.
    """

    yearly: Mapping[date, float]
    hours: Sequence[int]
    days: Sequence[int] = (1,) * 7
    months: Sequence[int] = (1,) * 12

    def expected(self, month: date) -> float:
        """How many there are in the month, at scale 1."""
        yearly = self.yearly[max(begins for begins in self.yearly if begins <= month)]
        return yearly * self.months[month.month - 1] / sum(self.months)


def in_months(source: str, pattern: Pattern, seed: int, scale: float, until: date) -> Occurrences:
    """Things that occur any day, from the first month of the pattern to that of `until`.

    A month's are the same whatever the last month is.
    """
    seed = seed_of(seed, source)
    months = months_until(min(pattern.yearly), until)
    starts = np.array([day_number(first_day) for first_day in [*months, month_after(months[-1])]])
    month, serial = _repeated(seed, starts[:-1], [scale * pattern.expected(month) for month in months])
    draws = Draws(seed, key_of(starts[month], serial))
    hour = draws.choose("hour of the week", Choice(hours_of_week(pattern.hours, pattern.days)))
    minute = minutes_of_months(draws, hour * 60 + draws.choose("minute", MINUTES), month, starts * DAY)
    return _in_order(draws, starts[month], serial, existing(minute))


def on_days(
    source: str, *, first: date, days: Sequence[int], each: float, hours: Sequence[int], seed: int, scale: float,
    until: date,
) -> Occurrences:  # fmt: skip
    """Things that occur together on some days: `each` on average, on so many in a thousand days by weekday."""
    seed = seed_of(seed, source)
    numbers = np.arange(day_number(first), day_number(until) + 1)
    weekday = (numbers + 3) % 7  # 1 January 1970 was a Thursday
    numbers = numbers[Draws(seed, numbers).happens("takes place", np.array(days)[weekday])]
    unit, serial = _repeated(seed, numbers, [scale * each] * len(numbers))
    draws = Draws(seed, key_of(numbers[unit], serial))
    minute = numbers[unit] * DAY + draws.choose("hour", Choice(hours)) * 60 + draws.choose("minute", MINUTES)
    return _in_order(draws, numbers[unit], serial, existing(minute))


def seed_of(seed: int, source: str) -> int:
    """A seed of the source's own, so that two sources have nothing in common."""
    return int.from_bytes(hashlib.blake2b(f"{seed} {source}".encode(), digest_size=8).digest(), "big")


def key_of(unit: Integers, serial: Integers) -> Integers:
    """What tells a thing apart from all others of its source."""
    return (unit << 32) + serial


def _repeated(seed: int, units: Integers, expected: Sequence[float]) -> tuple[Integers, Integers]:
    """For each of as many things as expected the position of its unit, and its serial number in it."""
    counts = counts_of(Draws(seed, units), expected)
    serial = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts) + 1
    return np.repeat(np.arange(len(units)), counts), serial


def _in_order(draws: Draws, unit: Integers, serial: Integers, minute: Integers) -> Occurrences:
    drawn = Occurrences(draws, unit, serial, minute, np.full(len(minute), -1))
    return drawn.at(np.argsort(minute, kind="stable"))
