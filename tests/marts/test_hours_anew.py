"""The hours of an extract are made anew as soon as it changed something else than what they were made of."""

from collections import Counter
from datetime import date, datetime, timedelta
from typing import Any

import duckdb
import pytest

from flows import warehouse
from flows.contracts import load_contracts
from flows.settings import Settings
from flows.stages import transform

HOURS = "int_crimes__hour_movements"
WEIGHT = 10**12
MEASURES = {1: "robbery_personal", 2: "burglary"}
"""Kind → the measure that counts it."""

STATES = """
insert into intermediate.int_crimes__states
  (force, crime_number, month, kind, is_counted, known_from, known_to, committed_from)
values
  ('Kent Police', 'A', date '2019-04-01', 1, true, date '2019-04-30', date '2019-05-31', timestamp '2019-04-03 22:45'),
  ('Kent Police', 'A', date '2019-04-01', 1, true, date '2019-05-31', null, timestamp '2019-04-04 22:45'),
  ('Kent Police', 'B', date '2019-05-01', 1, true, date '2019-05-31', null, timestamp '2019-05-01 10:00'),
  ('Kent Police', 'C', date '2019-05-01', 2, false, date '2019-05-31', null, timestamp '2019-05-02 10:00'),
  ('Surrey Police', 'D', date '2019-05-01', 2, true, date '2019-05-31', null, timestamp '2019-05-03 10:00')
"""

Hour = tuple[str, str, date, int, int, date]
"""Force, measure, month, weekday, hour and extract date."""


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """The model and all before it, built on an empty warehouse."""
    settings = Settings(data=tmp_path_factory.mktemp("hours"))
    settings.paths.make()
    warehouse.prepare(settings, load_contracts())
    transform.start_release_file(settings)
    no_tests = ["--exclude-resource-type", "test", "--exclude-resource-type", "unit_test"]
    transform.run_dbt(settings, ["build", *no_tests, "--select", f"+{HOURS}"])
    with warehouse.connect(settings) as connection:
        connection.executemany(
            "insert into intermediate.int_crimes__kinds (kind, measure) values (?, ?)", list(MEASURES.items())
        )
    return settings


@pytest.fixture
def settings(built: Settings) -> Settings:
    """Some states of crimes, and their hours."""
    with warehouse.connect(built) as connection:
        connection.execute("delete from intermediate.int_crimes__states")
        connection.execute(STATES)
    make_hours(built)
    return built


@pytest.mark.parametrize(
    "change",
    [
        "status = 'recorded'",
        "committed_from = timestamp '2019-05-01 11:00' where crime_number = 'B'",
        "committed_to = timestamp '2019-05-03 12:00' where crime_number = 'D'",
        "kind = 2 where crime_number = 'B'",
        "month = date '2019-04-01' where crime_number = 'D'",
        "is_counted = (crime_number = 'C') where crime_number in ('B', 'C')",
        "known_from = date '2019-05-15' where crime_number = 'D'",
        "known_to = date '2019-06-30' where crime_number = 'C'",
        "force = 'Kent Police' where crime_number = 'D'",
        "committed_from = timestamp '2019-04-03 22:45' + (timestamp '2019-04-04 22:45' - committed_from)"
        " where crime_number = 'A'",
    ],
)
def test_hours_are_those_of_the_states_as_they_are(change: str, settings: Settings) -> None:
    with warehouse.connect(settings) as connection:
        connection.execute(f"update intermediate.int_crimes__states set {change}")
    make_hours(settings)
    with warehouse.connect(settings) as connection:
        assert hours(connection) == {hour: moved for hour, moved in expected(connection).items() if any(moved)}


def make_hours(settings: Settings) -> None:
    (node,) = transform.run_dbt(settings, ["run", "--select", HOURS])
    assert node.status == "success"


def hours(connection: duckdb.DuckDBPyConnection) -> dict[Hour, tuple[int, ...]]:
    rows = connection.execute(
        f"select force, measure, month, weekday, hour, extract_date, weight, starts, pieces from intermediate.{HOURS}"
    ).fetchall()
    found: dict[Hour, tuple[int, ...]] = {row[:6]: row[6:] for row in rows}
    assert len(found) == len(rows)
    return found


def expected(connection: duckdb.DuckDBPyConnection) -> dict[Hour, tuple[int, ...]]:
    """The same in plain words, for crimes that have no end or lie between two full hours."""
    weights, starts, pieces = Counter[Hour](), Counter[Hour](), Counter[Hour]()
    states: list[tuple[Any, ...]] = connection.execute(
        "select force, kind, month, known_from, known_to, committed_from, committed_to"
        " from intermediate.int_crimes__states where is_counted"
    ).fetchall()
    for force, kind, month, known_from, known_to, began, ended in states:
        count = (ended - began) // timedelta(hours=1) if ended else 1
        for extract_date, change in ((known_from, 1), (known_to, -1)):
            for step in range(count if extract_date else 0):
                at: datetime = began + timedelta(hours=step)
                hour = (force, MEASURES[kind], month, at.isoweekday(), at.hour, extract_date)
                weights[hour] += change * WEIGHT // count
                starts[hour] += change * (step == 0)
                pieces[hour] += change
    return {hour: (weights[hour], starts[hour], pieces[hour]) for hour in pieces}
