"""Publishing: what a release holds, who can open it, and that nothing unsound is ever published."""

import json
import os
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

import duckdb
import pytest

from flows import clock, releases, runs
from flows.contracts import load_contracts
from flows.errors import SaferCityError
from flows.releases import Release
from flows.settings import PROJECT_DIR
from flows.stages import publish
from tests.faults.sandbox import Sandbox

OLD_DUCKDB = PROJECT_DIR / ".venv" / "duckdb-1"


@contextmanager
def opened(sandbox: Sandbox) -> Iterator[duckdb.DuckDBPyConnection]:
    """The published file, opened directly as an analyst does."""
    with duckdb.connect(str(sandbox.paths.published_database), read_only=True) as connection:
        yield connection


def tables(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """The tables of the release."""
    found = connection.execute("select table_name from duckdb_tables() where schema_name = 'marts' order by all")
    return [name for (name,) in found.fetchall()]


def macros(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """The as-of macros of the release."""
    found = connection.execute("select function_name from duckdb_functions() where schema_name = 'marts' order by all")
    return [name for (name,) in found.fetchall()]


def names_in(folder: Path) -> list[str]:
    """What stands in a folder."""
    return sorted(path.name for path in folder.iterdir())


def manifest(sandbox: Sandbox) -> dict[str, Any]:
    """The manifest beside the published file."""
    return json.loads((sandbox.paths.current / "manifest.json").read_text(encoding="utf-8"))


class TestAPublishedRelease:
    """What stands on disk after the first run."""

    def test_the_folder_of_the_release(self, published: Sandbox) -> None:
        names = names_in(published.paths.current)
        assert names == ["dictionary", "manifest.json", "parquet", "safer_city.duckdb"]

    def test_the_links_lead_through_one_link(self, published: Sandbox) -> None:
        release_id = manifest(published)["release_id"]
        folder = published.paths.published
        assert {path.name: str(path.readlink()) for path in folder.iterdir()} == {
            "current": f"../releases/{release_id}",
            "safer_city.duckdb": "current/safer_city.duckdb",
            "parquet": "current/parquet",
        }
        assert names_in(published.paths.releases) == [release_id]

    def test_its_files_are_read_only(self, published: Sandbox) -> None:
        files = [path for path in published.paths.current.rglob("*") if path.is_file()]
        assert len(files) > 20
        assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o444}

    def test_the_manifest_says_what_the_file_holds(self, published: Sandbox) -> None:
        with opened(published) as connection:
            found = {
                name: connection.execute(f"select count(*) from marts.{name}").fetchall()[0][0]
                for name in tables(connection)
            }
        assert manifest(published)["rows_per_table"] == found
        assert found["street_crimes"] == 32
        assert found["releases"] == 1

    def test_the_release_knows_itself_and_so_does_the_ledger(self, published: Sandbox) -> None:
        columns = "release_id, published_at::varchar, code_version, marking, rows_per_table"
        said = manifest(published)
        expected = [
            (
                *(
                    said[key].replace("T", " ") if key == "published_at" else said[key]
                    for key in ("release_id", "published_at", "code_version", "marking", "rows_per_table")
                ),
            )
        ]
        assert published.marts(f"select {columns} from marts.releases") == expected
        assert published.warehouse(f"select {columns} from ledger.releases") == expected
        assert said["marking"] == "OFFICIAL"

    def test_parquet_holds_the_same_rows(self, published: Sandbox) -> None:
        folder = published.paths.published / "parquet"
        with opened(published) as connection:
            names = tables(connection)
            assert names_in(folder) == [f"{name}.parquet" for name in names]
            for name in names:
                file = f"read_parquet('{folder / name}.parquet')"
                for one, other in ((f"marts.{name}", file), (file, f"marts.{name}")):
                    query = f"select count(*) from (from {one} except all from {other})"
                    assert connection.execute(query).fetchall() == [(0,)], name

    def test_every_table_column_and_macro_is_described(self, published: Sandbox) -> None:
        with opened(published) as connection:
            described = connection.execute(
                """
                select table_name, comment from duckdb_tables() where schema_name = 'marts'
                union all
                select column_name, comment from duckdb_columns() where schema_name = 'marts'
                union all
                select function_name, comment from duckdb_functions() where schema_name = 'marts'
                """
            ).fetchall()
        assert len(described) > 150
        for name, comment in described:
            assert (comment or "").strip(), name

    def test_each_theme_can_be_asked_as_of_a_date(self, published: Sandbox) -> None:
        with opened(published) as connection:
            themes = [name for name in tables(connection) if name.endswith("_performance")]
            assert [f"{name}_as_of" for name in themes] == [m for m in macros(connection) if "_performance" in m]
        assert len(themes) >= 5

    @pytest.mark.parametrize("attached", [False, True])
    def test_as_of_works_however_the_file_is_opened(self, attached: bool, published: Sandbox) -> None:
        file = published.paths.published_database
        first = (
            "month::varchar, offences from {}.{} where force = $force and record_source = 'police_uk' order by month"
        )
        with duckdb.connect() if attached else duckdb.connect(str(file), read_only=True) as connection:
            if attached:
                connection.execute(f"attach '{file}' as safer_city (read_only)")
            schema = "safer_city.marts" if attached else "marts"

            def ask(table: str) -> list[tuple[str, int]]:
                city = {"force": "City of London Police"}
                return connection.execute(f"select {first.format(schema, table)}", city).fetchall()

            now = [("2019-01-01", 8), ("2019-02-01", 5), ("2019-03-01", 6)]
            assert ask("all_crime_performance") == now
            assert ask("all_crime_performance_as_of(date '2019-05-31')") == now
            assert ask("all_crime_performance_as_of(date '2019-05-30')") == now[:2]
            assert ask("all_crime_performance_as_of(date '2019-03-30')") == []

    def test_an_older_duckdb_reads_it(self, published: Sandbox) -> None:
        if not OLD_DUCKDB.is_dir():
            pytest.skip("no DuckDB 1.x in .venv/duckdb-1; `make setup-test` installs it")
        with opened(published) as connection:
            as_of_macros = macros(connection)
        assert len(as_of_macros) >= 15
        program = f"""
import duckdb
assert duckdb.__version__.startswith("1."), duckdb.__version__
connection = duckdb.connect({str(published.paths.published_database)!r}, read_only=True)
for (name,) in connection.execute("select table_name from duckdb_tables() where schema_name = 'marts'").fetchall():
    print(name, connection.execute(f"select count(*) from marts.{{name}}").fetchone()[0])
attached = duckdb.connect()
attached.execute("attach '{published.paths.published_database}' as safer_city (read_only)")
for macro in {as_of_macros!r}:
    table = macro.removesuffix("_as_of")
    rows = connection.execute(f"from marts.{{table}} order by all").fetchall()
    known = f"marts.{{macro}}(date '2030-01-01') order by all"
    assert rows == connection.execute(f"from {{known}}").fetchall(), macro
    assert rows == attached.execute(f"from safer_city.{{known}}").fetchall(), macro
"""
        environment = os.environ | {"PYTHONPATH": str(OLD_DUCKDB)}
        ran = subprocess.run(
            [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=False
        )
        assert ran.returncode == 0, ran.stderr
        counts = {name: int(rows) for name, rows in (line.split() for line in ran.stdout.splitlines())}
        assert counts == manifest(published)["rows_per_table"]

    def test_it_stands_alone_and_closed(self, published: Sandbox) -> None:
        assert not list(published.paths.releases.rglob("*.wal"))
        assert not published.paths.building.exists()


@pytest.fixture
def ready(published: Sandbox, published_copy: Sandbox) -> Sandbox:
    """A published warehouse with a further release built beside it."""
    put_built(published, published_copy)
    return published_copy


def put_built(published: Sandbox, sandbox: Sandbox) -> None:
    """Have a built release where a run would leave it."""
    sandbox.paths.building.mkdir(exist_ok=True)
    for path in (published.folder / "built").iterdir():
        (sandbox.paths.building / path.name).write_bytes(path.read_bytes())


def publish_as(sandbox: Sandbox, release_id: str) -> Release:
    """Publish what is built."""
    return publish.publish(
        sandbox.settings,
        load_contracts(),
        release_id=release_id,
        code_version="0+0",
        fingerprint="code",
        deliveries_digest="1-1",
    )


def change(sandbox: Sandbox, statement: str) -> None:
    """Change the release that is built."""
    with duckdb.connect(str(sandbox.paths.building / "safer_city.duckdb")) as connection:
        connection.execute(statement)


def test_the_older_release_stays_beside_the_new_one(ready: Sandbox) -> None:
    before = manifest(ready)
    assert publish_as(ready, "new").release_id == "new"
    assert manifest(ready)["release_id"] == "new"
    assert names_in(ready.paths.releases) == sorted([before["release_id"], "new"])
    assert ready.warehouse("select count(*) from ledger.releases") == [(2,)]


def test_after_the_clock_was_set_back_the_newest_is_still_the_one_that_came_last(ready: Sandbox) -> None:
    """Else each run would take the one before it for the newest, and publish the same again."""
    before = manifest(ready)
    with patch.object(clock, "now", return_value=datetime.fromisoformat(before["published_at"]) - timedelta(hours=1)):
        new = publish_as(ready, "new")
    assert releases.on_disk(ready.paths)[0] == new
    assert ready.warehouse("select max_by(release_id, published_at) from ledger.releases") == [("new",)]
    with opened(ready) as connection:
        assert connection.execute("select published_at::varchar from marts.releases").fetchall() == [
            (new.published_at.replace("T", " "),)
        ]


class TestNothingUnsoundIsPublished:
    """The published release stands, and the error says what is wrong."""

    @pytest.fixture
    def refused(self, ready: Sandbox) -> Iterator[Callable[[str], None]]:
        before, ledger = manifest(ready), ready.warehouse("from ledger.releases")

        def is_refused(match: str) -> None:
            with pytest.raises(SaferCityError, match=match):
                publish_as(ready, "new")

        yield is_refused
        assert manifest(ready) == before
        assert names_in(ready.paths.releases) == [".building", before["release_id"]]
        assert ready.warehouse("from ledger.releases") == ledger
        with opened(ready) as connection:
            assert len(tables(connection)) == len(before["rows_per_table"])

    def test_a_table_without_a_description(self, ready: Sandbox, refused: Callable[[str], None]) -> None:
        change(ready, "comment on table marts.coverage is null")
        refused("without a description, so not published: coverage$")

    def test_a_column_without_a_description(self, ready: Sandbox, refused: Callable[[str], None]) -> None:
        change(ready, "comment on column marts.coverage.state is null")
        refused(r"without a description, so not published: coverage\.state$")

    def test_a_macro_without_a_description(self, ready: Sandbox, refused: Callable[[str], None]) -> None:
        change(ready, "create or replace macro marts.asb_performance_as_of(as_of) as table select as_of")
        refused("without a description, so not published: asb_performance_as_of$")

    def test_a_blank_description_is_none(self, ready: Sandbox, refused: Callable[[str], None]) -> None:
        change(ready, "comment on column marts.coverage.state is ''")
        refused(r"coverage\.state$")

    def test_rows_that_are_not_there_when_the_file_is_opened_again(
        self, ready: Sandbox, refused: Callable[[str], None]
    ) -> None:
        finish = publish._finish

        def lose(*given: Any, **named: Any) -> Release:
            release = finish(*given, **named)
            change(ready, "delete from marts.coverage; drop table marts.dim_ward")
            return release

        with patch.object(publish, "_finish", lose):
            refused("lost rows on disk: coverage, dim_ward; it was not published")

    def test_a_file_that_is_not_closed(self, ready: Sandbox, refused: Callable[[str], None]) -> None:
        finish = publish._finish

        def leave_open(*given: Any, **named: Any) -> Release:
            release = finish(*given, **named)
            (ready.paths.building / "safer_city.duckdb.wal").touch()
            return release

        with patch.object(publish, "_finish", leave_open):
            refused("write-ahead log")


def test_the_last_five_releases_stay_and_the_published_one_always(published: Sandbox, published_copy: Sandbox) -> None:
    sandbox = published_copy
    first = manifest(sandbox)["release_id"]
    for number in range(5):
        put_built(published, sandbox)
        with patch.object(clock, "now", return_value=datetime(2099, 1, 1, 12, 0, number)):
            publish_as(sandbox, f"new{number}")
    assert [release.release_id for release in releases.on_disk(sandbox.paths)] == [f"new{n}" for n in (4, 3, 2, 1, 0)]
    assert not (sandbox.paths.releases / first).exists()
    releases.roll_back(sandbox.paths, "new0")
    sandbox.given = {"keep_releases": 2}
    releases.remove_old(sandbox.paths, sandbox.settings.keep_releases)
    assert names_in(sandbox.paths.releases) == ["new0", "new3", "new4"]
    with opened(sandbox) as connection:
        assert connection.execute("select max(release_id) from marts.releases").fetchall() == [("new0",)]


def test_after_going_back_there_is_nothing_to_do_until_something_arrives(ready: Sandbox) -> None:
    """The release that was left was left on purpose: a run alone does not bring it back."""
    first = manifest(ready)["release_id"]
    with ready.patched():
        fingerprint = runs.transform.release_fingerprint(runs.contracts_fingerprint(runs.load_contracts()))
    digest = runs.deliveries_digest(ready.settings)
    publish.publish(
        ready.settings,
        load_contracts(),
        release_id="new",
        code_version="0+0",
        fingerprint=fingerprint,
        deliveries_digest=digest,
    )
    assert ready.nothing_to_do()
    assert releases.roll_back(ready.paths).release_id == first
    assert ready.nothing_to_do()
    ready.deliver({"2019-04-kent-street.csv": b""})
    assert not ready.nothing_to_do()
