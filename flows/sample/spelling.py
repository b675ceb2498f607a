"""Values as a records system writes them: columns of text, with times in minutes and days in days since 1970."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date, timedelta
from functools import cache

import numpy as np
from numpy.typing import NDArray

from flows.sample.draws import Choice, Draws, Flags, Integers

Text = NDArray[np.object_]
Rows = dict[str, Text]  # a column of text per header, all of the same length

DAY = 1440  # minutes
NEVER = 2**31 - 1


class Options:
    """Values to choose from, each with its weight; `""` is a value that is not given."""

    def __init__(self, weights: Mapping[str, int], *others: Mapping[str, int]) -> None:
        """Further mappings weigh the values for other kinds of things; what they leave out does not occur there."""
        values = list(dict.fromkeys(value for row in (weights, *others) for value in row))
        self._values = text(values)
        self._choice = Choice(*[[row.get(value, 0) for value in values] for row in (weights, *others)])

    def choose(self, draws: Draws, what: str, kind: Integers | int = 0) -> Text:
        """One for each thing; `kind` is which of the mappings weighs the values."""
        return self._values[draws.choose(what, self._choice, kind)]


def text(values: Iterable[str]) -> Text:
    """The values as a column."""
    return np.array(list(values), dtype=object)


def blank(values: Text, is_blank: Flags) -> Text:
    """The values, but for those that are blank."""
    values = values.copy()
    values[is_blank] = ""
    return values


def spelled(values: Integers, spell: Callable[[int], str]) -> Text:
    """Each number spelled; each different one only once."""
    different, which = np.unique(values, return_inverse=True)
    return text([spell(value) for value in different.tolist()])[which]


def whole_text(values: Integers) -> Text:
    """Whole numbers in decimal."""
    return spelled(values, str)


def flag_text(values: Flags) -> Text:
    """Y or N."""
    return _NO_YES[values.astype(int)]


def day_text(numbers: Integers) -> Text:
    """Days since 1970 as dates, blank for NEVER."""
    return blank(spelled(np.where(numbers == NEVER, 0, numbers), _spelled_day), numbers == NEVER)


def time_text(minutes: Integers) -> Text:
    """Minutes since 1970 as times, blank for NEVER."""
    numbers = np.where(minutes == NEVER, 0, minutes // DAY)
    return blank(spelled(numbers, _spelled_day) + _MINUTES_OF_DAY[minutes % DAY], minutes == NEVER)


def day_number(day: date) -> int:
    """Days since 1970."""
    return day.toordinal() - _FIRST.toordinal()


def day_of(number: int) -> date:
    """The day that so many days since 1970 are."""
    return _FIRST + timedelta(days=number)


@cache
def _spelled_day(number: int) -> str:
    return day_of(number).isoformat()


_FIRST = date(1970, 1, 1)
_NO_YES = text(["N", "Y"])
_MINUTES_OF_DAY = text([f" {minute // 60:02d}:{minute % 60:02d}" for minute in range(DAY)])
