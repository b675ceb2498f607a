"""The trend of a series: hand-worked figures, and the libraries' own answers where they have one."""

import importlib.util
import itertools
import math
import random
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest
from scipy.optimize import brentq
from scipy.stats import kendalltau, norm

from flows.settings import PROJECT_DIR
from flows.trend import least_squares, mann_kendall, poisson_dispersion, trend

MODEL = PROJECT_DIR / "dbt_project/models/intermediate/int_asb_incidents__trends.py"


def test_seven_months_worked_by_hand() -> None:
    found = trend([81, 98, 130, 117, 91, 105, 101])
    # Σ(x - 4)(y - ȳ) = 35 over Σ(x - 4)² = 28. Twelve pairs rise, nine fall: S = 3, and 3,894 of the 5,040 orders of
    # seven months have an S at least as far from zero.
    assert found.slope == pytest.approx(1.25)
    assert found.p_value == pytest.approx(0.72, abs=0.005)
    assert found.mann_kendall_s == 3
    assert found.mann_kendall_p == pytest.approx(3894 / 5040)
    assert found.verdict == "no significant trend"


@pytest.mark.parametrize(
    ("counts", "s", "p", "verdict"),
    [
        # Of seven different counts one order in 5,040 has S = 21 and six have 19: p = 2 × 1, 2 × 7.
        ([1, 2, 3, 4, 5, 6, 7], 21, 2 / 5040, "upward"),
        ([7, 6, 5, 4, 3, 1, 2], -19, 14 / 5040, "downward"),
        # A 1 among zeros lies in one of seven months: all seven have |S| of 0, 2, 4 or 6.
        ([0, 0, 0, 0, 0, 0, 1], 6, 2 / 7, "no significant trend"),
        ([0, 0, 0, 0, 0, 1, 0], 4, 4 / 7, "no significant trend"),
        ([4, 4, 4, 4, 4, 4, 4], 0, 1.0, "no significant trend"),
        # Three of one and four of another: 35 orders, of which one is all up and one all down.
        ([2, 2, 2, 9, 9, 9, 9], 12, 2 / 35, "no significant trend"),
        ([1, 2, 2, 9, 9, 9, 9], 14, 2 / 105, "upward"),
    ],
)
def test_mann_kendall_of_seven_months(counts: list[int], s: int, p: float, verdict: str) -> None:
    found = trend(counts)
    assert (found.mann_kendall_s, found.verdict) == (s, verdict)
    assert found.mann_kendall_p == pytest.approx(p)


def test_exact_p_is_the_share_of_all_orders() -> None:
    draws = random.Random(4)
    for length in (3, 4, 5, 6, 7):
        for highest in (1, 2, 3, 20):
            counts = [draws.randint(0, highest) for _ in range(length)]
            s, p = mann_kendall(counts)
            orders = [_s(order) for order in itertools.permutations(counts)]
            assert s == _s(counts)
            assert p == pytest.approx(sum(abs(other) >= abs(s) for other in orders) / len(orders)), counts


def test_exact_p_is_that_of_scipy_where_no_two_months_are_equal() -> None:
    draws = random.Random(5)
    for length in range(3, 11):
        counts = draws.sample(range(100), length)
        by_scipy: Any = kendalltau(range(length), counts, method="exact")
        assert mann_kendall(counts)[1] == pytest.approx(by_scipy.pvalue)


def test_normal_p_has_both_corrections() -> None:
    draws = random.Random(6)
    for length, highest in itertools.product((11, 12, 24), (1, 3, 50)):
        counts = [draws.randint(0, highest) for _ in range(length)]
        s, p = mann_kendall(counts)
        # SciPy corrects for ties and not for continuity: its z is s / sd, from which sd follows.
        uncorrected: Any = kendalltau(range(length), counts, method="asymptotic")
        sd = abs(s) / norm.isf(uncorrected.pvalue / 2) if s else 1.0
        assert p == pytest.approx(2 * norm.sf(max(abs(s) - 1, 0) / sd)), counts


def test_normal_p_of_twelve_months_worked_by_hand() -> None:
    # S = 66 and var(S) = 12 × 11 × 29 / 18: z = 65 / 14.583 = 4.457.
    s, p = mann_kendall(list(range(12)))
    assert s == 66
    assert p == pytest.approx(math.erfc(65 / math.sqrt(12 * 11 * 29 / 18) / math.sqrt(2)))
    assert trend(list(range(12))).verdict == "upward"


def test_constant_series_has_no_slope() -> None:
    assert least_squares([5] * 24) == (0.0, 1.0)
    assert least_squares([0] * 7) == (0.0, 1.0)


def test_dispersion_worked_by_hand() -> None:
    # Its own mirror image, so its course is level at 13 / 7: χ² = (4 × 36 + 3 × 64) / 49 / (13 / 7) = 48 / 13 over 5.
    assert poisson_dispersion([1, 3, 1, 3, 1, 3, 1]) == pytest.approx(48 / 65)
    # One count in the middle: all seven are fitted by 1, χ² = 6 × 1 + 36 / 1 over 5.
    assert poisson_dispersion([0, 0, 0, 7, 0, 0, 0]) == pytest.approx(42 / 5)
    assert poisson_dispersion([4] * 12) == pytest.approx(0)
    # One count next to the end: still a maximum.
    assert poisson_dispersion([0, 7, 0, 0, 0, 0, 0]) == pytest.approx(_dispersion([0, 7, 0, 0, 0, 0, 0]))
    assert poisson_dispersion([0, 0, 0, 0, 0, 7, 0]) == pytest.approx(_dispersion([0, 7, 0, 0, 0, 0, 0]))


@pytest.mark.parametrize("counts", [[0] * 7, [9] + [0] * 11, [0] * 23 + [1]])
def test_dispersion_without_a_maximum(counts: list[int]) -> None:
    assert poisson_dispersion(counts) is None
    assert poisson_dispersion([*counts, 0, 1, 0]) is not None


def test_dispersion_is_that_at_the_maximum() -> None:
    draws = random.Random(7)
    ends = [[0] * (length - 2) + [1, last] for length in (7, 12, 24) for last in (1, 30, 300)]
    drawn = [[draws.choice([0, 0, 1, 2, 30, 200]) for _ in range(length)] for length in (7, 12, 24) for _ in range(50)]
    for counts in ends + [counts for counts in drawn if sum(map(bool, counts)) > 1]:
        assert poisson_dispersion(counts) == pytest.approx(_dispersion(counts), rel=1e-6), counts


def test_dispersion_out_of_reach_is_none() -> None:
    assert poisson_dispersion([1] + [0] * 22 + [10_000]) is None


def test_too_short() -> None:
    with pytest.raises(ValueError, match="a trend needs at least 3 months, not 2"):
        trend([1, 2])


@pytest.fixture(scope="module")
def model() -> Any:
    """The dbt model as a module."""
    return _module(MODEL)


def test_windows_of_a_series(model: Any) -> None:
    connection = duckdb.connect()
    connection.execute(
        """
        create table asb_performance as
        select 'force' as record_source, 'Kent Police' as force, measure,
          (date '2018-01-01' + interval (n) month)::date as month,
          case measure when 'asb' then n when 'asb_noise' then if(n = 3, null, 2) else 1 end as offences
        from (values ('asb', 24), ('asb_noise', 12), ('asb_drugs', 6)) as series (measure, length),
          range(length) as months (n)
        order by hash(n)
        """
    )
    built = model.model(_Dbt(connection), connection)
    assert dict(zip(built.columns, map(str, built.types), strict=True)) == {
        "record_source": "VARCHAR",
        "force": "VARCHAR",
        "measure": "VARCHAR",
        "window_months": "INTEGER",
        "window_from": "DATE",
        "window_to": "DATE",
        "slope": "DOUBLE",
        "p_value": "DOUBLE",
        "mann_kendall_s": "BIGINT",
        "mann_kendall_p": "DOUBLE",
        "dispersion": "DOUBLE",
        "verdict": "VARCHAR",
    }
    figures = "round(slope, 6), round(p_value, 6), mann_kendall_s, round(mann_kendall_p, 6), verdict"
    rows = built.project(f"measure, window_months, window_from, window_to, {figures}").order("all").fetchall()
    until = date(2018, 12, 1)
    assert rows == [
        ("asb", 7, date(2019, 6, 1), date(2019, 12, 1), 1.0, 0.0, 21, 0.000397, "upward"),
        ("asb", 12, date(2019, 1, 1), date(2019, 12, 1), 1.0, 0.0, 66, 0.000008, "upward"),
        ("asb", 24, date(2018, 1, 1), date(2019, 12, 1), 1.0, 0.0, 276, 0.0, "upward"),
        ("asb_noise", 7, date(2018, 6, 1), until, 0.0, 1.0, 0, 1.0, "no significant trend"),
        ("asb_noise", 12, date(2018, 1, 1), until, None, None, None, None, None),
    ]


def test_no_series_at_all_has_its_types(model: Any) -> None:
    connection = duckdb.connect()
    connection.execute(
        "create table asb_performance (record_source text, force text, measure text, month date, offences bigint)"
    )
    built = model.model(_Dbt(connection), connection)
    assert built.fetchall() == []
    assert [str(kind) for kind in built.types][3:7] == ["INTEGER", "DATE", "DATE", "DOUBLE"]


class _Dbt:
    """What dbt hands to a Python model: the relations it names, and a place for its configuration."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self.ref = connection.table

    def config(self, **_: object) -> None: ...


def _module(path: Path) -> Any:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _s(counts: Any) -> int:
    return sum((b > a) - (b < a) for a, b in itertools.combinations(counts, 2))


def _dispersion(counts: list[int]) -> float:
    """The same by other means: the slope at the maximum is that whose weights put the mean month where it is."""
    months = [month - (len(counts) - 1) / 2 for month in range(len(counts))]
    total = sum(counts)
    mean = sum(month * count for month, count in zip(months, counts, strict=True)) / total

    def excess(slope: float) -> float:
        weights = [math.exp(slope * month) for month in months]
        return sum(month * weight for month, weight in zip(months, weights, strict=True)) / sum(weights) - mean

    slope: Any = brentq(excess, -30, 30, xtol=1e-15)
    weights = [math.exp(slope * month) for month in months]
    fitted = [total * weight / sum(weights) for weight in weights]
    chi2 = sum((count - fit) ** 2 / fit for count, fit in zip(counts, fitted, strict=True))
    return chi2 / (len(counts) - 2)
