"""run: through Prefect in a process of its own, and what it says when there is nothing to do or no way.

One run is made for most of these tests. Its landing folder holds the first batch and a file with MARKER in every
column that must not travel; its first attempt to read a file fails as a network drive does; and it cannot reach
anything outside this machine.
"""

import json
import sqlite3
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from subprocess import CompletedProcess
from types import ModuleType
from typing import Any
from unittest.mock import patch

import pytest

from flows import releases, warehouse
from flows.cli import main
from flows.errors import SaferCityError
from tests.cli.conftest import Safercity
from tests.faults.commands import imported, refused
from tests.faults.commands import safercity as command
from tests.faults.sandbox import Sandbox
from tests.faults.street import Files, first_batch, row, rows, text
from tests.model.police_uk import HEADER

READING_FAILS_ONCE = """
from flows.stages import extract
real = extract.extract
def fails_once(*args, **kwargs):
    extract.extract = real
    raise OSError("the network drive went away")
extract.extract = fails_once
from flows.cli import main
main()
"""

ARTIFACTS = {"arrived-police-uk-street", "failed-police-uk-street", "dbt-nodes", "published"}


def marked() -> Files:
    """A file whose bad rows, unknown column and malformed line are marked."""
    month = "2018-12"
    content = [
        *rows(month, 20),
        row(month, 30, Crime_type="MARKER Smith"),
        row(month, 31, Crime_ID="MARKER"),
        row(month, 32, Month="MARKER"),
    ]
    lines = text([{**fields, "Another name": "MARKER Jones"} for fields in content], [*HEADER, "Another name"])
    return {"2018-12/2018-12-city-of-london-street.csv": lines + b"MARKER,malformed\n"}


@pytest.fixture(scope="module")
def ran(once: Callable[[str, Callable[[Path], object]], Path]) -> tuple[Sandbox, "CompletedProcess[str]"]:
    """The run, and how it ended."""

    def make(folder: Path) -> None:
        sandbox = Sandbox(folder)
        sandbox.deliver(first_batch() | marked())
        ended = command(sandbox, "run", "--json", program=READING_FAILS_ONCE, notes=folder / "notes")
        (folder / "ended.json").write_text(json.dumps([ended.returncode, ended.stdout, ended.stderr]), encoding="utf-8")

    folder = once("ran", make)
    return Sandbox(folder), CompletedProcess("run", *json.loads((folder / "ended.json").read_text(encoding="utf-8")))


class TestARun:
    """A run through Prefect, with files that fail."""

    def test_it_publishes_and_says_that_a_file_was_rejected(self, ran: Any) -> None:
        sandbox, ended = ran
        assert (ended.returncode, ended.stderr) == (3, "")
        release = releases.current(sandbox.paths)
        assert release is not None
        assert sandbox.marts("select count(*) from marts.street_crimes") == [(52,)]

    def test_its_json_is_for_scripts(self, ran: Any) -> None:
        sandbox, ended = ran
        told = json.loads(ended.stdout)
        assert {
            "state",
            "run_id",
            "files",
            "failed_rules",
            "unmatched",
            "waiting",
            "repeats",
            "release",
            "seconds",
            "exit_code",
        } <= set(told)
        assert (told["state"], told["exit_code"], told["repeats"], told["waiting"]) == ("done", 3, 0, [])
        release = releases.current(sandbox.paths)
        assert release is not None
        assert told["release"]["release_id"] == told["run_id"] == release.release_id
        assert told["release"]["rows_per_table"] == release.rows_per_table
        assert {(f["file_name"], f["received"], f["quarantined"]) for f in told["files"]} >= {
            ("2018-12-city-of-london-street.csv", 24, 4),
            ("2019-02-sample-constabulary-street.csv", None, 0),
        }
        assert list(told["seconds"]) == ["extract", "validate", "load", "states", "marts", "audit", "publish", "report"]
        assert told["unmatched"] == ["notes/2019-01-city-of-london-notes.csv"]

    def test_nothing_was_reached_outside_this_machine(self, ran: Any) -> None:
        sandbox, _ = ran
        assert refused(sandbox.folder / "notes") == ""
        assert len(list((sandbox.folder / "notes").glob("modules-*"))) >= 1

    def test_reading_was_tried_again_and_nothing_else(self, ran: Any) -> None:
        """The first attempt failed, so that it was published proves that there was a second."""
        counts = dict(self.prefect(ran, "select name, run_count from task_run"))
        tried = {name.rsplit("-", 1)[0]: runs for name, runs in counts.items()}
        assert tried["extract police_uk_street"] == 2
        assert {name: runs for name, runs in tried.items() if runs != 1} == {"extract police_uk_street": 2}
        assert set(tried) == {
            "look at the landing folder",
            "reject archives",
            "extract police_uk_street",
            "validate police_uk_street",
            "load police_uk_street",
            "build and audit the marts",
            "audit the release",
            "publish",
            "write the quality page",
            "tell people",
        }

    def test_the_flow_ended_well(self, ran: Any) -> None:
        assert self.prefect(ran, "select state_type from flow_run") == [("COMPLETED",)]
        assert set(self.prefect(ran, "select state_type from task_run")) == {("COMPLETED",)}

    def test_what_it_shows_in_prefect(self, ran: Any) -> None:
        shown = {key: json.loads(data) for key, data in self.prefect(ran, "select key, data from artifact")}
        assert set(shown) == ARTIFACTS
        assert "| City of London Police | 4 | 51 | 45 | 6 |" in shown["arrived-police-uk-street"]
        assert "2019-02-sample-constabulary-street.csv" in shown["arrived-police-uk-street"]
        assert "| CRIME_ID_FORMAT | critical |" in shown["failed-police-uk-street"]
        assert "| street_crimes | 52 |" in shown["published"]
        nodes = json.loads(shown["dbt-nodes"]) if isinstance(shown["dbt-nodes"], str) else shown["dbt-nodes"]
        assert {"node", "kind", "status", "seconds", "failures"} == set(nodes[0])
        assert {node["status"] for node in nodes} == {"success", "pass"}
        assert {"model", "test", "seed"} == {node["kind"] for node in nodes}

    def test_no_value_of_a_bad_row_travels(self, ran: Any) -> None:
        """Only the private quarantine holds them, for the row to be replayed."""
        sandbox, ended = ran
        assert "MARKER" not in ended.stdout + ended.stderr
        written = [path for path in sandbox.data.rglob("*") if path.is_file() and path.suffix != ".duckdb"]
        assert sandbox.paths.prefect / "prefect.db" in written
        for path in written:
            assert b"MARKER" not in path.read_bytes(), path
        tables = sandbox.warehouse("select schema_name, table_name from duckdb_tables()")
        holding = {
            f"{schema}.{table}"
            for schema, table in tables
            if sandbox.warehouse(f"select count(*) from {schema}.{table} as t where t::varchar like '%MARKER%'")[0][0]
        }
        assert holding == {"quarantine.rows"}
        [(names,)] = sandbox.warehouse(
            "select list(distinct map_keys(record)) from quarantine.rows where record is not null"
        )
        assert len(names) == 1
        assert not any("MARKER" in name for name in names[0])
        for (table,) in sandbox.marts("select table_name from duckdb_tables() where schema_name = 'marts'"):
            assert sandbox.marts(f"select count(*) from marts.{table} as t where t::varchar like '%MARKER%'") == [(0,)]

    def test_it_leaves_nothing_behind(self, ran: Any) -> None:
        sandbox, _ = ran
        left = {path.name for path in sandbox.paths.warehouse_dir.iterdir()}
        assert left == {"dbt", "prefect", "warehouse.duckdb", "warehouse.lock"}
        assert {path.name for path in sandbox.folder.iterdir()} == {"data", "landing", "notes", "ended.json"}
        with warehouse.writer_lock(sandbox.paths, "test"):
            pass

    def prefect(self, ran: Any, query: str) -> list[tuple[Any, ...]]:
        """Rows of Prefect's database."""
        with closing(sqlite3.connect(ran[0].paths.prefect / "prefect.db")) as connection:
            return connection.execute(query).fetchall()


class TestNothingToDo:
    """The second time."""

    def test_it_says_so_and_imports_nothing_heavy(self, ran: Any, tmp_path: Path) -> None:
        sandbox, _ = ran
        ended = command(sandbox, "run", notes=tmp_path / "notes")
        assert (ended.returncode, ended.stderr) == (0, "")
        release = releases.current(sandbox.paths)
        assert release is not None
        assert ended.stdout == (
            f"Nothing to do: no new delivery in {sandbox.landing}. Published: {release.release_id}.\n"
        )
        heavy = {"prefect", "dbt", "great_expectations", "sqlalchemy", "pandas", "apprise", "fastapi"}
        assert imported(tmp_path / "notes") & heavy == set()

    def test_for_scripts(self, ran: Any, safercity: Safercity) -> None:
        told = safercity(ran[0], "run", "--json").json
        assert told["state"] == "nothing to do"
        assert set(told) >= {"state", "release"}

    def test_a_rejected_file_is_reported_once(self, ran: Any, safercity: Safercity) -> None:
        assert safercity(ran[0], "run").code == 0


class TestNoWay:
    """What cannot be done is said in one line, before anything is started."""

    @pytest.fixture(autouse=True)
    def _nothing_is_started(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def start(*_: Any) -> None:
            raise AssertionError("a run was started")

        monkeypatch.setattr(cli_module(), "_through_prefect", start)

    def test_no_landing_folder(self, safercity: Safercity, sandbox: Sandbox) -> None:
        ended = safercity(sandbox, "run")
        assert ended.code == 2
        assert str(sandbox.landing) in ended.error

    def test_no_such_source(self, safercity: Safercity, sandbox: Sandbox) -> None:
        sandbox.landing.mkdir()
        ended = safercity(sandbox, "run", "--source", "plums", "--source", "police_uk_street")
        assert ended.code == 2
        assert ended.error.startswith("no contract for plums; the sources are: asb_incidents, crimes, ")

    def test_another_run_holds_the_warehouse(self, safercity: Safercity, published: Sandbox) -> None:
        with warehouse.writer_lock(published.paths, "run"):
            ended = safercity(published, "run")
        assert ended.code == 1
        assert "is being written by `run` (process " in ended.error

    @pytest.mark.parametrize(
        "given",
        [{"keep_releases": 0}, {"threads": 0}, {"memory_limit": "lots"}, {"alerts": {"url": []}}, {"alerts": "SECRET"}],
    )
    def test_a_setting_is_wrong(self, given: dict[str, Any], safercity: Safercity, sandbox: Sandbox) -> None:
        sandbox.landing.mkdir()
        sandbox.given = given
        ended = safercity(sandbox, "run")
        assert ended.code == 2
        assert next(iter(given)) in ended.error
        assert "SECRET" not in ended.error

    def test_a_settings_file_is_wrong(self, safercity: Safercity, sandbox: Sandbox) -> None:
        sandbox.landing.mkdir()
        for content in ("colour = 'red'", "force = ", "force = 1"):
            (sandbox.folder / "safercity.toml").write_text(content, encoding="utf-8")
            ended = safercity(sandbox, "run")
            assert ended.code == 2
            assert "safercity.toml" in ended.error

    def test_the_data_folder_is_none(self, safercity: Safercity, sandbox: Sandbox) -> None:
        sandbox.landing.mkdir()
        sandbox.data.write_text("a file", encoding="utf-8")
        ended = safercity(sandbox, "run")
        assert ended.code == 2
        assert str(sandbox.data) in ended.error


def test_a_run_that_fails_says_why_in_one_line(safercity: Safercity, sandbox: Sandbox) -> None:
    sandbox.landing.mkdir()
    with patch.object(cli_module(), "_through_prefect", side_effect=SaferCityError("the build did not pass its audit")):
        ended = safercity(sandbox, "run")
    assert ended.code == 1
    assert ended.error == "the build did not pass its audit"


def test_an_interrupted_run_says_what_to_do(safercity: Safercity, sandbox: Sandbox) -> None:
    sandbox.landing.mkdir()
    with patch.object(cli_module(), "_through_prefect", side_effect=KeyboardInterrupt):
        ended = safercity(sandbox, "run")
    assert ended.code == 130
    assert ended.error.startswith("interrupted; nothing half done is kept. Run the command again")


def cli_module() -> ModuleType:
    """The module of the commands; its package has a function of the same name."""
    return sys.modules[main.__module__]
