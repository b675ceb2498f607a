"""The rules that look at whole deliveries: each passes on one world and fails on another, or this file fails."""

from collections.abc import Iterator

import duckdb
import pytest

from flows.contracts import load_contracts
from flows.cross_source import load_cross_source_rules
from flows.stages import transform
from tests.marts.compiled import Project
from tests.marts.quality_worlds import CROSS_SOURCE, FAILS, PASSES, World, deliver, prepare, two_forces, world_of

CONTRACTS = load_contracts()
HISTORY = [(source, rule.code) for source, contract in CONTRACTS.items() for rule in contract.history]
MODELS = ("", "__profiles", "__history_rules", "__history_results")

LIMITS = {10: "79 to 131", 9: "79 to 132"}
"""The limits of World VOLUME. 10 deliveries: mean 105. 9: mean 105.6. The mean move is 10, and 26.6 each way."""

Result = tuple[int, int, str | None]
"""Looked at, failed, and what is said of it."""


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        yield connection


def result(
    project: Project, connection: duckdb.DuckDBPyConnection, source: str, code: str, series: list[dict[str, int]]
) -> Result | None:
    """What a rule found in the last of a series of deliveries; None where it could not judge."""
    prepare(connection)
    deliver(connection, CONTRACTS[source], series)
    connection.execute("create schema intermediate")
    for model in MODELS:
        project.create(connection, f"int_deliveries{model}")
    return connection.execute(
        "select rows_checked, rows_failed, finding from intermediate.int_deliveries__history_results"
        f" where delivery_id = {len(series)} and rule = '{code}'"
    ).fetchone()


def before(world: World) -> list[dict[str, int]]:
    return [world.before[number % len(world.before)] for number in range(10)] if world.before else []


def test_every_rule_of_history_has_a_world_that_it_passes_and_one_that_it_fails() -> None:
    assert [rule for rule in HISTORY if world_of(*rule) is None] == []


@pytest.mark.parametrize(("source", "code"), HISTORY)
def test_passes(project: Project, connection: duckdb.DuckDBPyConnection, source: str, code: str) -> None:
    world = world_of(source, code)
    assert world
    found = result(project, connection, source, code, [*before(world), world.passes])
    assert found is not None
    assert found[0] >= 1
    assert found[1:] == (0, None)


@pytest.mark.parametrize(("source", "code"), HISTORY)
def test_fails(project: Project, connection: duckdb.DuckDBPyConnection, source: str, code: str) -> None:
    world = world_of(source, code)
    assert world
    found = result(project, connection, source, code, [*before(world), world.fails])
    assert found is not None
    assert found[1] >= 1
    points = 9 if CONTRACTS[source].delivery.kind == "changes" else 10  # the first extract brings the past
    assert found[2] == world.said.format(LIMITS[points], f"{points} deliveries")


def test_every_cross_source_rule_passes_one_force_and_fails_another(
    project: Project, connection: duckdb.DuckDBPyConnection
) -> None:
    prepare(connection)
    transform.write_sources(connection, CONTRACTS)
    two_forces(connection)
    project.build(connection)
    found = {
        (force, rule): (checked, failed, finding)
        for force, rule, checked, failed, finding in connection.execute(
            "select force, rule, rows_checked, rows_failed, finding from intermediate.int_cross_source__results"
        ).fetchall()
    }
    codes = {rule.code for rule in load_cross_source_rules()}
    assert codes == CROSS_SOURCE.keys()
    assert {rule: found[FAILS, rule] for rule in codes} == CROSS_SOURCE
    assert {rule: found[PASSES, rule] for rule in codes} == {
        rule: (checked, 0, None) for rule, (checked, _, _) in CROSS_SOURCE.items()
    }
    told = connection.execute(
        "select source, rule, message from safer_city.marts.data_quality where file is null and rows_failed > 0"
    ).fetchall()
    assert {
        (rule.source, rule.code, f"{rule.message}: {CROSS_SOURCE[rule.code][2]}") for rule in load_cross_source_rules()
    } == set(told)
