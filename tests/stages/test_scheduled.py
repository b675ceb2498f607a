"""The flows that schedules run beside those that write releases: housekeeping, and fetching open data."""

from collections.abc import Iterator
from contextlib import suppress
from datetime import date
from unittest.mock import Mock, patch

import pytest

from flows import audit_log, pipeline
from flows.contracts import Contract, load_contracts
from flows.errors import SaferCityError
from flows.operate.housekeeping import DueForReview
from tests.faults.archive_server import ArchiveServer, archive
from tests.faults.channels import Inbox, listening
from tests.faults.sandbox import Sandbox, without_prefect
from tests.faults.street import rows, street


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[ArchiveServer]:
    """A server that publishes one archive."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with listening(ArchiveServer()) as listens:
        listens.publish("2019-03.zip", archive(1, 50_000), '"one"')
        yield listens


def test_a_run_that_fails_is_told_once_for_what_it_is(published_copy: Sandbox) -> None:
    """By the run itself, and not again as one that could not begin."""
    sandbox = published_copy
    sandbox.deliver(street("2019-06", rows("2019-06", 8)))
    fails = Mock(side_effect=SaferCityError("the disk is full"))
    with (
        sandbox.patched(),
        without_prefect(sandbox.artifacts),
        patch.object(pipeline.transform, "transform", fails),
        pytest.raises(SaferCityError, match="the disk is full"),
    ):
        pipeline.ingest_what_is_new.fn()
    failures = "select kind from ledger.problems where kind like '%failed'"
    assert sandbox.warehouse(failures) == [("build_failed",)]


def test_so_is_one_that_cannot_begin(published_copy: Sandbox) -> None:
    published_copy.landing.rmdir()
    with published_copy.patched(), pytest.raises(SaferCityError, match="there is no landing folder"):
        pipeline.ingest_what_is_new.fn()
    failures = "select kind from ledger.problems where kind like '%failed'"
    assert published_copy.warehouse(failures) == [("run_failed",)]


def test_the_report_of_last_month_as_of_the_7th(published_copy: Sandbox) -> None:
    published_copy.today = date(2019, 3, 8)
    with published_copy.patched(), without_prefect(published_copy.artifacts):
        state = pipeline.report_of_month.fn()
        folders = sorted((published_copy.data / "reports/partnership").iterdir())
    assert state.message == "Issue 1 of February 2019 as of 2019-03-07"
    assert [folder.name for folder in folders] == ["2019-02-as-of-2019-03-07"]
    assert sorted(path.name for path in folders[0].iterdir()) == ["issue-1.html", "issue-1.json", "issue-1.xlsx"]


def test_where_nothing_is_known_of_the_month_there_is_no_report(published_copy: Sandbox) -> None:
    published_copy.today = date(2023, 3, 8)
    with published_copy.patched(), without_prefect(published_copy.artifacts):
        state = pipeline.report_of_month.fn()
    assert state.is_completed()
    assert state.message is not None
    assert state.message.startswith("No report: there are no crimes of City of London Police for 2023-02")


def test_housekeeping_frees_room_and_shows_what_is_due_for_review(published_copy: Sandbox) -> None:
    sandbox = published_copy
    sandbox.paths.scratch.mkdir()
    (sandbox.paths.scratch / "left.duckdb").write_bytes(b"x" * 2_000_000)
    contracts = load_contracts()
    given = contracts["crimes"].model_dump() | {"retention": 1}
    contracts["crimes"] = Contract.model_validate(given)
    with (
        sandbox.patched(),
        without_prefect(sandbox.artifacts),
        patch.object(pipeline, "load_contracts", lambda: contracts),
    ):
        state = pipeline.tidy_up.fn()
    assert state.message == "2.0 MB freed, 1 sources due for review"
    [due] = sandbox.artifacts["due-for-review"]
    assert due == vars(DueForReview("crimes", 1, due["rows"], date(2019, 1, 1), date(2019, 2, 1)))
    assert list(audit_log.read(sandbox.paths))[-1].act == "tidy"


def test_fetching_tells_what_became_of_each_archive(sandbox: Sandbox, server: ArchiveServer) -> None:
    sandbox.given = {"fetch": {"base_url": server.url, "tries": 1, "pause_seconds": 0}}
    sandbox.today = date(2019, 4, 20)
    sandbox.landing.mkdir()
    with sandbox.patched(), without_prefect(sandbox.artifacts):
        state = pipeline.fetch_open_data.fn(first=date(2019, 3, 9))
    assert state.message == "1 of 2 archives were new"
    told = [(item["month"], item["state"]) for item in sandbox.artifacts["fetched"]]
    assert told == [("2019-03", "fetched"), ("2019-04", "not published")]
    assert not sandbox.paths.warehouse.exists(), "it has nothing to tell, and nothing was loaded yet"
    assert (sandbox.landing / "2019-03.zip").exists()


def test_a_fetch_that_gets_nothing_has_failed(sandbox: Sandbox) -> None:
    sandbox.given = {"fetch": {"base_url": "http://127.0.0.1:9", "tries": 1, "pause_seconds": 0}}
    sandbox.today = date(2019, 4, 20)
    sandbox.landing.mkdir()
    with (
        sandbox.patched(),
        without_prefect(sandbox.artifacts),
        pytest.raises(SaferCityError, match="2 of 2 archives could not be fetched"),
    ):
        pipeline.fetch_open_data.fn(first=date(2019, 3, 9))
    assert sandbox.artifacts["fetched"][1]["state"] == "not tried"


def test_people_are_told_once_of_a_fetch_that_fails_and_when_it_works_again(
    sandbox: Sandbox, server: ArchiveServer
) -> None:
    sandbox.today = date(2019, 4, 20)
    sandbox.landing.mkdir()
    told = []
    with listening(Inbox()) as inbox:
        for base_url in ("http://127.0.0.1:9", "http://127.0.0.1:9", server.url, server.url):
            sandbox.given = {
                "fetch": {"base_url": base_url, "tries": 1, "pause_seconds": 0},
                "alerts": {"urls": [inbox.url]},
            }
            with sandbox.patched(), without_prefect(sandbox.artifacts), suppress(SaferCityError):
                pipeline.fetch_open_data.fn(first=date(2019, 3, 9))
            told.append(len(inbox.posted))
    assert told == [1, 1, 2, 2]
    first, second = (posted["message"] for posted in inbox.posted)
    assert "Open data could not be fetched: 2 of 2 archives could not be fetched" in first
    assert "safercity fetch" in first
    assert second.startswith("RECOVERED")
    assert sandbox.warehouse("select kind, ended_at is not null from ledger.problems") == [("fetch_failed", True)]
