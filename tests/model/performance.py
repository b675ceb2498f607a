"""The comparators and control charts of a monthly series, and the row that tells how a published count moved.

Written from the specification alone, for the models of every source to share. All of it is exact: fractions,
until a row is made.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from fractions import Fraction
from itertools import pairwise
from math import floor, sqrt
from typing import Any, NamedTuple

from tests.model.months import last_months, months_later, span, start_of_financial_year

Row = dict[str, Any]
"""One row of a mart: column -> Python value."""

Counts = Mapping[date, int]
"""Month (its first day) -> count. A month that is missing, or lies before the first, is not in it."""

CAUSES = (
    "recorded_late",
    "reclassified_in",
    "reclassified_out",
    "cancelled",
    "reinstated",
    "date_changed_in",
    "date_changed_out",
    "resupplied",
)


def series(counts: Counts, coverage: Mapping[date, str]) -> list[Row]:
    """The columns of a performance table from `month` on, one row per month that `coverage` names, in its order."""
    rows: list[Row] = []
    above_five_year_run: int | None = None
    for month, state in coverage.items():
        above_five_year_run = next_five_year_run(counts, month, above_five_year_run)
        rows.append(
            {
                "month": month,
                "coverage": state,
                "offences": counts.get(month),
                **comparisons(counts, month),
                "above_five_year_run": above_five_year_run,
                **control_chart(counts, month),
            }
        )
    return rows


def restatement(offences: int, previous: int | None, causes: Mapping[str, int]) -> Row:
    """The columns of `restatements` from `offences` on; `previous` is None when a month is first published.

    `causes` is by how much each cause moved the count; what it doesn't name moved nothing.
    """
    moved = change(offences, previous)
    return {
        "offences": offences,
        "previous_offences": previous,
        "change": moved,
        **{cause: None if moved is None else causes.get(cause, 0) for cause in CAUSES},
        "first_published": previous is None,
    }


def comparisons(counts: Counts, month: date) -> Row:
    """The comparators of one month: month before, financial year to date, 12 months, five-year average."""
    offences, previous_month = counts.get(month), counts.get(months_later(month, -1))
    to_date = span(start_of_financial_year(month), month)
    fytd = total(counts, to_date)
    fytd_previous = total(counts, [months_later(each, -12) for each in to_date])
    rolling_12 = total(counts, last_months(month, 12))
    rolling_12_previous = total(counts, last_months(months_later(month, -12), 12))
    same_month = five_years_before(counts, month)
    return {
        "previous_month": previous_month,
        "change": change(offences, previous_month),
        "change_pct": change_pct(offences, previous_month),
        "change_z": change_z(offences, previous_month),
        "base_note": base_note(previous_month),
        "fytd": fytd,
        "fytd_previous": fytd_previous,
        "fytd_change_pct": change_pct(fytd, fytd_previous),
        "rolling_12": rolling_12,
        "rolling_12_previous": rolling_12_previous,
        "rolling_12_change_pct": change_pct(rolling_12, rolling_12_previous),
        "five_year_average": float(mean(same_month)) if same_month else None,
        "five_year_years": len(same_month),
    }


def total(counts: Counts, months: Sequence[date]) -> int | None:
    """The sum over the months; None where one of them has no count."""
    return sum(counts[month] for month in months) if all(month in counts for month in months) else None


def change(new: int | None, old: int | None) -> int | None:
    return None if new is None or old is None else new - old


def change_z(new: int | None, old: int | None) -> float | None:
    """The change in standard deviations of a Poisson count, not rounded."""
    return None if new is None or old is None else 2 * (sqrt(new) - sqrt(old))


def change_pct(new: int | None, old: int | None) -> float | None:
    """The change in per cent of the old value; None on a base of 0."""
    return None if new is None or old is None else share_pct(new - old, old)


def share_pct(part: int, whole: int) -> float | None:
    """A part in per cent of the whole, to one decimal, half away from zero; None of a whole of 0."""
    if whole == 0:
        return None
    tenths = Fraction(1000 * part, whole)
    rounded = floor(abs(tenths) + Fraction(1, 2))
    return (rounded if tenths >= 0 else -rounded) / 10


def base_note(base: int | None) -> str | None:
    if base is None or base >= 20:
        return None
    return "small_base" if base >= 5 else "no_percentage"


def mean(values: Sequence[int]) -> Fraction:
    return Fraction(sum(values), len(values))


def five_years_before(counts: Counts, month: date) -> list[int]:
    """The counts of the same calendar month in the five years before, as many as there are."""
    months = [months_later(month, -12 * years) for years in range(1, 6)]
    return [counts[each] for each in months if each in counts]


def next_five_year_run(counts: Counts, month: date, run_before: int | None) -> int | None:
    """How many months in a row, up to this one, lie above their five-year average.

    A month before that can't be judged (None) breaks the run like one that is not above: it begins anew at 1.
    """
    same_month = five_years_before(counts, month)
    if month not in counts or not same_month:
        return None
    return (run_before or 0) + 1 if counts[month] > mean(same_month) else 0


class Lines(NamedTuple):
    """The lines of an XmR chart; the limits lie `reach` above and below the centre, before flooring at 0."""

    centre: Fraction
    reach: Fraction

    @property
    def upper(self) -> Fraction:
        return self.centre + self.reach

    @property
    def lower(self) -> Fraction:
        return max(self.centre - self.reach, Fraction(0))


def control_chart(counts: Counts, month: date) -> Row:
    """The control chart as it stands in one month: its baseline, its lines, and what it signals."""
    baseline = baseline_months(counts, month)
    lines = chart_lines(counts, baseline)
    return {
        "baseline_from": min(baseline, default=None),
        "baseline_to": max(baseline, default=None),
        "baseline_months": len(baseline),
        "limits_note": limits_note(baseline, lines),
        "centre_line": float(lines.centre) if lines else None,
        "lower_limit": float(lines.lower) if lines else None,
        "upper_limit": float(lines.upper) if lines else None,
        "signal": signal(counts, month, lines),
    }


def limits_note(baseline: Sequence[date], lines: Lines | None) -> str | None:
    if lines is None:
        return "none"
    return "trial" if len(baseline) < 12 else None


def baseline_months(counts: Counts, month: date) -> list[date]:
    """Those of the 24 months before the month's financial year that have a count."""
    last = months_later(start_of_financial_year(month), -1)
    return [each for each in last_months(last, 24) if each in counts]


def chart_lines(counts: Counts, baseline: Sequence[date]) -> Lines | None:
    """Mean and 2.66 mean moving ranges of the baseline; None when no two of its months are adjacent."""
    moving_ranges = [
        abs(counts[month] - counts[months_later(month, -1)])
        for month in baseline
        if months_later(month, -1) in baseline
    ]
    if not moving_ranges:
        return None
    return Lines(mean([counts[month] for month in baseline]), Fraction(266, 100) * mean(moving_ranges))


def signal(counts: Counts, month: date, lines: Lines | None) -> str | None:
    """The first signal that applies, judged on this month and the ones before it against these lines."""
    if month not in counts:
        return None
    seven = values(counts, last_months(month, 7))
    three = values(counts, last_months(month, 3))
    applies = {
        "above_limit": lines is not None and counts[month] > lines.upper,
        "below_limit": lines is not None and counts[month] < lines.lower,
        "run_above": lines is not None and seven is not None and all(each > lines.centre for each in seven),
        "run_below": lines is not None and seven is not None and all(each < lines.centre for each in seven),
        "trend_up": seven is not None and is_rising(seven),
        "trend_down": seven is not None and is_rising(seven[::-1]),
        "near_upper": lines is not None and three is not None and is_near_upper(three, lines),
        "near_lower": lines is not None and three is not None and is_near_lower(three, lines),
    }
    return next((name for name, is_so in applies.items() if is_so), None)


def values(counts: Counts, months: Sequence[date]) -> list[int] | None:
    """The counts of the months; None where one of them has none."""
    return [counts[month] for month in months] if all(month in counts for month in months) else None


def is_rising(points: Sequence[int]) -> bool:
    """Whether each point but the first is higher than the one before."""
    return all(later > earlier for earlier, later in pairwise(points))


def is_near_upper(three: Sequence[int], lines: Lines) -> bool:
    """Whether the last and one more of three points are beyond two thirds of the way up, all above centre."""
    threshold = lines.centre + lines.reach * Fraction(2, 3)
    beyond = [each > threshold for each in three]
    return beyond[-1] and any(beyond[:-1]) and all(each > lines.centre for each in three)


def is_near_lower(three: Sequence[int], lines: Lines) -> bool:
    """The same below the centre, towards the lower limit before it is floored."""
    threshold = lines.centre - lines.reach * Fraction(2, 3)
    beyond = [each < threshold for each in three]
    return beyond[-1] and any(beyond[:-1]) and all(each < lines.centre for each in three)
