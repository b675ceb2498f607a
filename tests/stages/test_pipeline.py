"""The flow from end to end: what a failed audit leaves, what people are shown, and how figures move."""

from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Any
from unittest.mock import Mock, patch

import duckdb
import pytest
from prefect import Task
from prefect.client.schemas.objects import State
from prefect.states import Failed

from flows import messages, pipeline, releases, runs
from flows.errors import SaferCityError
from flows.operate import read
from flows.stages.transform import Node
from flows.warehouse import WarehouseBusyError
from tests.faults.batches import second_batch
from tests.faults.sandbox import Artifacts, Sandbox
from tests.faults.street import CITY, first_batch, row, rows, street
from tests.lean_dbt import audited


def test_a_failed_audit_leaves_the_published_release_and_mended_data_passes(
    published_copy: Sandbox, both_batches: Sandbox
) -> None:
    sandbox = published_copy
    before = releases.current(sandbox.paths)
    sandbox.deliver(second_batch())
    sandbox.load()
    with duckdb.connect(str(sandbox.paths.warehouse)) as connection:
        # A row of April vanishes after the load: the ledger has it, the states will not.
        one = "select min(record_no) from raw.police_uk_street where month = date '2019-04-01'"
        lost = f"month = date '2019-04-01' and reported_by = '{CITY}' and record_no = ({one})"
        connection.execute(f"create table main.lost as from raw.police_uk_street where {lost}")
        connection.execute(f"delete from raw.police_uk_street where {lost}")
    with pytest.raises(SaferCityError) as raised, audited():
        sandbox.run()
    assert raised.value.exit_code == 1
    told = str(raised.value)
    assert told.startswith("the new release did not pass its audit, and the published one stands: sums_hold")
    assert "\n" not in told
    assert releases.current(sandbox.paths) == before
    assert not sandbox.paths.building.exists()
    assert sandbox.warehouse("select count(*) from ledger.releases") == [(1,)]
    newest = "select state, message from ledger.runs order by started_at desc, rowid desc limit 1"
    assert sandbox.warehouse(newest) == [("failed", told)]
    assert not sandbox.nothing_to_do()

    with duckdb.connect(str(sandbox.paths.warehouse)) as connection:
        connection.execute("insert into raw.police_uk_street from main.lost; drop table main.lost")
    assert sandbox.run().release is not None
    assert sandbox.differences(both_batches) == {}


def test_a_failed_run_is_told_to_people(published_copy: Sandbox) -> None:
    """A run that ends without a release is what an engineer must hear of first."""
    sandbox = published_copy
    sandbox.deliver({"2019-06-kent-street.csv": b""})
    alerts = sandbox.warehouse("select count(*) from ledger.alerts")[0][0]
    fails = Mock(side_effect=SaferCityError("the build did not pass its audit"))
    with patch.object(pipeline.transform, "transform", fails), pytest.raises(SaferCityError):
        sandbox.run()
    told = sandbox.warehouse("select title, body from ledger.alerts order by rowid offset ?", [alerts])
    assert "2019-06-kent-street.csv" in repr(told)
    assert "the build did not pass" in repr(told)


def test_a_run_that_is_ended_from_outside_was_killed(sandbox: Sandbox) -> None:
    """As by Prefect, which ends a flow with an exception of this sort: whoever watches tells people of it."""
    with pytest.raises(KeyboardInterrupt), runs.open_run(sandbox.settings, "test"):
        raise KeyboardInterrupt
    assert sandbox.warehouse("select state, message from ledger.runs") == [("killed", "KeyboardInterrupt")]


class TestARunWithNothingNew:
    """A run that is asked for all the same does no harm."""

    def test_nothing_is_published(self, published_copy: Sandbox) -> None:
        before = published_copy.paths.current.readlink()
        summary = published_copy.run()
        assert (summary.files, summary.release, summary.exit_code) == ([], None, 0)
        assert published_copy.paths.current.readlink() == before

    def test_a_release_that_vanished_is_made_again(self, published_copy: Sandbox) -> None:
        published_copy.paths.current.unlink()
        assert not published_copy.nothing_to_do()
        with published_copy.patched(), runs.open_run(published_copy.settings, "test") as run:
            assert runs.release_is_due(run, full_refresh=False)


def test_a_data_folder_may_have_any_name(tmp_path: Path) -> None:
    sandbox = Sandbox(tmp_path / "O'Brien & Söhne (police) 100%")
    sandbox.deliver(street("2019-01", rows("2019-01", 3)))
    assert sandbox.run().exit_code == 0
    found = read.query(sandbox.paths, "select offences from marts.all_crime_performance", date(2019, 3, 31))
    assert found.rows == [(3,)]


class TestFiguresThatMove:
    """Months published again, in the data of both batches."""

    COLUMNS = "extract_date::varchar, offences, previous_offences, change, resupplied, first_published"

    def movements(self, sandbox: Sandbox, measure: str, month: str) -> list[tuple[Any, ...]]:
        return sandbox.marts(
            f"select {self.COLUMNS} from marts.restatements where record_source = 'police_uk' and force = '{CITY}'"
            f" and measure = '{measure}' and month = date '{month}-01' order by extract_date"
        )

    def test_a_resupply_with_other_counts_moves_them(self, both_batches: Sandbox) -> None:
        assert self.movements(both_batches, "all_crime", "2019-02") == [
            ("2019-04-30", 5, None, None, None, True),
            ("2019-06-30", 9, 5, 4, 4, False),
        ]
        assert self.movements(both_batches, "asb", "2019-02") == [
            ("2019-04-30", 2, None, None, None, True),
            ("2019-06-30", 0, 2, -2, -2, False),
        ]

    def test_a_resupply_that_is_taken_back_moves_them_twice(self, both_batches: Sandbox) -> None:
        assert self.movements(both_batches, "all_crime", "2019-01") == [
            ("2019-03-31", 8, None, None, None, True),
            ("2019-06-30", 5, 8, -3, -3, False),
            ("2019-07-31", 8, 5, 3, 3, False),
        ]

    def test_a_figure_can_be_asked_as_of_before_and_after(self, both_batches: Sandbox) -> None:
        def as_of(day: str) -> list[tuple[Any, ...]]:
            return both_batches.marts(
                f"select month::varchar, offences from marts.all_crime_performance_as_of(date '{day}')"
                f" where record_source = 'police_uk' and force = '{CITY}' and month < date '2019-03-01' order by month"
            )

        assert as_of("2019-06-29") == [("2019-01-01", 8), ("2019-02-01", 5)]
        assert as_of("2019-06-30") == [("2019-01-01", 5), ("2019-02-01", 9)]
        assert as_of("2019-07-31") == [("2019-01-01", 8), ("2019-02-01", 9)]

    def test_a_month_that_did_not_arrive_is_missing_not_zero(self, both_batches: Sandbox) -> None:
        found = both_batches.marts(
            "select month::varchar, coverage, offences from marts.all_crime_performance"
            " where force = 'Sample Constabulary' order by month"
        )
        assert found == [
            ("2019-01-01", "complete", 4),
            ("2019-02-01", "missing", None),
            ("2019-03-01", "complete", 3),
            ("2019-04-01", "complete", 2),
        ]

    def test_every_version_of_a_slice_is_kept(self, both_batches: Sandbox) -> None:
        found = both_batches.marts(
            "select known_from::varchar, known_to::varchar, count(*) from marts.street_crime_versions"
            f" where force = '{CITY}' and month = date '2019-01-01' group by all order by all"
        )
        assert found == [
            ("2019-03-31", "2019-06-30", 11),
            ("2019-06-30", "2019-07-31", 5),
            ("2019-07-31", None, 11),
        ]


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Artifacts:
    """What the load of the first batch shows in Prefect."""
    sandbox = Sandbox(tmp_path_factory.mktemp("shown"))
    sandbox.deliver(first_batch())
    sandbox.load()
    return sandbox.artifacts


class TestWhatIsShown:
    """The pages of a run in Prefect: names, rules and counts."""

    def test_what_arrived(self, shown: Artifacts) -> None:
        assert (
            shown["arrived-police-uk-street"]
            == """\
# police_uk_street: what arrived

| force | files | rows received | accepted | quarantined |
|---|--:|--:|--:|--:|
| City of London Police | 3 | 27 | 25 | 2 |
| Sample Constabulary | 2 | 8 | 8 | 0 |

## Rejected files

| file | why |
|---|---|
| 2019-02-sample-constabulary-street.csv | columns of the contract are missing from its header: month; add them, or \
list the header that the system uses in the contract |"""
        )

    def test_what_failed(self, shown: Artifacts) -> None:
        lines = shown["failed-police-uk-street"].splitlines()
        assert lines[0] == "# police_uk_street: what failed"
        assert lines[2] == "| rule | severity | what it means | files | rows | owner |"
        assert lines[4] == (
            "| CRIME_ID_FORMAT | critical | Crime ID is not 64 lower-case hexadecimal digits | 1 | 1 |"
            " Open data steward |"
        )
        assert [line.split(" | ")[1] for line in lines[4:]] == ["critical", "critical", *["warning"] * 3]

    def test_a_load_in_which_all_is_well_says_so(self, sandbox: Sandbox) -> None:
        sandbox.deliver(street("2019-01", rows("2019-01", 3)))
        sandbox.load()
        assert sandbox.artifacts["failed-police-uk-street"] == "# police_uk_street: every row met every rule"

    def test_a_bar_in_a_file_name_does_not_break_the_table(self, sandbox: Sandbox) -> None:
        sandbox.deliver({"2019-01-a|b-street.csv": b""})
        sandbox.load()
        rejected = sandbox.artifacts["arrived-police-uk-street"].splitlines()[-1]
        assert rejected.replace(r"\|", "").count("|") == 3

    def test_what_was_published(self, published: Sandbox) -> None:
        release = releases.current(published.paths)
        assert release is not None
        page = messages.release_page(release)
        assert page.startswith(f"# Published: {release.release_id}\n\nMarking: OFFICIAL. Code: {release.code_version}.")
        assert "| street_crimes | 32 |" in page

    def test_the_slowest_nodes_come_first(self) -> None:
        nodes = [Node("quick", "test", "pass", 0.1, 0, "marts"), Node("slow", "model", "success", 2.0, None, "states")]
        assert messages.nodes_table(nodes) == [
            {"node": "slow", "kind": "model", "status": "success", "seconds": 2.0, "failures": None},
            {"node": "quick", "kind": "test", "status": "pass", "seconds": 0.1, "failures": 0},
        ]

    @pytest.mark.parametrize(
        ("source", "key"), [("police_uk_street", "arrived-police-uk-street"), ("Ä b", "arrived-b")]
    )
    def test_keys_are_such_as_prefect_takes(self, source: str, key: str) -> None:
        assert messages.artifact_key("arrived", source) == key


class TestRetries:
    """Trying again is for file systems and networks; a failed check fails the second time too."""

    def tasks(self) -> Iterable[Task[..., Any]]:
        return [value for value in vars(pipeline).values() if isinstance(value, Task)]

    def test_only_reading_and_telling_are_tried_again(self) -> None:
        again = {task.fn.__name__: task.retries for task in self.tasks() if task.retries}
        assert again == {"extract_source": 2, "read_again": 2, "tell_people": 2}
        assert all(task.retry_condition_fn is pipeline.can_help for task in self.tasks() if task.retries)

    @pytest.mark.parametrize(
        ("state", "helps"),
        [
            (Failed(data=OSError("the network is away")), True),
            (Failed(data=TimeoutError("the network is slow")), True),
            (Failed(data=SaferCityError("a rule could not be judged")), False),
            (Failed(data=WarehouseBusyError("the warehouse is being written")), False),
            (Failed(data=ValueError("a fault of the program")), False),
        ],
    )
    def test_trying_again_helps_when_the_file_system_failed(self, state: State[Any], helps: bool) -> None:
        assert pipeline.can_help(None, None, state) is helps


def test_rows_of_a_quarantined_crime_are_in_no_mart(published: Sandbox) -> None:
    bad = [row("2019-01", 30)["Crime ID"], "31"]
    for table in ("street_crimes", "street_crime_versions"):
        assert published.marts(f"select count(*) from marts.{table} where crime_id in {tuple(bad)}") == [(0,)]
        assert published.marts(f"select count(*) from marts.{table} where crime_type = 'Mopery'") == [(0,)]
