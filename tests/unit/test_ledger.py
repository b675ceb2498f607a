"""The ledger of an older warehouse is brought up to this layout, step by step, and loses nothing."""

from collections.abc import Iterator
from datetime import datetime
from unittest.mock import patch

import duckdb
import pytest

from flows import ledger

AT = datetime(2019, 8, 7, 12)

FIRST_ALERTS = """
    create schema ledger;
    create table ledger.runs (run_id varchar primary key);
    create table ledger.alerts (
      run_id varchar not null,
      created_at timestamp not null,
      channel varchar not null,
      title varchar not null,
      body varchar not null,
      state varchar not null
    );
    insert into ledger.alerts values
      ('a run', '2019-08-07 12:00', 'json', 'a title', 'a body', 'sent'),
      ('a run', '2019-08-07 12:00', 'mailto', 'a title', 'a body', 'failed'),
      ('another', '2019-08-08 12:00', 'none', 'another', 'a body', 'no channel');
"""


@pytest.fixture(params=["it says so", "it says nothing"])
def first(request: pytest.FixtureRequest) -> Iterator[duckdb.DuckDBPyConnection]:
    """A warehouse of the first layout, which did not always say so."""
    with duckdb.connect() as connection:
        connection.execute(FIRST_ALERTS)
        if request.param == "it says so":
            connection.execute("create table ledger.warehouse (version integer not null)")
            connection.execute("insert into ledger.warehouse values (1)")
        yield connection


def layout(connection: duckdb.DuckDBPyConnection) -> list[tuple[str, ...]]:
    return connection.execute(
        "select table_name, column_name, data_type, is_nullable from duckdb_columns()"
        " where schema_name = 'ledger' and table_name <> 'runs' order by all"
    ).fetchall()


def test_an_older_one_is_brought_up_and_keeps_what_was_sent(first: duckdb.DuckDBPyConnection) -> None:
    ledger.create(first)
    assert ledger.version(first) == ledger.SCHEMA_VERSION
    with duckdb.connect() as new:
        ledger.create(new)
        assert layout(first) == layout(new)
    columns = "run_id, recipient, channel, channel_mark, title, body, state, attempts, next_attempt_at, sent_at, error"
    assert first.execute(f"select {columns} from ledger.alerts order by created_at, channel").fetchall() == [
        ("a run", "everybody", "json", None, "a title", "a body", "sent", 1, None, AT, None),
        ("a run", "everybody", "mailto", None, "a title", "a body", "given up", 1, None, None, "not delivered"),
        ("another", "everybody", "none", None, "another", "a body", "no channel", 1, None, None, None),
    ]
    assert first.execute("select count(distinct alert_id) from ledger.alerts").fetchall() == [(3,)]


def test_it_is_brought_up_once(first: duckdb.DuckDBPyConnection) -> None:
    ledger.create(first)
    ledger.create(first)
    assert first.execute("from ledger.warehouse").fetchall() == [(ledger.SCHEMA_VERSION,)]
    assert first.execute("select count(*) from ledger.alerts").fetchall() == [(3,)]


def test_a_step_that_fails_leaves_everything_as_it_was(first: duckdb.DuckDBPyConnection) -> None:
    before = layout(first)
    halfway = ledger._STEPS[2].replace("drop table ledger.alerts_before", "drop table ledger.not_there")
    with patch.dict(ledger._STEPS, {2: halfway}), pytest.raises(duckdb.CatalogException):
        ledger.create(first)
    assert (layout(first), ledger.version(first)) == (before, 1)
    ledger.create(first)
    assert ledger.version(first) == ledger.SCHEMA_VERSION


def test_there_is_a_step_to_each_version() -> None:
    assert list(ledger._STEPS) == list(range(2, ledger.SCHEMA_VERSION + 1))


def test_a_new_one_is_of_this_version() -> None:
    with duckdb.connect() as connection:
        ledger.create(connection)
        assert ledger.version(connection) == ledger.SCHEMA_VERSION
