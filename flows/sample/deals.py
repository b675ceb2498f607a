"""Times of the week that are dealt out, so that a published share of days or hours holds, whoever gets which."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from flows.sample.draws import Draws, Integers
from flows.sample.timing import MINUTES

Counts = Mapping[int, int]


@dataclass(frozen=True)
class Deal:
    """How many of some things begin on which weekdays (1 is Monday) and in which hours; both say how many there are.

    Who begins on a day and who in an hour have nothing to do with each other. `nights` says that an hour before 06:00
    goes with the day before.
    """

    days: Counts
    hours: Counts
    nights: bool = False

    def __post_init__(self) -> None:
        """Both say the same."""
        if sum(self.days.values()) != sum(self.hours.values()):
            raise ValueError(f"{sum(self.days.values())} on the days, {sum(self.hours.values())} in the hours")

    def __len__(self) -> int:
        return sum(self.days.values())

    def hours_of_week(self, draws: Draws, purpose: str) -> Integers:
        """Hours from 0, Monday at midnight, to 167; in the order of days. Which hour goes with which day is drawn."""
        days, hours = (np.repeat(list(counts), list(counts.values())) for counts in (self.days, self.hours))
        hours = hours[np.argsort(draws.others(np.arange(len(hours))).bits(purpose), kind="stable")]
        return ((days - 1 + (self.nights & (hours < 6))) % 7) * 24 + hours


def grid(days: Iterable[int], hours: Iterable[int], each: int) -> list[Deal]:
    """So many in each of the hours of each of the days."""
    return [Deal({day: each}, {hour: each}) for day in days for hour in hours]


def dealt(deals: Sequence[Deal], draws: Draws) -> Integers:
    """A minute of the week for each thing, out of what the deals hold; in proportion where there are more or fewer."""
    held = np.concatenate([deal.hours_of_week(draws, f"hours of deal {n}") for n, deal in enumerate(deals)])
    taken = held[(np.arange(len(draws)) * 2 + 1) * len(held) // (2 * len(draws))] if len(draws) else held[:0]
    hours = np.empty(len(draws), dtype=np.int64)
    hours[np.argsort(draws.bits("deal"), kind="stable")] = taken
    return hours * 60 + draws.choose("minute", MINUTES)
