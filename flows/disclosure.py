"""Small numbers: which counts of a table must be withheld so that nobody can work out one to four people.

A table is a total and some breakdowns of it, each of which sums to the total: the referrals of one quarter. Counts of
1 to 4 are withheld (`suppressed_primary`), and so is whatever would give one of them away (`suppressed_secondary`).

A reader is taken to know all that is published: the other counts, the zeros, that every breakdown sums to the total,
that a primary cell is 1 to 4, and this file. What is withheld is therefore chosen so that every withheld cell differs
between tables which are all published alike. Being safe against sums alone is not enough: of 1, 1, 5 and a total of 7
one would withhold the 5 as well, but of 3, 4 and 0 one wouldn't, so that 7 could only be 1, 1 and 5.

* A total of 1 to 4 is primary, and so is every count above zero. But a primary label says "at least one", so that four
  of them in a breakdown would give the total away. A breakdown with three or more is withheld altogether, all its
  values alike: three must look as four do.
* A total of 5 or more is published, so its breakdowns can be judged one by one. Primary cells stand alone where they
  could be shared out in several ways. Otherwise the largest count is withheld with them.
* Where that count can't hide them, because no smaller one could stand in its place, the breakdown is withheld
  altogether. This and the three of a small total are the only cases in which a count of 1 to 4 is called secondary.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

SMALL = 4
"""Counts from 1 to this are withheld."""

Disclosure = Literal["published", "zero", "suppressed_primary", "suppressed_secondary"]


@dataclass(frozen=True)
class Cell:
    """A count as it is published: None where it is withheld."""

    count: int | None
    disclosure: Disclosure


@dataclass(frozen=True)
class Table:
    """A published table: the total, and the values of each breakdown in the order they were given in."""

    total: Cell
    breakdowns: list[list[Cell]]


def disclose(total: int, breakdowns: Sequence[Sequence[int]]) -> Table:
    """What of a table is published. The same counts in the same order are always published the same way.

    Raises ValueError for a negative count, or a breakdown that doesn't sum to the total. It names no count.
    """
    for number, counts in enumerate(breakdowns, start=1):
        if min(counts, default=0) < 0 or sum(counts) != total:
            raise ValueError(f"breakdown {number} of {len(breakdowns)} does not sum to the total of its table")
    of_breakdown = _of_small_total if total <= SMALL else _of_published_total
    return Table(_shown(total), [of_breakdown(counts) for counts in breakdowns])


def _of_small_total(counts: Sequence[int]) -> list[Cell]:
    """A breakdown of a total that is at most 4, and withheld unless it is zero."""
    if sum(count > 0 for count in counts) >= 3:
        return _altogether(counts)
    return [_shown(count) for count in counts]


def _of_published_total(counts: Sequence[int]) -> list[Cell]:
    """A breakdown of a total of 5 or more."""
    shown = [_shown(count) for count in counts]
    if _is_nearly_all_fours(counts):
        return _altogether(counts)
    if not any(map(_is_small, counts)) or _can_be_shared_out(counts):
        return shown
    first = max(range(len(counts)), key=lambda position: counts[position])
    if not _can_be_hidden_by(counts, first):
        return _altogether(counts)
    shown[first] = _SECONDARY
    return shown


def _can_be_shared_out(counts: Sequence[int]) -> bool:
    """Whether the sum of the small counts leaves each of them open.

    It doesn't where there is one, where all are 1, and where all are 4. Nor is the sum next to all 1 let through where
    all 1 is withheld: those tables are the company without which it would be known by being withheld. All 1 needs none
    where zeros could stand in other places, and has a place for them unless every value is 1.
    """
    small = [count for count in counts if _is_small(count)]
    beyond_all_ones = sum(small) - len(small)
    needs_company = max(counts) > SMALL or sum(counts) == len(counts)
    return len(small) > 1 and beyond_all_ones > needs_company and sum(small) < SMALL * len(small)


def _can_be_hidden_by(counts: Sequence[int], first: int) -> bool:
    """Whether the largest count could be another, one lower, or the small ones all 1 and it higher.

    It couldn't be lower where it would no longer be the largest, the first of equal ones, or would be small itself.
    """
    small = [count for count in counts if _is_small(count)]
    others = (count + (position < first) for position, count in enumerate(counts) if position != first)
    return counts[first] > SMALL and sum(small) + counts[first] > len(small) + max([SMALL + 1, *others])


def _is_nearly_all_fours(counts: Sequence[int]) -> bool:
    """Whether all are 4, or are 3, 4 and 5 with the same sum: alone, the former would be known by being withheld."""
    return sum(counts) == SMALL * len(counts) and all(abs(count - SMALL) <= 1 for count in counts)


_SECONDARY = Cell(None, "suppressed_secondary")


def _altogether(counts: Sequence[int]) -> list[Cell]:
    return [_SECONDARY] * len(counts)


def _shown(count: int) -> Cell:
    if _is_small(count):
        return Cell(None, "suppressed_primary")
    return Cell(count, "published" if count else "zero")


def _is_small(count: int) -> bool:
    return 1 <= count <= SMALL
