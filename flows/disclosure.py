"""Small numbers: which counts of a table must be withheld so that nobody can work out one to four people.

A table is a total and some breakdowns of it, each of which sums to the total: the referrals of one quarter. Counts of
1 to 4 are withheld (`suppressed_primary`), and so is whatever would give one of them away (`suppressed_secondary`).

A reader is taken to know all that is published: the other counts, the zeros, that every breakdown sums to the total,
that a primary cell is 1 to 4, that a secondary one is 0 or at least 5, and this file. A table is safe when each
withheld cell could, by all that, still have two values or more. Then its labels differ from the counts in nothing that
decides it, and the same counts are always treated the same way.

What is withheld, in this order:

* Total of 1 to 4: it and every count above zero is primary, and zeros are published. But the label says "at least
  one", so four primary cells in a breakdown would give the total away. A breakdown with three or more is therefore
  withheld altogether as secondary, all its values alike: three must look as four do. This is the one use of the
  secondary label for counts of 1 to 4 that happens at all often.
* Total of 5 or more: each breakdown by itself withholds as few of its largest counts as make it safe.
* Where a breakdown can't be made safe so, the total is withheld as well, and from every breakdown what keeps it from
  being added up: again as few cells as possible, each breakdown's largest first.
* Where not even that is safe, everything is withheld as secondary. Eight referrals, four and four by one breakdown and
  eight times one by another, are such a table: they can only be eight.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Literal

SMALL = range(1, 5)
"""Counts that are withheld."""

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
    """What of a table is published.

    Raises ValueError for a negative count, or a breakdown that doesn't sum to the total. It names no count.
    """
    for number, counts in enumerate(breakdowns, start=1):
        if min(counts, default=0) < 0 or sum(counts) != total:
            raise ValueError(f"breakdown {number} of {len(breakdowns)} does not sum to the total of its table")
    if total in SMALL:
        return _few(total, breakdowns)
    if total == 0:
        return _labelled(total, breakdowns, [frozenset()] * len(breakdowns))
    with_total = [_fewest(counts, total) for counts in breakdowns]
    secondary = [positions for positions in with_total if positions is not None]
    if len(secondary) == len(breakdowns):
        return _labelled(total, breakdowns, secondary)
    for candidate in _candidates(breakdowns):
        if _is_safe_without_total(total, breakdowns, candidate):
            return _labelled(None, breakdowns, candidate)
    return Table(_SECONDARY, [[_SECONDARY] * len(counts) for counts in breakdowns])


_PRIMARY = Cell(None, "suppressed_primary")
_SECONDARY = Cell(None, "suppressed_secondary")

Positions = frozenset[int]
"""Positions of the cells of a breakdown that are withheld as secondary."""


def _few(total: int, breakdowns: Sequence[Sequence[int]]) -> Table:
    """A table with a total of 1 to 4."""
    table = _labelled(total, breakdowns, [frozenset()] * len(breakdowns))
    for number, counts in enumerate(breakdowns):
        if sum(count > 0 for count in counts) >= 3:
            table.breakdowns[number] = [_SECONDARY] * len(counts)
    return table


def _labelled(total: int | None, breakdowns: Sequence[Sequence[int]], secondary: Sequence[Positions]) -> Table:
    """The table with these cells withheld as secondary, and the total too where it is None."""
    return Table(
        _SECONDARY if total is None else _cell(total),
        [
            [_SECONDARY if position in withheld else _cell(count) for position, count in enumerate(counts)]
            for counts, withheld in zip(breakdowns, secondary, strict=True)
        ],
    )


def _cell(count: int) -> Cell:
    if count in SMALL:
        return _PRIMARY
    return Cell(count, "published" if count else "zero")


def _largest(counts: Sequence[int]) -> Iterator[Positions]:
    """None, one, two … of the cells that are not primary, the largest first and of equal ones the first."""
    others = [position for position, count in enumerate(counts) if count not in SMALL]
    others.sort(key=lambda position: -counts[position])
    for number in range(len(others) + 1):
        yield frozenset(others[:number])


def _fewest(counts: Sequence[int], total: int) -> Positions | None:
    """The fewest cells whose withholding makes a breakdown of a published total safe; None where nothing does."""
    totals = 1 << total
    return next((cells for cells in _largest(counts) if _Withheld.of(counts, cells, total).is_safe(totals)), None)


def _candidates(breakdowns: Sequence[Sequence[int]]) -> Iterator[tuple[Positions, ...]]:
    """Cells to withhold in each breakdown, the fewest in all first; the first breakdowns lose last."""
    choices = [list(_largest(counts)) for counts in breakdowns]
    yield from sorted(product(*choices), key=lambda choice: (sum(map(len, choice)), [len(cells) for cells in choice]))


def _is_safe_without_total(
    total: int, breakdowns: Sequence[Sequence[int]], secondary: Sequence[Positions]
) -> bool:
    """Whether a table is safe whose total is withheld too."""
    highest = total + _BEYOND
    withheld = [_Withheld.of(counts, cells, highest) for counts, cells in zip(breakdowns, secondary, strict=True)]
    totals = _zero_or_not_small(highest)
    for breakdown in withheld:
        totals &= breakdown.totals()
    return totals.bit_count() > 1 and all(breakdown.is_safe(totals) for breakdown in withheld)


# Sets of counts are integers here: a count is in the set where the bit of that number is set. Adding a count to all
# members is a shift, and the sums of two sets are the shifts of the one by the members of the other.

_BEYOND = 20
"""How far beyond a withheld total others are thought of. More would be possible, which makes nothing less safe."""


def _range(lowest: int, highest: int) -> int:
    """The set of all counts from lowest to highest."""
    return (1 << (highest + 1)) - (1 << lowest)


def _zero_or_not_small(highest: int) -> int:
    return 1 | _range(SMALL.stop, max(highest, SMALL.stop - 1))


@dataclass(frozen=True)
class _Withheld:
    """What a reader knows of a breakdown: the sum of its published cells, and how many are withheld and why."""

    published: int
    primary: int
    secondary: int
    highest: int

    @classmethod
    def of(cls, counts: Sequence[int], cells: Positions, highest: int) -> _Withheld:
        shown = sum(count for position, count in enumerate(counts) if count not in SMALL and position not in cells)
        return cls(shown, sum(count in SMALL for count in counts), len(cells), highest)

    def totals(self) -> int:
        """The totals that the breakdown could have."""
        return self._sums(self.primary, self.secondary)

    def is_safe(self, totals: int) -> bool:
        """Whether each of its withheld cells could have two values, where the total is one of these."""
        safe = True
        if self.primary:
            others = self._sums(self.primary - 1, self.secondary)
            safe = _fitting(_range(SMALL.start, SMALL.stop - 1), others, totals) > 1
        if self.secondary:
            others = self._sums(self.primary, self.secondary - 1)
            safe = safe and _fitting(_zero_or_not_small(self.highest), others, totals) > 1
        return safe

    def _sums(self, primary: int, secondary: int) -> int:
        """The sums of the published cells and so many withheld ones."""
        sums = _range(primary * SMALL.start, primary * (SMALL.stop - 1))
        if secondary:  # several cells of 0 or at least 5 sum to 0 or at least 5, as one does
            apart = _zero_or_not_small(self.highest)
            sums = _union(apart << member for member in _members(sums))
        return (sums << self.published) & _range(0, self.highest)


def _fitting(values: int, others: int, totals: int) -> int:
    """How many of the values of a cell make one of the totals together with the others of its breakdown."""
    return sum((others << value) & totals != 0 for value in _members(values))


def _members(counts: int) -> Iterator[int]:
    return (count for count in range(counts.bit_length()) if counts >> count & 1)


def _union(sets: Iterator[int]) -> int:
    union = 0
    for counts in sets:
        union |= counts
    return union
