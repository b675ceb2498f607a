"""What is withheld of a table: hand-worked cases, and proof that nobody can work out what is."""

import importlib.util
import itertools
import random
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import date
from functools import cache
from typing import Any

import duckdb
import pytest
from scipy.optimize import linprog

from flows.disclosure import Cell, Table, disclose
from flows.settings import PROJECT_DIR

MODEL = PROJECT_DIR / "dbt_project/models/intermediate/int_prevent_referrals__published.py"

PRIMARY, SECONDARY = "p", "s"
"""Short for withheld cells; a published count or zero stands for itself."""

QUARTER = (9, 6, 7, 3, 2)
"""How many values the breakdowns of Prevent referrals have."""


@pytest.mark.parametrize(
    ("total", "breakdown", "shown_total", "shown"),
    [
        # Nothing to withhold.
        (0, [0, 0], 0, [0, 0]),
        (5, [5, 0], 5, [5, 0]),
        (30, [7, 23, 0], 30, [7, 23, 0]),
        # A small total: up to two parts hide each other, three or four are withheld with the zeros.
        (1, [0, 1, 0], "p", [0, "p", 0]),
        (4, [3, 1, 0], "p", ["p", "p", 0]),
        (3, [1, 1, 1, 0], "p", ["s", "s", "s", "s"]),
        (4, [1, 1, 1, 1], "p", ["s", "s", "s", "s"]),
        # Small counts with a sum that several could have.
        (7, [2, 5, 0], 7, ["p", "s", 0]),
        (7, [3, 4, 0], 7, ["p", "p", 0]),
        (24, [20, 2, 2], 24, [20, "p", "p"]),
        # One alone; all 1; all 4; and next to all 1. The largest hides them.
        (20, [18, 0, 2], 20, ["s", 0, "p"]),
        (20, [18, 1, 1], 20, ["s", "p", "p"]),
        (28, [20, 4, 4], 28, ["s", "p", "p"]),
        (23, [20, 2, 1], 23, ["s", "p", "p"]),
        (49, [20, 8, 20, 1], 49, ["s", "s", "s", "s"]),
        (50, [21, 8, 20, 1], 50, ["s", 8, 20, "p"]),
        # The largest would be the only one that it could be.
        (6, [5, 1, 0], 6, ["s", "s", "s"]),
        (7, [6, 1, 0], 7, ["s", "p", 0]),
        (7, [1, 5, 1], 7, ["s", "s", "s"]),
        # No other is large: all 1 is withheld; next to it isn't, unless all 1 would then stand alone.
        (5, [1, 1, 1, 1, 1, 0], 5, ["s"] * 6),
        (5, [2, 1, 1, 1, 0, 0], 5, ["p", "p", "p", "p", 0, 0]),
        (5, [2, 1, 1, 1, 0], 5, ["s"] * 5),
        # All 4 in every value, and what must look like it.
        (8, [4, 4], 8, ["s", "s"]),
        (8, [3, 5], 8, ["s", "s"]),
        (8, [2, 6], 8, ["p", "s"]),
        (8, [4, 4, 0], 8, ["s", "s", "s"]),
    ],
)
def test_breakdown(total: int, breakdown: list[int], shown_total: int | str, shown: list[int | str]) -> None:
    table = disclose(total, [breakdown])
    assert _short(table.total) == shown_total
    assert [_short(cell) for cell in table.breakdowns[0]] == shown


def test_labels() -> None:
    assert disclose(24, [[20, 4, 0], [18, 6, 0]]) == Table(
        Cell(24, "published"),
        [
            [Cell(None, "suppressed_secondary"), Cell(None, "suppressed_primary"), Cell(0, "zero")],
            [Cell(18, "published"), Cell(6, "published"), Cell(0, "zero")],
        ],
    )
    assert disclose(0, [[0]]) == Table(Cell(0, "zero"), [[Cell(0, "zero")]])


@pytest.mark.parametrize("breakdown", [[1, 2], [6, -1], []])
def test_a_breakdown_that_does_not_sum_to_its_total(breakdown: list[int]) -> None:
    with pytest.raises(ValueError, match=r"^breakdown 2 of 2 does not sum to the total of its table$"):
        disclose(4, [[4], breakdown])


@pytest.mark.parametrize(("values", "highest"), [(1, 30), (2, 60), (3, 34), (4, 20), (5, 14), (6, 10), (7, 9), (9, 8)])
def test_nothing_follows_from_a_breakdown_and_the_rules(values: int, highest: int) -> None:
    """All tables there are: each withheld cell differs between those that are published alike."""
    for total in range(5, highest + 1):
        _assert_nothing_is_known((total, [counts]) for counts in _parts(total, values))


@pytest.mark.parametrize("values", [(3, 2), (5, 2), (4, 3), (4, 4), (2, 2, 2), (3, 3, 2)])
def test_nothing_follows_from_a_small_table_and_the_rules(values: tuple[int, ...]) -> None:
    """With the total withheld the breakdowns tell of each other: all tables with a total up to 7."""
    for totals in (range(5), range(5, 8)):
        _assert_nothing_is_known(
            (total, list(breakdowns))
            for total in totals
            for breakdowns in itertools.product(*(_parts(total, number) for number in values))
        )


def test_nothing_follows_from_sums_and_labels() -> None:
    """Independently, by linear programming: each withheld cell has a range."""
    draws = random.Random(9)
    for _ in range(400):
        total = draws.choice([*range(13), draws.randint(13, 60), draws.randint(60, 400)])
        breakdowns = [_drawn(draws, total, number) for number in QUARTER]
        table = disclose(total, breakdowns)
        _assert_exact(table, total, breakdowns)
        _assert_ranges(table)


def test_the_total_is_published_from_five_on() -> None:
    draws = random.Random(10)
    for total in range(5, 100):
        assert disclose(total, [_drawn(draws, total, number) for number in QUARTER]).total == Cell(total, "published")


@pytest.fixture(scope="module")
def model() -> Any:
    """The dbt model as a module."""
    spec = importlib.util.spec_from_file_location(MODEL.stem, MODEL)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_quarters_are_tables_of_their_own(model: Any) -> None:
    connection = duckdb.connect()
    connection.execute(
        """
        create table int_prevent_referrals__counts as
        select 'Kent Police' as force, period_from, last_day(period_from + interval 2 month) as period_to,
          breakdown, breakdown_no, value, value_no, referrals
        from (values
          (date '2019-04-01', 'all', 1, 'all', 1, 24), (date '2019-04-01', 'sector', 2, 'health', 2, 20),
          (date '2019-04-01', 'sector', 2, 'police', 1, 4), (date '2019-04-01', 'city_based', 3, 'yes', 1, 24),
          (date '2019-04-01', 'city_based', 3, 'no', 2, 0), (date '2019-07-01', 'all', 1, 'all', 1, null),
          (date '2019-07-01', 'sector', 2, 'health', 2, null), (date '2019-10-01', 'all', 1, 'all', 1, 3),
          (date '2019-10-01', 'sector', 2, 'health', 2, 3), (date '2019-10-01', 'sector', 2, 'police', 1, 0)
        ) as counts (period_from, breakdown, breakdown_no, value, value_no, referrals)
        """
    )
    built = model.model(_Dbt(connection), connection)
    assert [str(kind) for kind in built.types] == [
        *("VARCHAR", "DATE", "DATE", "VARCHAR", "INTEGER", "VARCHAR", "INTEGER", "BIGINT", "VARCHAR")
    ]
    spring, summer, autumn = date(2019, 4, 1), date(2019, 7, 1), date(2019, 10, 1)
    assert built.project("period_from, breakdown, value, referrals, disclosure").fetchall() == [
        (spring, "all", "all", 24, "published"),
        (spring, "sector", "police", None, "suppressed_primary"),
        (spring, "sector", "health", None, "suppressed_secondary"),
        (spring, "city_based", "yes", 24, "published"),
        (spring, "city_based", "no", 0, "zero"),
        (summer, "all", "all", None, "not_available"),
        (summer, "sector", "health", None, "not_available"),
        (autumn, "all", "all", None, "suppressed_primary"),
        (autumn, "sector", "police", 0, "zero"),
        (autumn, "sector", "health", None, "suppressed_primary"),
    ]


def test_no_quarter_at_all_has_its_types(model: Any) -> None:
    connection = duckdb.connect()
    connection.execute(
        "create table int_prevent_referrals__counts (force text, period_from date, period_to date, breakdown text,"
        " breakdown_no integer, value text, value_no integer, referrals bigint)"
    )
    built = model.model(_Dbt(connection), connection)
    assert built.fetchall() == []
    assert [str(kind) for kind in built.types][7:] == ["BIGINT", "VARCHAR"]


class _Dbt:
    """What dbt hands to a Python model: the relations it names, and a place for its configuration."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self.ref = connection.table

    def config(self, **_: object) -> None: ...


def _short(cell: Cell) -> int | str:
    if cell.count is not None:
        assert cell.disclosure == ("published" if cell.count else "zero")
        return cell.count
    return {"suppressed_primary": PRIMARY, "suppressed_secondary": SECONDARY}[cell.disclosure]


def _cells(table: Table) -> list[Cell]:
    return [table.total, *itertools.chain.from_iterable(table.breakdowns)]


def _assert_exact(table: Table, total: int, breakdowns: Sequence[Sequence[int]]) -> None:
    """Small counts are withheld, primary cells are small, and what is shown is so."""
    for cell, count in zip(_cells(table), itertools.chain([total], *breakdowns), strict=True):
        assert cell.count in (None, count)
        assert cell.count is None or not 1 <= count <= 4
        assert cell.disclosure != "suppressed_primary" or 1 <= count <= 4


def _assert_nothing_is_known(tables: Iterator[tuple[int, list[tuple[int, ...]]]]) -> None:
    alike: dict[tuple[Cell, ...], list[tuple[int, ...]]] = defaultdict(list)
    for total, breakdowns in tables:
        table = disclose(total, breakdowns)
        _assert_exact(table, total, breakdowns)
        alike[tuple(_cells(table))].append((total, *itertools.chain(*breakdowns)))
    for cells, counts in alike.items():
        known = [
            cell.disclosure
            for cell, of_cell in zip(cells, zip(*counts, strict=True), strict=True)
            if cell.count is None and len(set(of_cell)) == 1
        ]
        assert known == [], counts[0]


def _parts(total: int, number: int) -> Iterator[tuple[int, ...]]:
    """Every way to share out a total among a number of values."""
    if number == 1:
        yield (total,)
        return
    for first in range(total + 1):
        for others in _parts(total - first, number - 1):
            yield (first, *others)


def _drawn(draws: random.Random, total: int, number: int) -> list[int]:
    """A breakdown in which some values are common and others rare."""
    counts = [0] * number
    for position in draws.choices(range(number), [draws.random() ** 3 for _ in counts], k=total):
        counts[position] += 1
    return counts


def _assert_ranges(table: Table) -> None:
    """Withheld cells of one label in one breakdown are alike to sums, so one of each is asked for."""
    known = tuple(
        (
            sum(cell.count or 0 for cell in cells),
            sum(cell.disclosure == "suppressed_primary" for cell in cells),
            sum(cell.disclosure == "suppressed_secondary" for cell in cells),
        )
        for cells in table.breakdowns
    )
    for lowest, highest in _ranges(table.total.count, known):
        assert highest - lowest >= 1 - 1e-6, table


@cache
def _ranges(total: int | None, breakdowns: tuple[tuple[int, int, int], ...]) -> list[tuple[float, float]]:
    """The least and the greatest that each withheld cell could be: the total, then by breakdown and label.

    Breakdowns are given as the sum of what is published, the number of primary and that of secondary cells.
    """
    bounds: list[tuple[int, int | None]] = [(1, 4) if total is None else (total, total)]
    asked = [0] if total is None else []
    sums, published_sums = [], []
    cells = 1 + sum(primary + secondary for _, primary, secondary in breakdowns)
    for published, primary, secondary in breakdowns:
        first = len(bounds)
        asked += [first] if primary else []
        asked += [first + primary] if secondary else []
        bounds += [(1, 4)] * primary + [(0, None)] * secondary
        sums.append([-1.0 if cell == 0 else float(first <= cell < len(bounds)) for cell in range(cells)])
        published_sums.append(-float(published))
    ranges = []
    for cell in asked:
        aim = [float(other == cell) for other in range(cells)]
        least: Any = linprog(aim, A_eq=sums, b_eq=published_sums, bounds=bounds)
        most: Any = linprog([-part for part in aim], A_eq=sums, b_eq=published_sums, bounds=bounds)
        assert least.status == 0
        ranges.append((least.fun, float("inf") if most.status == 3 else -most.fun))
    return ranges
