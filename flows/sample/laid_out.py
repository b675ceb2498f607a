"""Records that are not drawn but laid out, so that what was published about them holds; the rest of each is drawn."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from flows.sample.draws import Choice, Draws, Flags, Integers
from flows.sample.records import History, Known, Occurrences, SimpleRecords, key_of, seed_of
from flows.sample.spelling import DAY, NEVER, Rows, day_number
from flows.sample.timing import MINUTES, existing


@dataclass(frozen=True)
class Fact:
    """So many records at scale 1 that have these values, dated between two days, both included.

    `values` are of columns, as text; they hold in every extract that knows the record. A record is known from its day
    on or, where `known_by` is given, by that day. `hours` (24) weighs the hours of the day, in place of the source's.
    """

    count: int
    first: date
    last: date
    values: Mapping[str, str]
    known_by: date | None = None
    hours: tuple[int, ...] = ()


@dataclass(frozen=True)
class Layout:
    """What a source lays out, and the periods (first and last day) of which nothing else is kept."""

    facts: tuple[Fact, ...]
    held: tuple[tuple[date, date], ...]

    def with_laid_out(
        self, drawn: Occurrences, source: str, seed: int, scale: float, *, hours: Sequence[int], by_day: bool = False
    ) -> Occurrences:
        """Things drawn but for those in held periods, with those laid out.

        `hours` weighs the hours of the day that those laid out occur in; `by_day` says that things are numbered by
        their day instead of their month.
        """
        fact = np.repeat(np.arange(len(self.facts)), in_proportion([each.count for each in self.facts], scale))
        first, last = (np.array([day_number(getattr(f, end)) for f in self.facts])[fact] for end in ("first", "last"))
        before = Draws(seed_of(seed, f"{source}, laid out"), key_of(fact, np.arange(len(fact))))
        day = first + before.below("day", last - first + 1)
        by_hour = Choice(*[each.hours or hours for each in self.facts])
        minute = existing(day * DAY + before.choose("hour", by_hour, fact) * 60 + before.choose("minute", MINUTES))
        unit = day if by_day else first_of_month(day)
        serial = number_on(unit, drawn)
        kept = drawn.at(np.flatnonzero(~self._is_held(drawn.day)))
        those = Occurrences(
            drawn.draws.others(np.concatenate([key_of(kept.unit, kept.serial), key_of(unit, serial)])),
            np.concatenate([kept.unit, unit]),
            np.concatenate([kept.serial, serial]),
            np.concatenate([kept.minute, minute]),
            np.concatenate([kept.fact, fact]),
        )
        return those.at(np.argsort(those.minute, kind="stable"))

    def records(self, those: Occurrences, history: History, describe: Callable[[Known], Rows]) -> SimpleRecords:
        """The records, of which those laid out have the values of their facts and are known when their facts say."""
        known_by = np.array([day_number(fact.known_by) if fact.known_by else NEVER for fact in self.facts])
        known = np.where(those.fact >= 0, np.minimum(those.day, known_by[those.fact]), history["known"])

        def rows(known: Known) -> Rows:
            described, facts = describe(known), known.those.fact
            for number in np.unique(facts[facts >= 0]).tolist():
                for column, value in self.facts[number].values.items():
                    described[column][facts == number] = value
            return described

        return SimpleRecords(those, {**history, "known": known}, rows)

    def _is_held(self, days: Integers) -> Flags:
        held = np.zeros(len(days), dtype=bool)
        for first, last in self.held:
            held |= (days >= day_number(first)) & (days <= day_number(last))
        return held


def in_proportion(counts: Sequence[int], scale: float) -> Integers:
    """So many times each count in whole numbers, whose sums up to any place are the nearest ones too."""
    return np.diff(np.floor(np.cumsum([0, *counts]) * scale + 0.5).astype(np.int64))


def first_of_month(days: Integers) -> Integers:
    """The first day of each one's month, in days since 1970."""
    months = days.astype("datetime64[D]").astype("datetime64[M]")
    return months.astype("datetime64[D]").astype(np.int64)


def number_on(unit: Integers, drawn: Occurrences) -> Integers:
    """Serial numbers in each unit, that go on from those drawn there."""
    order = np.argsort(unit, kind="stable")
    units, starts, counts = np.unique(unit[order], return_index=True, return_counts=True)
    taken = np.array([drawn.serial[drawn.unit == each].max(initial=0) for each in units.tolist()], dtype=np.int64)
    serial = np.empty(len(unit), dtype=np.int64)
    serial[order] = np.arange(len(unit)) - np.repeat(starts, counts) + np.repeat(taken, counts) + 1
    return serial
