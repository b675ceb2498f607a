"""Values as a report prints them, numbers, days, hours and places, and whether an answer is the same.

Numbers are the same when they agree at the decimals printed, rounded half away from zero. Days, hours and places are
the same when they are the same set, causation factors when they are in the same order.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from enum import StrEnum
from itertools import groupby
from typing import Any

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")

_DAY = re.compile("|".join(DAYS))
_BAND = re.compile(r"(\d\d):?(\d\d)-(\d\d):?(\d\d)")
_WEEK_BAND = re.compile(r"([A-Z][a-z]{2})(?:-([A-Z][a-z]{2}))? (\d{4}-\d{4})")
_SHORT = tuple(day[:3] for day in DAYS)


class Kind(StrEnum):
    """What a question is answered with, and so how the printed value is read."""

    number = "number"
    days = "days"
    hours = "hours"
    week_hours = "week_hours"
    places = "places"
    order = "order"
    text = "text"


def items(kind: Kind, printed: str) -> list[Decimal | int | str]:
    """The number, days, hours, places or words that a printed value names, in its order.

    Hours are numbers from 0 to 23, hours of the week from 0 (Monday, 00:00) to 167. Raises ValueError where it names
    none.
    """
    found: list[Decimal | int | str]
    match kind:
        case Kind.number:
            try:
                found = [Decimal(printed)]
            except InvalidOperation:
                found = []
        case Kind.days:
            found = list(_DAY.findall(printed))
        case Kind.hours:
            found = [*_hours(printed)]
        case Kind.week_hours:
            found = [hour for band in _WEEK_BAND.finditer(printed) for hour in _week_hours(band)]
        case Kind.places:
            found = [place.strip() for place in printed.split("/") if place.strip()]
        case Kind.order:
            found = [word.strip().lower() for word in re.split(r",? then | and |,", printed) if word.strip()]
        case Kind.text:
            found = [printed.lower()] if printed else []
    if not found:
        raise ValueError(f"{printed!r} names no {kind.value.replace('_', ' of the ')}")
    return found


def same(kind: Kind, printed: str, got: Any) -> bool:
    """Whether an answer is what is printed. Nothing is not."""
    expected = items(kind, printed)
    if got is None:
        return False
    match kind:
        case Kind.number:
            return _rounded(got, printed) == expected[0]
        case Kind.order:
            return list(got) == expected
        case Kind.text:
            return str(got).lower() == expected[0]
        case _:
            return set(got) == set(expected) and len(got) == len(expected)


def shown(kind: Kind, printed: str, got: Any) -> str | None:
    """An answer as the report would print it; None where there is none."""
    if got is None:
        return None
    match kind:
        case Kind.number:
            return str(_rounded(got, printed))
        case Kind.hours:
            return ", ".join(_bands(got))
        case Kind.week_hours:
            return ", ".join(_week_bands(got))
        case Kind.text:
            return str(got)
        case _:
            return ", ".join(map(str, got))


def _rounded(got: Any, printed: str) -> Decimal:
    """A number at the decimals that are printed. The first rounding takes away what a double adds."""
    exact = Decimal(str(round(got, 9)))
    decimals = len(printed.partition(".")[2])
    return exact.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)


def _hours(printed: str) -> list[int]:
    """The clock hours of the bands: from the first time up to the second, whose hour counts when it ends in 59."""
    hours: list[int] = []
    for band in _BAND.finditer(printed):
        first, last = int(band[1]), int(band[3]) + (band[4] != "00")
        hours += [(first + step) % 24 for step in range((last - first) % 24 or 24)]
    return hours


def _week_hours(band: re.Match[str]) -> list[int]:
    """The hours of each day from the first to the second."""
    first = _SHORT.index(band[1])
    last = _SHORT.index(band[2] or band[1])
    return [day * 24 + hour for day in range(first, last + 1) for hour in _hours(band[3])]


def _bands(hours: Iterable[int]) -> list[str]:
    """Clock hours as bands; a band that goes on after midnight is one."""
    those = set(hours)
    if len(those) == 24:
        return ["0000-0000"]
    bands: list[str] = []
    for first in sorted(hour for hour in those if (hour - 1) % 24 not in those):
        last = first
        while last % 24 in those:
            last += 1
        bands.append(f"{first:02}00-{last % 24:02}00")
    return bands


def _week_bands(hours: Iterable[int]) -> list[str]:
    """Hours of the week as bands of hours, each with the days that have it."""
    days_of: dict[str, list[int]] = {}
    by_day = sorted((hour // 24, hour % 24) for hour in hours)
    for day, of_day in groupby(by_day, key=lambda pair: pair[0]):
        for band in _bands(hour for _, hour in of_day):
            days_of.setdefault(band, []).append(day)
    return [f"{days} {band}" for band, those in days_of.items() for days in _day_spans(those)]


def _day_spans(days: list[int]) -> list[str]:
    """Days of the week as spans, such as Mon-Fri."""
    spans: list[str] = []
    for _, numbered in groupby(enumerate(days), key=lambda pair: pair[1] - pair[0]):
        span = [day for _, day in numbered]
        spans.append(_SHORT[span[0]] if len(span) == 1 else f"{_SHORT[span[0]]}-{_SHORT[span[-1]]}")
    return spans
