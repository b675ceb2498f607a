"""Whether a monthly series goes up or down: numbers in, figures and a verdict out.

The verdict is that of the Mann-Kendall test, which asks no more than whether later months tend to be higher, whatever
the shape of the counts. The slope says by how much, and the dispersion how far the counts scatter beyond what a
Poisson process of the same course would. The libraries take a second to import, so they are where they are needed.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

WINDOWS = (7, 12, 24)
"""Lengths of the series that are judged, in months up to the last."""

EXACT_UP_TO = 10
"""The longest series whose Mann-Kendall p is counted out; that of a longer one is by the normal distribution."""

SIGNIFICANT_BELOW = 0.05

Verdict = Literal["no significant trend", "upward", "downward"]


@dataclass(frozen=True)
class Trend:
    """The trend of one series of monthly counts.

    slope: counts per month, by ordinary least squares; p_value: its two-sided p, 1 for a constant series.
    mann_kendall_s: pairs of months that rise less those that fall; mann_kendall_p: its two-sided p.
    dispersion: Pearson's χ² over n - 2 of a Poisson regression on the month. 1 is Poisson, above is more scattered.
    None where the regression has no maximum: nothing but zeros, or one count above zero at either end; and where
    doubles can't reach it, as with a 1, ten months without and a 10,000.
    """

    slope: float
    p_value: float
    mann_kendall_s: int
    mann_kendall_p: float
    dispersion: float | None
    verdict: Verdict


def trend(counts: Sequence[int]) -> Trend:
    """The trend of counts of successive months, the oldest first.

    Raises ValueError for fewer than three: they have no dispersion.
    """
    if len(counts) < 3:
        raise ValueError(f"a trend needs at least 3 months, not {len(counts)}")
    slope, p_value = least_squares(counts)
    s, mann_kendall_p = mann_kendall(counts)
    return Trend(slope, p_value, s, mann_kendall_p, poisson_dispersion(counts), verdict(s, mann_kendall_p))


def verdict(s: int, mann_kendall_p: float) -> Verdict:
    """What the Mann-Kendall test says."""
    if mann_kendall_p >= SIGNIFICANT_BELOW:
        return "no significant trend"
    return "upward" if s > 0 else "downward"


def least_squares(counts: Sequence[int]) -> tuple[float, float]:
    """Slope per month and its two-sided p."""
    if min(counts) == max(counts):
        return 0.0, 1.0
    from scipy.stats import linregress

    fit: Any = linregress(range(len(counts)), counts)
    return float(fit.slope), float(fit.pvalue)


def mann_kendall(counts: Sequence[int]) -> tuple[int, float]:
    """S and its two-sided p: exact up to ten months, else normal with correction for ties and continuity."""
    s = sum((b > a) - (b < a) for i, a in enumerate(counts) for b in counts[i + 1 :])
    if len(counts) <= EXACT_UP_TO:
        return s, _exact_p(s, tuple(sorted(Counter(counts).values())))
    from pymannkendall import original_test

    return s, float(original_test(counts).p)


def _exact_p(s: int, ties: tuple[int, ...]) -> float:
    """The share of all orders of the counts whose |S| is at least |s|."""
    falls = _orders_by_falls(ties)
    pairs = len(falls) - 1
    extreme = sum(orders for fallen, orders in enumerate(falls) if abs(pairs - 2 * fallen) >= abs(s))
    return extreme / sum(falls)


@cache
def _orders_by_falls(ties: tuple[int, ...]) -> list[int]:
    """How many different orders of values, of which `ties` are equal, have 0, 1, 2 … pairs that fall.

    These are the coefficients of the q-multinomial, the product of 1 - q^i for i up to the number of values over the
    same product for each group of equal ones. Source: Stanley, Enumerative Combinatorics 1, section 1.7.
    """
    values = sum(ties)
    pairs = math.comb(values, 2) - sum(math.comb(equal, 2) for equal in ties)
    orders = [1] + [0] * pairs
    for power in range(1, values + 1):
        for degree in range(pairs, power - 1, -1):
            orders[degree] -= orders[degree - power]
    for power in (power for equal in ties for power in range(1, equal + 1)):
        for degree in range(power, pairs + 1):
            orders[degree] += orders[degree - power]
    return orders


def poisson_dispersion(counts: Sequence[int]) -> float | None:
    """Pearson's χ² over n - 2 of a Poisson regression on the month, None where that has no maximum in reach."""
    above_zero = [month for month, count in enumerate(counts) if count]
    if not above_zero or above_zero in ([0], [len(counts) - 1]):
        return None
    import numpy as np
    from statsmodels.genmod.families import Poisson
    from statsmodels.genmod.generalized_linear_model import GLM

    # By Newton's method from the mean: the usual reweighting stops short of the maximum where one month has nearly all.
    months = np.arange(len(counts)) - (len(counts) - 1) / 2
    model = GLM(np.asarray(counts), np.column_stack([np.ones(len(counts)), months]), family=Poisson())
    level = [math.log(sum(counts) / len(counts)), 0.0]
    fit = model.fit(start_params=level, method="newton", tol=1e-12, maxiter=300, disp=False, warn_convergence=False)
    return float(fit.pearson_chi2) / (len(counts) - 2) if fit.mle_retvals["converged"] else None
