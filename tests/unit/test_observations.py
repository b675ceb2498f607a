"""What a look at the warehouse observes of whole deliveries: unusual ones, changed layouts, late ones."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from flows import ledger, observations
from flows.contracts import Contract, load_contracts
from flows.observations import Look
from flows.settings import Settings

FORCE = "Sample Constabulary"
CONTRACTS = load_contracts()


@pytest.fixture
def warehouse() -> Iterator[duckdb.DuckDBPyConnection]:
    """An empty warehouse in memory, with the tables that dbt makes of judged deliveries."""
    with duckdb.connect() as connection:
        ledger.create(connection)
        connection.execute(
            """
            insert into ledger.runs values ('told', '2019-07-08', null, 'run', '', 'done', null, true),
              ('now', '2019-08-08', null, 'run', '', 'running', null, false)
            """
        )
        yield connection


def deliver(
    warehouse: duckdb.DuckDBPyConnection,
    delivery_id: int,
    extract_date: str | None,
    *,
    source: str = "crimes",
    force: str | None = FORCE,
    state: str = "accepted",
    run: str = "now",
) -> None:
    """Put a delivery into the ledger."""
    warehouse.execute(
        """
        insert into ledger.deliveries
        values ($id, $source, $force, null, $name, $name, 'hash', $day, 1, '', $run, '2019-08-08', 9, 9, 0, 0, $state,
          null, null)
        """,
        {
            "id": delivery_id,
            "source": source,
            "force": force,
            "name": f"{source}_{extract_date}.csv",
            "day": extract_date,
            "run": run,
            "state": state,
        },
    )


def look(warehouse: duckdb.DuckDBPyConnection, now: datetime = datetime(2019, 8, 8, 2)) -> Look:
    """A look at it."""
    return Look(Settings(data=Path("nowhere")), CONTRACTS, warehouse, now)


class TestRejectedFiles:
    """How long a rejected file is a problem."""

    def lasting(self, warehouse: duckdb.DuckDBPyConnection) -> list[bool]:
        """Of each rejected file that is told, whether it goes on."""
        return [found.lasting for found in observations.rejected_files(look(warehouse))]

    def test_until_a_delivery_of_its_force_that_is_not_older(self, warehouse: duckdb.DuckDBPyConnection) -> None:
        deliver(warehouse, 1, "2019-08-07", state="rejected")
        deliver(warehouse, 2, "2019-07-07")
        deliver(warehouse, 3, "2019-09-07", force="Another Constabulary")
        assert self.lasting(warehouse) == [True]
        deliver(warehouse, 4, "2019-08-08")
        assert self.lasting(warehouse) == [False]

    def test_where_its_force_is_not_known_until_one_of_its_name(self, warehouse: duckdb.DuckDBPyConnection) -> None:
        deliver(warehouse, 1, "2019-08-07", state="rejected", force=None)
        deliver(warehouse, 2, "2019-08-08")
        assert self.lasting(warehouse) == [True]
        deliver(warehouse, 3, "2019-08-07")
        assert self.lasting(warehouse) == [False]


class TestUnusualDeliveries:
    """What history and other sources say of the newest deliveries."""

    @pytest.fixture(autouse=True)
    def _judged(self, warehouse: duckdb.DuckDBPyConnection) -> None:
        warehouse.execute(
            """
            create schema intermediate;
            create table intermediate.int_deliveries__history_results (
              delivery_id bigint, rule varchar, severity varchar, dimension varchar, message varchar, owner varchar,
              rows_checked bigint, rows_failed bigint, finding varchar
            );
            create table intermediate.int_cross_source__results (
              source varchar, rule varchar, severity varchar, dimension varchar, message varchar, owner varchar,
              force varchar, extract_date date, run_id varchar, rows_checked bigint, rows_failed bigint, finding varchar
            );
            """
        )

    def judge(
        self, warehouse: duckdb.DuckDBPyConnection, delivery_id: int, failed: int, severity: str = "warning"
    ) -> None:
        """One rule of history on a delivery."""
        warehouse.execute(
            "insert into intermediate.int_deliveries__history_results"
            " values (?, 'VOLUME_UNUSUAL', ?, 'completeness', 'in general', 'Registrar', 1, ?, 'as it was found')",
            [delivery_id, severity, failed],
        )

    def test_the_newest_delivery_is_told_with_what_was_found(self, warehouse: duckdb.DuckDBPyConnection) -> None:
        deliver(warehouse, 1, "2019-07-07")
        deliver(warehouse, 2, "2019-08-07")
        self.judge(warehouse, 1, 1)
        self.judge(warehouse, 2, 1)
        [found] = observations.unusual_deliveries(look(warehouse)) or []
        assert (found.kind, found.source, found.force, found.subject) == (
            "file_rule",
            "crimes",
            FORCE,
            "VOLUME_UNUSUAL",
        )
        assert (found.names, found.message, found.owner) == (
            ("crimes_2019-08-07.csv",),
            "as it was found",
            "Registrar",
        )

    def test_a_usual_one_and_what_is_only_worth_knowing_are_not(self, warehouse: duckdb.DuckDBPyConnection) -> None:
        deliver(warehouse, 1, "2019-07-07")
        deliver(warehouse, 2, "2019-08-07")
        self.judge(warehouse, 1, 1)
        self.judge(warehouse, 2, 0)
        self.judge(warehouse, 2, 1, severity="info")
        assert observations.unusual_deliveries(look(warehouse)) == []

    def test_sources_that_disagree(self, warehouse: duckdb.DuckDBPyConnection) -> None:
        warehouse.execute(
            "insert into intermediate.int_cross_source__results values ('crimes', 'DIFFER', 'warning', 'accuracy',"
            " 'They should tell the same', 'Registrar', ?, '2019-08-07', 'now', 24, 1, '2018-06 differs')",
            [FORCE],
        )
        [found] = observations.unusual_deliveries(look(warehouse)) or []
        assert (found.subject, found.names) == ("DIFFER", ())
        assert found.message == "They should tell the same: 2018-06 differs"


def test_before_the_first_build_nothing_is_known_of_unusual_deliveries(warehouse: duckdb.DuckDBPyConnection) -> None:
    assert observations.unusual_deliveries(look(warehouse)) is None


class TestChangedLayouts:
    """Columns that are not as the contract says."""

    def drift(self, warehouse: duckdb.DuckDBPyConnection, delivery_id: int, *values: Any) -> None:
        """One difference of a delivery from its contract."""
        warehouse.execute(
            "insert into ledger.drift values (?, ?, ?, ?, null, null, '- a line')", [delivery_id, *values]
        )

    def messages(self, warehouse: duckdb.DuckDBPyConnection) -> list[tuple[str, bool]]:
        """What is told, and whether it lasts."""
        return [(found.message, found.lasting) for found in observations.changed_layouts(look(warehouse))]

    def test_of_the_newest_accepted_delivery(self, warehouse: duckdb.DuckDBPyConnection) -> None:
        deliver(warehouse, 1, "2019-07-07")
        deliver(warehouse, 2, "2019-08-07")
        self.drift(warehouse, 1, "new", None, "old news")
        self.drift(warehouse, 2, "new", None, "Beat code")
        self.drift(warehouse, 2, "retyped", "easting", "decimal")
        self.drift(warehouse, 2, "not_supplied", "ward", None)
        self.drift(warehouse, 2, "new_value", "status", "9 characters")
        assert self.messages(warehouse) == [
            ("it has a column that the contract does not know: Beat code", True),
            ("its column easting reads as decimal, and not as the contract says", True),
        ]

    def test_of_a_rejected_file_once(self, warehouse: duckdb.DuckDBPyConnection) -> None:
        deliver(warehouse, 1, "2019-07-07", run="told")
        deliver(warehouse, 2, "2019-08-07", state="rejected")
        deliver(warehouse, 3, "2019-06-07", state="rejected", run="told")
        for delivery_id in (2, 3):
            self.drift(warehouse, delivery_id, "renamed", "recorded_at", "recorded on")
        assert self.messages(warehouse) == [
            ("its column recorded on may be recorded_at under another name", False),
        ]

    def test_it_is_told_instead_of_the_warning_of_unknown_columns(self, warehouse: duckdb.DuckDBPyConnection) -> None:
        deliver(warehouse, 1, "2019-08-07")
        for rule, severity in (("COLUMN_UNKNOWN", "warning"), ("PLACE_UNKNOWN", "info"), ("WARD_UNKNOWN", "warning")):
            warehouse.execute(
                "insert into ledger.rule_results values (1, 'now', ?, ?, 'validity', 'a message', 'Registrar', 9, 3)",
                [rule, severity],
            )
        assert [found.subject for found in observations.broken_rules(look(warehouse))] == ["WARD_UNKNOWN"]


class TestLateDeliveries:
    """Deliveries that are late or missing by the calendar."""

    def contract(self) -> Contract:
        """That of crimes."""
        return CONTRACTS["crimes"]

    def test_a_delivery_that_came_in_time_is_not_told(self, warehouse: duckdb.DuckDBPyConnection) -> None:
        deliver(warehouse, 1, "2019-08-07")
        assert observations.late_deliveries(look(warehouse)) == []

    def test_late_is_a_warning_and_missing_critical(self, warehouse: duckdb.DuckDBPyConnection) -> None:
        deliver(warehouse, 1, "2019-08-07")
        due = self.contract().due
        assert due is not None
        severities = []
        for day in range(1, 31):
            found = observations.late_deliveries(look(warehouse, datetime(2019, 9, day, 8)))
            severities.append(found[0].severity if found else None)
        first_late, first_missing = severities.index("warning"), severities.index("critical")
        assert 0 < first_late < first_missing
        assert severities == [None] * first_late + ["warning"] * (first_missing - first_late) + ["critical"] * (
            30 - first_missing
        )

    def test_it_says_when_it_was_due(self, warehouse: duckdb.DuckDBPyConnection) -> None:
        deliver(warehouse, 1, "2019-08-07")
        [found] = observations.late_deliveries(look(warehouse, datetime(2019, 9, 30, 8)))
        assert "9 September 2019" in found.message
