"""report: which month of which force it is of, and what it says of where it is."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any
from unittest.mock import patch

import duckdb
import pytest

from flows import clock
from flows.errors import UsageError
from flows.report import partnership
from flows.report.document import Edition
from flows.settings import Settings
from tests.cli.conftest import Safercity
from tests.faults.sandbox import Sandbox

CITY, KENT = "City of London Police", "Kent Police"


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    """A release with crimes of one force, of each month from a week after its end on, and of another of open data."""
    with duckdb.connect() as made:
        made.execute(
            f"""
            create schema marts;
            create table marts.all_crime_performance as
            select 'force' as record_source, '{CITY}' as force, month::date as month, 5 as offences
            from range(date '2019-01-01', date '2019-09-01', interval 1 month) as months (month)
            union all
            select 'police_uk', '{KENT}', date '2019-07-01', 7;
            create macro marts.all_crime_performance_as_of(as_of) as table
              from marts.all_crime_performance where month + interval 1 month + interval 6 days <= as_of;
            """
        )
        yield made


def choose(connection: duckdb.DuckDBPyConnection, today: date = date(2019, 9, 11), **given: Any) -> Edition:
    with patch.object(clock, "today", lambda: today):
        return partnership.choose(connection, Settings(), "force", **given)


class TestWhichOne:
    @pytest.mark.parametrize(
        ("today", "month"),
        [
            (date(2019, 9, 7), date(2019, 8, 1)),
            (date(2019, 9, 6), date(2019, 7, 1)),
            (date(2019, 8, 7), date(2019, 7, 1)),
            (date(2019, 8, 31), date(2019, 7, 1)),
        ],
    )
    def test_by_default_the_last_month_that_had_ended_a_week_before_as_of_today(
        self, connection: duckdb.DuckDBPyConnection, today: date, month: date
    ) -> None:
        assert choose(connection, today) == Edition(CITY, "force", month, today)

    def test_the_month_follows_the_day_that_is_asked_for(self, connection: duckdb.DuckDBPyConnection) -> None:
        assert choose(connection, as_of=date(2019, 2, 7)).month == date(2019, 1, 1)

    def test_the_force_of_the_settings_among_several(self, connection: duckdb.DuckDBPyConnection) -> None:
        connection.execute(f"insert into marts.all_crime_performance values ('force', '{KENT}', date '2019-08-01', 1)")
        assert choose(connection).force == CITY
        assert choose(connection, force=KENT).force == KENT

    @pytest.mark.parametrize(
        ("given", "said"),
        [
            ({"as_of": date(2019, 9, 12)}, "12 September 2019 is still to come"),
            ({"month": date(2019, 9, 1)}, "September 2019 had not ended on 11 September 2019; give a later --as-of"),
            (
                {"month": date(2019, 7, 1), "as_of": date(2019, 8, 1)},
                f"there are no crimes of {CITY} for 2019-07 as of 2019-08-01: the newest month known then is 2019-06",
            ),
            (
                {"month": date(2018, 12, 1), "as_of": date(2019, 1, 7)},
                "no month was known then",
            ),
            ({"force": KENT}, f"the release has no crimes of '{KENT}'; it has those of: {CITY}"),
        ],
    )
    def test_what_cannot_be_reported(
        self, connection: duckdb.DuckDBPyConnection, given: dict[str, Any], said: str
    ) -> None:
        with pytest.raises(UsageError) as refused:
            choose(connection, **given)
        assert said in str(refused.value)


def test_nothing_published(sandbox: Sandbox, safercity: Safercity) -> None:
    ended = safercity(sandbox, "report")
    assert (ended.code, ended.out) == (2, "")
    assert "nothing has been published" in ended.err


def test_where_it_is(demo: tuple[Sandbox, Any], safercity: Safercity, tmp_path: Path) -> None:
    """Of a release that was reported before: the same issue, and copies where they were asked for."""
    sandbox, _ = demo
    kept = sandbox.data / "reports/partnership/2019-07-as-of-2019-08-07"
    before = {path: path.read_bytes() for path in kept.iterdir()}
    arguments = ("report", "--month", "2019-07", "--as-of", "2019-08-07", "--out", str(tmp_path))
    ended = safercity(sandbox, *arguments, "--json")
    copies = {
        ending: tmp_path / f"partnership-report-2019-07-as-of-2019-08-07-issue-1.{ending}"
        for ending in ("html", "xlsx")
    }
    assert json.loads(ended.out) == {
        "force": CITY,
        "edition": "partnership",
        "month": "2019-07",
        "as_of": "2019-08-07",
        "release_id": sandbox.paths.current.resolve().name,
        "issue": 1,
        "is_new": False,
        "changes": 0,
        "html": str(copies["html"]),
        "xlsx": str(copies["xlsx"]),
    }
    assert copies["html"].read_bytes() == before[kept / "issue-1.html"]
    assert copies["xlsx"].read_bytes() == before[kept / "issue-1.xlsx"]
    assert {path: path.read_bytes() for path in kept.iterdir()} == before
