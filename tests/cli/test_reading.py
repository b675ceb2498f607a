"""status, deliveries, sources, sql: what they print on a published release, and before there is one."""

import shutil
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from flows import releases
from flows.contracts import load_contracts
from tests.cli.conftest import Ended, Safercity
from tests.faults.sandbox import Sandbox
from tests.faults.street import CITY

RELEASE_KEYS = {
    "release_id",
    "published_at",
    "code_version",
    "marking",
    "rows_per_table",
    "fingerprint",
    "deliveries_digest",
    "despite_audit",
}
DELIVERY_KEYS = {
    "source",
    "force",
    "slice",
    "file_name",
    "extract_date",
    "revision",
    "state",
    "received",
    "accepted",
    "quarantined",
    "rejected",
    "loaded",
    "unchanged",
    "superseded_in_file",
    "reason",
}


class TestStatus:
    """What is published and what it covers."""

    def test_for_people(self, safercity: Safercity, published: Sandbox) -> None:
        ended = safercity(published, "status")
        release = releases.current(published.paths)
        assert release is not None
        assert ended.code == 0
        assert ended.lines[0].startswith(f"Published: {release.release_id} at {release.published_at} UTC, OFFICIAL")
        assert str(published.paths.published_database) in ended.out
        covered = ended.lines[5 : ended.lines.index("", 5)]
        assert [line.split("\t")[0] for line in covered] == ["crimes", "police_uk_street", "police_uk_street"]
        city = next(line for line in ended.lines if "police_uk_street\tCity of London" in line).split("\t")
        assert city == [
            "police_uk_street",
            "City of London Police",
            "2019-01-01",
            "2019-03-01",
            "0",
            "24",
            "2019-05-31",
        ]
        sample = next(line for line in ended.lines if "Sample Constabulary" in line).split("\t")
        assert sample[4] == "1"

    def test_for_scripts(self, safercity: Safercity, published: Sandbox) -> None:
        told = safercity(published, "status", "--json").json
        assert set(told) == {"release", "sources", "today", "freshness"}
        assert set(told["release"]) == RELEASE_KEYS
        assert [(source["source"], source["force"], source["months_missing"]) for source in told["sources"]] == [
            ("crimes", "City of London Police", 0),
            ("police_uk_street", "City of London Police", 0),
            ("police_uk_street", "Sample Constabulary", 1),
        ]
        assert [source["newest_extract"] for source in told["sources"][:2]] == ["2019-03-07", "2019-05-31"]


class TestDue:
    """What status says of the next deliveries. The first batch has crimes to 7 March 2019, police.uk to March."""

    def rows(self, ended: Ended) -> list[list[str]]:
        start = next(place for place, line in enumerate(ended.lines) if line.startswith("What is due"))
        return [line.split("\t") for line in ended.lines[start + 2 :]]

    def test_on_a_day_when_crimes_are_late(self, safercity: Safercity, published: Sandbox) -> None:
        then = replace(published, today=date(2019, 4, 9))
        found = self.rows(safercity(then, "status"))
        # March ended on a Sunday: 1 to 8 April are six working days, and it is late from the seventh on.
        assert found[:3] == [
            ["crimes", CITY, "2019-03-07", "2019-04-08", "late", "1", "Force crime registrar"],
            ["police_uk_street", "2 forces", "2019-05-31", "2019-07-04", "on time", "0", "Open data steward"],
            ["asb_incidents", "", "", "", "awaited", "0", "Force incident registrar"],
        ]
        assert {row[4] for row in found[2:]} == {"awaited"}

    def test_long_after_all_it_says_since_when_nothing_has_come(self, safercity: Safercity, published: Sandbox) -> None:
        ended = safercity(published, "status")
        assert [row[4] for row in self.rows(ended)[:2]] == ["missing", "missing"]
        assert ended.lines[-1] == (
            "Nothing has come for 1,706 days: the newest extract of any source is of 31 May 2019. To see what was due"
            " on a day of the past, set it: SAFERCITY_NOW=2019-05-31 safercity status"
        )

    def test_for_scripts(self, safercity: Safercity, published: Sandbox) -> None:
        told = safercity(replace(published, today=date(2019, 4, 9)), "status", "--json").json
        assert told["today"] == "2019-04-09"
        assert [item for item in told["freshness"] if item["source"] == "crimes"] == [
            {
                "source": "crimes",
                "force": CITY,
                "owner": "Force crime registrar",
                "state": "late",
                "message": "March 2019 was due by the end of 8 April 2019 and is 1 working day late;"
                " the newest extract is of 7 March 2019",
                "last_extract": "2019-03-07",
                "period_end": "2019-03-31",
                "due_on": "2019-04-08",
                "late_on": "2019-04-09",
                "missing_on": "2019-04-15",
                "days_late": 1,
            }
        ]


class TestDeliveries:
    """What arrived and what became of it."""

    def test_newest_first_with_every_sum(self, safercity: Safercity, published: Sandbox) -> None:
        told = safercity(published, "deliveries", "--json").json
        assert len(told) == 9
        assert all(set(delivery) == DELIVERY_KEYS for delivery in told)
        assert [d["extract_date"] for d in told] == sorted((d["extract_date"] for d in told), reverse=True)
        for d in told:
            if d["state"] == "loaded":
                assert d["received"] == d["accepted"] + d["quarantined"] + d["rejected"]
                assert d["accepted"] == d["loaded"] + d["unchanged"] + d["superseded_in_file"]

    def test_filters(self, safercity: Safercity, published: Sandbox) -> None:
        def names(*arguments: str) -> list[str]:
            return [d["file_name"] for d in safercity(published, "deliveries", "--json", *arguments).json]

        rejected = ["2019-02-sample-constabulary-street.csv", "crimes_2019-03-14.csv"]
        assert names("--state", "rejected") == rejected
        assert len(names("--force", "City of London Police")) == 6
        assert names("--force", "Nobody's") == []
        assert names("--source", "crimes", "--state", "loaded") == ["crimes_2019-03-07.csv", "crimes_2019-02-07.csv"]
        assert len(names("--limit", "2")) == 2
        assert len(names("--limit", "0")) == 9

    def test_for_people_it_says_why_a_file_was_rejected(self, safercity: Safercity, published: Sandbox) -> None:
        ended = safercity(published, "deliveries", "--state", "rejected")
        assert "columns of the contract are missing from its header: month" in ended.out

    def test_for_people_it_says_when_there_are_more(self, safercity: Safercity, published: Sandbox) -> None:
        assert safercity(published, "deliveries", "--limit", "2").lines[-1] == "The newest 2; see all with --limit 0."
        assert not safercity(published, "deliveries").out.endswith("--limit 0.\n")

    @pytest.mark.parametrize("arguments", [("--state", "lost"), ("--limit", "-1")])
    def test_what_makes_no_sense(self, arguments: tuple[str, ...], safercity: Safercity, published: Sandbox) -> None:
        assert safercity(published, "deliveries", *arguments).code == 2


class TestSources:
    """The contracts."""

    def test_for_people_and_for_scripts(self, safercity: Safercity, sandbox: Sandbox) -> None:
        contracts = load_contracts()
        listed = safercity(sandbox, "sources").lines[1:]
        assert [line.split("\t")[0] for line in listed] == list(contracts)
        told = safercity(sandbox, "sources", "--json").json
        assert [source["source"] for source in told] == list(contracts)
        assert {"columns", "rules", "delivery", "key", "owner"} <= set(told[0])


class TestSql:
    """Questions of an analyst."""

    def ask(self, safercity: Safercity, sandbox: Sandbox, *arguments: str) -> Any:
        return safercity(sandbox, "sql", "--json", *arguments).json

    def test_lines_of_tabs_where_nobody_looks(self, safercity: Safercity, published: Sandbox) -> None:
        ended = safercity(published, "sql", "select month, 1000 + 1 as n, null as nothing from marts.coverage limit 1")
        assert ended.lines == ["month\tn\tnothing", "2019-01-01\t1001\t"]
        assert ended.err == ""

    def test_values_of_every_type_are_json(self, safercity: Safercity, published: Sandbox) -> None:
        query = """
            select
              date '2019-08-07' as day, timestamp '2019-08-07 10:11:12' as moment, 1.5::decimal(3, 1) as price,
              'nan'::double as nothing, 'inf'::double as too_much, [date '2019-08-07'] as days,
              map {date '2019-08-07': 1} as by_day, {'day': date '2019-08-07'} as packed, interval 2 day as span,
              null as missing, true as yes, 'é' as letter, ['nan'::double] as list_of_nothing
        """
        [told] = self.ask(safercity, published, query)
        assert told["day"] == "2019-08-07"
        assert told["moment"].startswith("2019-08-07T10:11:12")
        assert float(told["price"]) == 1.5
        assert (told["nothing"], told["too_much"], told["missing"]) == (None, None, None)
        assert told["days"] == ["2019-08-07"]
        assert told["by_day"] == {"2019-08-07": 1}
        assert told["packed"] == {"day": "2019-08-07"}
        assert (told["yes"], told["letter"]) == (True, "é")

    def test_no_rows_are_an_empty_list(self, safercity: Safercity, published: Sandbox) -> None:
        assert self.ask(safercity, published, "from marts.coverage where false") == []

    def test_columns_of_one_name_are_both_there(self, safercity: Safercity, published: Sandbox) -> None:
        [told] = self.ask(safercity, published, "select 1 as a, 2 as a")
        assert sorted(told.values()) == [1, 2]

    @pytest.mark.parametrize(
        "query",
        [
            "",
            ";",
            "/* nothing */",
            "select 1; select 2",
            "selec 1",
            "from marts.nothing",
            "create table marts.mine as select 1",
            "delete from marts.coverage",
            "drop table marts.coverage",
            "copy marts.coverage to '/tmp/coverage.csv'",
            "from read_csv('/etc/passwd')",
            "attach '/tmp/other.duckdb' as other",
            "set enable_external_access = true",
            "install httpfs",
        ],
    )
    def test_what_is_no_question_is_refused(self, query: str, safercity: Safercity, published: Sandbox) -> None:
        ended = safercity(published, "sql", query)
        assert ended.code == 2
        assert ended.err.startswith("safercity: ")
        assert ended.out == ""

    def test_as_of_every_table_is_as_it_was(self, safercity: Safercity, published: Sandbox) -> None:
        query = """
            select month, offences from marts.all_crime_performance
            where record_source = 'police_uk' and force like 'City%' order by month
        """
        now = self.ask(safercity, published, query)
        then = self.ask(safercity, published, query, "--as-of", "2019-05-30")
        assert [row["offences"] for row in now] == [8, 5, 6]
        assert then == now[:2]
        assert self.ask(safercity, published, query, "--as-of", "2019-05-31") == now

    def test_as_of_dimensions_are_as_they_are(self, safercity: Safercity, published: Sandbox) -> None:
        query = "select count(*) as n from marts.dim_measure"
        assert self.ask(safercity, published, query, "--as-of", "2019-05-30") == self.ask(safercity, published, query)

    @pytest.mark.parametrize(
        "table", ["street_crimes", "marts.coverage", "safer_city.marts.coverage", "safer_city.marts.deliveries"]
    )
    def test_as_of_nothing_of_today_can_slip_in(self, table: str, safercity: Safercity, published: Sandbox) -> None:
        ended = safercity(published, "sql", f"from {table}", "--as-of", "2019-05-30")
        assert ended.code == 2
        assert "with --as-of only tables that have an _as_of macro and dimensions can be named" in ended.err

    @pytest.mark.parametrize("day", ["30/05/2019", "2019-02-30", "yesterday", "2019-05"])
    def test_as_of_no_date(self, day: str, safercity: Safercity, published: Sandbox) -> None:
        ended = safercity(published, "sql", "select 1", "--as-of", day)
        assert ended.code == 2
        assert "--as-of" in ended.err


def test_nothing_but_the_release_is_needed(safercity: Safercity, published_copy: Sandbox) -> None:
    """Whatever holds the warehouse at the moment, these commands do not wait for it."""
    shutil.rmtree(published_copy.paths.warehouse_dir)
    for arguments in (["status"], ["deliveries"], ["releases", "list"], ["sql", "select 1"]):
        assert safercity(published_copy, *arguments).code == 0
    assert not published_copy.paths.warehouse_dir.exists()


@pytest.mark.parametrize("arguments", [["status"], ["deliveries"], ["sql", "select 1"], ["status", "--json"]])
def test_before_anything_is_published(arguments: list[str], safercity: Safercity, sandbox: Sandbox) -> None:
    ended = safercity(sandbox, *arguments)
    assert ended.code == 2
    assert ended.error == f"nothing has been published in {sandbox.paths.published} yet; run: safercity run"
    assert not sandbox.data.exists()


@pytest.mark.parametrize(
    "arguments", [["--help"], ["run", "--help"], ["sql", "--help"], ["releases", "--help"], ["--version"]]
)
def test_help_explains_itself(arguments: list[str], safercity: Safercity, sandbox: Sandbox) -> None:
    ended = safercity(sandbox, *arguments)
    assert (ended.code, ended.err) == (0, "")
    assert len(ended.out) > 8


@pytest.mark.parametrize("arguments", [["nonsense"], ["run", "--nonsense"], ["sql"], ["releases", "nonsense"]])
def test_a_command_that_is_none(arguments: list[str], safercity: Safercity, sandbox: Sandbox) -> None:
    ended = safercity(sandbox, *arguments)
    assert ended.code == 2
    assert "Traceback" not in ended.err
