"""What `crimes_reported` says, brought to single crimes: which code, when, where, how, and what becomes of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from flows.sample.city import PREMISES, STREETS
from flows.sample.crimes_reported import (
    BEFORE,
    DEALT,
    HELD,
    HELD_CLASSES,
    KIND_OF,
    LAID_OUT,
    MARKED,
    NO_PREMISES_TWICE,
    PLACED,
    SINCE,
    TOTALS,
    VARIES,
    VIOLENCE,
    Kind,
    Then,
)
from flows.sample.deals import dealt
from flows.sample.draws import Choice, Draws, Flags, Integers
from flows.sample.laid_out import in_proportion
from flows.sample.offences import CODES, Code
from flows.sample.spelling import NEVER, day_number

UNTIL_NEXT_REPORT = 28
"""Days after a report within which a change becomes known, so that the next report knows of it."""
FEBRUARY = date(2019, 2, 1)


@dataclass(frozen=True)
class LaidOut:
    """Crimes that are laid out, an entry each. What is -1 is drawn like that of any other crime.

    `month` counts from the year 0. `hour` is the minute of the week at which it begins. `known`, `cancelled` and
    `moved` are days since 1970 or NEVER; NEVER of `known` is the day of recording.
    """

    draws: Draws
    month: Integers
    code: Integers
    before_february: Flags
    minute: Integers
    street: Integers
    premises_type: Integers
    premises: Integers
    method: Integers
    """Position in MARKED."""
    known: Integers
    cancelled: Integers
    moved: Integers

    @property
    def counts(self) -> Flags:
        """Whether it counts on the day of the last report."""
        return self.cancelled == NEVER

    @property
    def is_reported_at_once(self) -> Flags:
        """Whether it must have been committed in or after February 2019."""
        return _IS_ASSAULT[self.code] & (self.month >= number_of(FEBRUARY)) & ~self.before_february


def lay_out(seed: int, scale: float, months: Sequence[int]) -> LaidOut:
    """The crimes that are laid out in some months."""
    counts = in_proportion([laid.count for laid in LAID_OUT], scale)
    counts[[number_of(laid.month) not in months for laid in LAID_OUT]] = 0
    which = np.repeat(np.arange(len(LAID_OUT)), counts)
    month = np.array([number_of(laid.month) for laid in LAID_OUT])[which]
    draws = Draws(seed, (month << 32) + (1 << 30) + np.arange(len(which)))
    kind = np.array([laid.kind for laid in LAID_OUT])[which]
    then = np.array([laid.then for laid in LAID_OUT])[which]
    after = np.array([day_number(laid.after) for laid in LAID_OUT])[which]
    code = np.array([_CODE_OF[laid.key] for laid in LAID_OUT])[which]
    licensed = np.array([laid.licensed for laid in LAID_OUT])[which]
    later = after + 1 + draws.below("then", UNTIL_NEXT_REPORT)
    method = _marked(draws, month, code, then)
    premises_type = np.where(licensed, _LICENSED, -1)
    premises_type = np.where(method >= 0, _PREMISES_TYPE_MARKED[method], premises_type)
    return LaidOut(
        draws=draws,
        month=month,
        code=code,
        before_february=np.array([laid.before_february for laid in LAID_OUT])[which],
        minute=_dealt(draws, kind, month, then),
        street=_placed(draws, kind, month, then),
        premises_type=premises_type,
        premises=_premises(kind, month),
        method=method,
        known=np.where(then == Then.KNOWN, later, NEVER),
        cancelled=np.where(then == Then.CANCELLED, later, NEVER),
        moved=np.where(then == Then.MOVED, later, NEVER),
    )


def number_of(month: date) -> int:
    """A month, counted from the year 0."""
    return month.year * 12 + month.month - 1


def is_held(code: Code, month: date) -> bool:
    """Whether nothing of the code is drawn in the month, because all of it is laid out."""
    kind = KIND_OF.get(code.class_code, Kind.OTHER)
    return kind in HELD.get(month, ()) or code.class_code in HELD_CLASSES.get(month, ())


def total(month: date, draws: Draws) -> int | None:
    """How many crimes of the month count on the day of the last report, at scale 1; None where the number is drawn.

    `draws` are those of the month.
    """
    year, place = month.year - (month.month < 4), (month.month - 4) % 12
    if year not in TOTALS and year < min(TOTALS):
        permille = 1000 - VARIES + draws.below("total", 2 * VARIES + 1)
        return int(BEFORE[place] * permille[0]) // 1000
    if year in TOTALS and place < len(TOTALS[year]):
        return TOTALS[year][place]
    return None


def expected(month: date) -> int:
    """How many crimes a month has where the number is drawn, at scale 1."""
    return SINCE[(month.month - 8) % 12]


def filled_up(month: Integers, counts: Flags, targets: Integers) -> Flags:
    """Which of the crimes drawn are kept, so that as many count in each month as its target says.

    `month` is the position of each one's month in `targets`, in order; -1 in `targets` keeps all.
    """
    before = np.concatenate([[0], np.cumsum(counts)])
    starts = np.searchsorted(month, np.arange(len(targets)))
    counted_before = before[:-1] - before[starts][month]
    return (targets[month] < 0) | (counted_before < targets[month])


def _dealt(draws: Draws, kind: Integers, month: Integers, then: Integers) -> Integers:
    """The minute of the week at which each crime begins, -1 where it is drawn."""
    minute = np.full(len(kind), -1, dtype=np.int64)
    has_a_part = np.where(kind == Kind.ASSAULT, then != Then.CANCELLED, then != Then.KNOWN)
    for each in DEALT:
        months = [number_of(one) for one in each.months]
        those = np.flatnonzero((kind == each.kind) & np.isin(month, months) & has_a_part)
        minute[those] = dealt(each.deals, draws.at(those))
    return minute


def _placed(draws: Draws, kind: Integers, month: Integers, then: Integers) -> Integers:
    """The street of each crime, -1 where it is drawn."""
    street = np.full(len(kind), -1, dtype=np.int64)
    names = [each.name for each in STREETS]
    for placed in PLACED:
        weight = "night" if placed.kinds == VIOLENCE else "day"
        elsewhere = Choice([0 if each.name in placed.streets else getattr(each, weight) for each in STREETS])
        of_kind = np.isin(kind, placed.kinds) & (month == number_of(placed.month))
        street[of_kind] = draws.at(of_kind).choose("elsewhere", elsewhere)
        those = np.flatnonzero(of_kind & (then != Then.KNOWN))
        those = those[np.argsort(draws.at(those).bits("street dealt"), kind="stable")]
        share = len(those) / _known_at_first(placed.kinds, placed.month)
        numbers = np.repeat([names.index(name) for name in placed.streets],
                            in_proportion(list(placed.streets.values()), share))  # fmt: skip
        street[those[: len(numbers)]] = numbers
    return street


def _marked(draws: Draws, month: Integers, code: Integers, then: Integers) -> Integers:
    """The position in MARKED of each crime, -1 where there is none."""
    method = np.full(len(code), -1, dtype=np.int64)
    for number, marked in enumerate(MARKED):
        of_code = (month == number_of(marked.month)) & (code == _CODE_OF[marked.key]) & (then == Then.NOTHING)
        those = np.flatnonzero(of_code & (method < 0))
        those = those[np.argsort(draws.at(those).bits("method dealt"), kind="stable")]
        all_ = next(laid.count for laid in LAID_OUT if (laid.month, laid.key) == (marked.month, marked.key))
        method[those[: int(marked.count * of_code.sum() / all_ + 0.5)]] = number
    return method


def _premises(kind: Integers, month: Integers) -> Integers:
    """A number of premises of its own for each violent crime of the month in which there were none twice, else -1."""
    those = np.flatnonzero(np.isin(kind, VIOLENCE) & (month == number_of(NO_PREMISES_TWICE)))
    premises = np.full(len(kind), -1, dtype=np.int64)
    premises[those] = np.arange(len(those))
    return premises


def _known_at_first(kinds: tuple[Kind, ...], month: date) -> int:
    return sum(
        laid.count for laid in LAID_OUT if laid.kind in kinds and laid.month == month and laid.then != Then.KNOWN
    )


_CODE_OF = {code.key: number for number, code in enumerate(CODES)}
_IS_ASSAULT = np.array([KIND_OF.get(code.class_code) == Kind.ASSAULT for code in CODES])
_PREMISES_TYPES = list(PREMISES)
_LICENSED = _PREMISES_TYPES.index("licensed")
_PREMISES_TYPE_MARKED = np.array(
    [_PREMISES_TYPES.index(marked.premises_type) if marked.premises_type else -1 for marked in MARKED]
)
