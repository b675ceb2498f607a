"""Whether a series of months goes up or down. Written from the specification and textbook formulas alone.

How the model reads what the specification leaves open: a window ends with the last month of the performance table,
also where that is partial, and has no figures where one of its months is missing.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from fractions import Fraction
from functools import cache
from itertools import combinations, permutations
from math import atan, cos, erfc, exp, pi, sin, sqrt
from typing import Any

from tests.model.performance import Row

WINDOWS = (7, 12, 24)
FIGURES = ("slope", "p_value", "mann_kendall_s", "mann_kendall_p", "dispersion", "verdict")
EXACT_MONTHS = 10


def trends(performance: Iterable[Row]) -> list[Row]:
    """The rows of a trend table from those of its performance table, one per series and window that it fills."""
    series: defaultdict[tuple[str, str, str], list[Row]] = defaultdict(list)
    for row in performance:
        series[row["record_source"], row["force"], row["measure"]].append(row)
    rows: list[Row] = []
    for (record_source, force, measure), months in series.items():
        months.sort(key=lambda row: row["month"])
        for window in (months[-length:] for length in WINDOWS if length <= len(months)):
            counts = [row["offences"] for row in window]
            rows.append(
                {
                    "record_source": record_source,
                    "force": force,
                    "measure": measure,
                    "window_months": len(window),
                    "window_from": window[0]["month"],
                    "window_to": window[-1]["month"],
                    **(dict.fromkeys(FIGURES) if None in counts else figures(tuple(counts))),
                }
            )
    return rows


@cache
def figures(counts: tuple[int, ...]) -> dict[str, Any]:
    """What is said of one window without a missing month."""
    slope, p_value = least_squares(counts)
    s, p = mann_kendall(counts)
    return {
        "slope": float(slope),
        "p_value": p_value,
        "mann_kendall_s": s,
        "mann_kendall_p": p,
        "dispersion": dispersion(counts),
        "verdict": "no significant trend" if p >= 0.05 else "upward" if s > 0 else "downward",
    }


def least_squares(counts: Sequence[int]) -> tuple[Fraction, float]:
    """The slope of a straight line through the counts, and the two-sided p of Student's t of it."""
    n = len(counts)
    if len(set(counts)) == 1:
        return Fraction(0), 1.0
    centred = [Fraction(2 * month - n + 1, 2) for month in range(n)]
    mean = Fraction(sum(counts), n)
    squares = total(x * x for x in centred)
    slope = total(x * y for x, y in zip(centred, counts, strict=True)) / squares
    errors = [y - mean - slope * x for x, y in zip(centred, counts, strict=True)]
    residual = total(error * error for error in errors)
    if residual == 0:
        return slope, 0.0
    return slope, beyond(sqrt(slope * slope * squares * (n - 2) / residual), n - 2)


def total(numbers: Iterable[Fraction]) -> Fraction:
    return sum(numbers, Fraction(0))


def beyond(t: float, degrees: int) -> float:
    """The share of Student's distribution beyond ±t, by its finite sums."""
    angle = atan(t / sqrt(degrees))
    term = series = cos(angle) if degrees % 2 else 1.0
    for power in range(2 + degrees % 2, degrees - 1, 2):
        term *= cos(angle) ** 2 * (power - 1) / power
        series += term
    if degrees % 2 == 0:
        return 1 - sin(angle) * series
    return 1 - 2 / pi * (angle + (sin(angle) * series if degrees > 1 else 0))


def mann_kendall(counts: Sequence[int]) -> tuple[int, float]:
    """Pairs that rise less pairs that fall, and how rarely a series in any order has as many one way or the other."""
    s = rises_less_falls(counts)
    ties = tuple(sorted(Counter(counts).values()))
    if len(counts) <= EXACT_MONTHS:
        orders = in_any_order(ties)
        return s, sum(number for each, number in orders.items() if abs(each) >= abs(s)) / orders.total()
    if s == 0:
        return s, 1.0
    variance = (
        sum(sign * n * (n - 1) * (2 * n + 5) for sign, n in [(1, len(counts)), *((-1, tie) for tie in ties)]) / 18
    )
    return s, erfc((abs(s) - 1) / sqrt(variance) / sqrt(2))


def rises_less_falls(counts: Sequence[int]) -> int:
    return sum((later > earlier) - (later < earlier) for earlier, later in combinations(counts, 2))


@cache
def in_any_order(ties: tuple[int, ...]) -> Counter[int]:
    """Rises less falls -> in how many orders of values of which so many are equal."""
    values = [value for value, number in enumerate(ties) for _ in range(number)]
    return Counter(rises_less_falls(order) for order in permutations(values))


def dispersion(counts: Sequence[int]) -> float | None:
    """Pearson's χ² over n - 2 of a Poisson regression on the month; None where its likelihood has no maximum."""
    n = len(counts)
    above = [month for month, number in enumerate(counts) if number]
    if not above or above in ([0], [n - 1]):
        return None
    months = [(2 * month - n + 1) / n for month in range(n)]
    slope = 0.0
    for _ in range(500):
        # For each slope the best level makes the fit sum to the counts; what is left is concave in the slope.
        weights = [exp(slope * month) for month in months]
        mean = sum(w * x for w, x in zip(weights, months, strict=True)) / sum(weights)
        variance = sum(w * (x - mean) ** 2 for w, x in zip(weights, months, strict=True)) / sum(weights)
        step = (sum(y * x for y, x in zip(counts, months, strict=True)) / sum(counts) - mean) / variance
        slope += max(-1.0, min(1.0, step))
        if abs(step) < 1e-14:
            break
    weights = [exp(slope * month) for month in months]
    fitted = [w * sum(counts) / sum(weights) for w in weights]
    return sum((y - mu) ** 2 / mu for y, mu in zip(counts, fitted, strict=True)) / (n - 2)
