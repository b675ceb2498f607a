"""The audit before publish: what no delivery explains stops a release, and what one does explain goes through."""

import shutil
from unittest.mock import patch

import duckdb
import pytest

from flows import comparison, releases
from flows.errors import StoppedReleaseError
from flows.releases import DATABASE
from flows.settings import Settings
from flows.stages import audit, transform
from flows.stages.transform import Transformed
from tests.faults.batches import second_batch
from tests.faults.sandbox import Sandbox
from tests.faults.street import CITY

ANOTHER_PROGRAM = "another program"
NEWEST = f"""
  source = 'police_uk_street' and force = '{CITY}'
  and month = (select max(month) from marts.coverage where source = 'police_uk_street' and force = '{CITY}')
"""


class Built:
    """A release that was built beside the published one: a copy of a published file, to be changed."""

    def __init__(self, sandbox: Sandbox, of: Sandbox) -> None:
        self.settings = sandbox.settings
        self.database = sandbox.paths.building / DATABASE
        self.database.parent.mkdir(parents=True)
        shutil.copy(of.paths.published_database.resolve(), self.database)
        self.database.chmod(0o644)
        published = releases.current(sandbox.paths)
        assert published is not None
        self.same_program = published.fingerprint

    def change(self, statement: str) -> None:
        """Change the built file."""
        with duckdb.connect(str(self.database)) as connection:
            connection.execute(statement)

    def findings(self, fingerprint: str | None = None) -> list[tuple[str, str]]:
        """Code and severity of each finding."""
        audited = audit.audit(self.settings, fingerprint or self.same_program)
        return [(finding.code, finding.severity) for finding in audited.findings]


@pytest.fixture
def again(published_copy: Sandbox) -> Built:
    """The published release, built again from the same deliveries."""
    return Built(published_copy, published_copy)


@pytest.fixture
def with_more(published_copy: Sandbox, both_batches: Sandbox) -> Built:
    """A release built after a second batch of deliveries."""
    return Built(published_copy, both_batches)


def test_the_same_release_has_no_finding_and_moves_nothing(again: Built) -> None:
    audited = audit.audit(again.settings, again.same_program)
    assert (audited.findings, audited.moved) == ([], [])


def test_what_deliveries_bring_has_no_finding(with_more: Built) -> None:
    assert with_more.findings() == []


def test_the_first_release_has_nothing_to_be_held_against(sandbox: Sandbox) -> None:
    assert audit.audit(sandbox.settings, "") == audit.Audited([], [])


def test_records_that_are_gone_stop_it_whatever_the_program(again: Built) -> None:
    again.change(f"update marts.coverage set rows = rows - 1 where {NEWEST}")
    assert again.findings() == [("ROWS_GONE", "critical")]
    assert again.findings(ANOTHER_PROGRAM) == [("ROWS_GONE", "critical")]


def test_records_that_go_with_the_delivery_that_brought_them_are_explained(again: Built) -> None:
    """A re-supply that is smaller than what it replaces is the owner's word."""
    again.change(f"update marts.coverage set rows = rows - 1 where {NEWEST}")
    again.change("update marts.deliveries set loaded = loaded - 1, accepted = accepted - 1 where loaded > 0")
    assert ("ROWS_GONE", "critical") not in again.findings()


def test_a_month_that_had_arrived_and_is_missing_stops_it(again: Built) -> None:
    again.change(f"update marts.coverage set state = 'missing' where {NEWEST}")
    assert again.findings(ANOTHER_PROGRAM) == [("MONTHS_GONE", "critical")]


def test_a_table_that_shrinks_stops_the_same_program_and_is_told_of_another(again: Built) -> None:
    again.change("delete from marts.all_crime_performance where month = (select max(month) from marts.coverage)")
    assert again.findings() == [("TABLE_SHRUNK", "critical")]
    assert again.findings(ANOTHER_PROGRAM) == [("TABLE_SHRUNK", "warning")]


def test_a_history_that_moves_without_a_delivery_stops_the_same_program(again: Built) -> None:
    one = "(select min((month, extract_date, measure)) from marts.measure_movements)"
    again.change(f"update marts.measure_movements set change = change + 1 where (month, extract_date, measure) = {one}")
    assert again.findings() == [("HISTORY_MOVED", "critical")]
    assert again.findings(ANOTHER_PROGRAM) == [("HISTORY_MOVED", "warning")]


def test_a_delivery_may_move_what_was_known_from_its_extract_on_and_nothing_before(with_more: Built) -> None:
    """The second batch's first extract lies after all of the first batch's movements but those of its own extract."""
    with duckdb.connect(str(with_more.database)) as connection:
        first = connection.execute("select min(extract_date) from marts.measure_movements").fetchone()
    assert first is not None
    with_more.change(f"update marts.measure_movements set change = change + 1 where extract_date = date '{first[0]}'")
    assert with_more.findings() == [("HISTORY_MOVED", "critical")]


def test_moved_figures_say_from_what_to_what_and_why(again: Built) -> None:
    month = "(select max(month) from marts.measure_movements where measure = 'all_crime')"
    cell = f"measure = 'all_crime' and force = '{CITY}' and month = {month}"
    again.change(f"update marts.all_crime_performance set offences = offences + 2 where {cell}")
    again.change(
        "insert into marts.measure_movements by name select * replace (date '2030-01-01' as extract_date, 2 as change,"
        " 3 as recorded_late, 0 as resupplied, -1 as cancelled)"
        f" from marts.measure_movements where {cell} limit 1"
    )
    [figure] = audit.audit(again.settings, ANOTHER_PROGRAM).moved
    assert figure.before is not None
    assert figure.after == figure.before + 2
    assert figure.causes == {"recorded_late": 3, "cancelled": -1}
    assert str(figure) == (
        f"all_crime {figure.month:%Y-%m} ({CITY}, police_uk): {figure.before} → {figure.after}"
        " (recorded late +3, cancelled -1)"
    )


def test_the_deliveries_that_changed_are_named(with_more: Built, published_copy: Sandbox) -> None:
    published = published_copy.paths.published_database.resolve()
    had = {name for (name,) in published_copy.marts("select file_name from marts.deliveries")}
    with comparison.opened(with_more.settings, published, with_more.database) as connection:
        changed = comparison.changed_deliveries(connection)
        now = connection.execute("select count(*) from new.marts.deliveries").fetchone()
        before = connection.execute("select count(*) from old.marts.deliveries").fetchone()
    assert now is not None
    assert before is not None
    new = [item for item in changed if item.before is None]
    assert len(new) == now[0] - before[0] > 0
    assert {item.file_name for item in changed if item.before} <= had


OLDEST = f"force = '{CITY}' and month = (select min(month) from marts.coverage where source = 'police_uk_street')"


class TestInTheFlow:
    """A stopped release is as good as never built; with a reason it goes out, and the reason stands with it."""

    @pytest.fixture
    def sandbox(self, published_copy: Sandbox) -> Sandbox:
        published_copy.deliver(second_batch())
        return published_copy

    def lossy(self, settings: Settings, *given: object, **named: object) -> Transformed:
        """The real build, but a month of the City is gone from it."""
        transformed = self.build(settings, *given, **named)  # pyright: ignore[reportArgumentType]
        with duckdb.connect(str(transformed.database)) as connection:
            connection.execute(f"update marts.coverage set state = 'missing' where {OLDEST}")
            connection.execute(
                "update marts.coverage set rows = rows - 100000"
                f" where source = 'police_uk_street' and force = '{CITY}';"
                f"update marts.all_crime_performance set offences = null where measure = 'all_crime' and {OLDEST}"
            )
        return transformed

    build = staticmethod(transform.transform)

    def test_it_is_stopped_and_says_what_would_have_changed(self, sandbox: Sandbox) -> None:
        before = sandbox.paths.current.readlink()
        with patch.object(transform, "transform", self.lossy), pytest.raises(StoppedReleaseError) as stopped:
            sandbox.run()
        assert stopped.value.exit_code == 1
        told = str(stopped.value)
        assert "the published one stands: police_uk_street of City of London Police had" in told
        assert "and no delivery explains it" in told
        assert "Published, it would have changed: all_crime 2019-" in told
        assert "→ not published (" in told
        assert "--despite-audit" in told
        assert sandbox.paths.current.readlink() == before
        assert [name.name for name in sandbox.paths.releases.iterdir()] == [before.name]
        # Once what made it is mended, the next run publishes.
        assert sandbox.run().release is not None

    def test_with_a_reason_it_goes_out_and_the_reason_stands_with_it(self, sandbox: Sandbox) -> None:
        with patch.object(transform, "transform", self.lossy):
            release = sandbox.run(despite_audit="the City withdrew the month").release
        assert release is not None
        assert release.despite_audit == "the City withdrew the month"
        published = releases.current(sandbox.paths)
        assert published == release

    @pytest.mark.slow
    def test_a_reason_that_was_not_needed_is_not_kept(self, sandbox: Sandbox) -> None:
        release = sandbox.run(despite_audit="to be sure").release
        assert release is not None
        assert release.despite_audit is None
