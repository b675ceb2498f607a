"""A machine that is not as it should be: a full disk, a data folder that takes no writes, a warehouse of another time.

Each ends in one line that says what to do, with the exit code that belongs to it, and running again is all it takes.
"""

import resource
import shutil
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from subprocess import CompletedProcess

import duckdb
import pytest

from flows import ledger, releases
from flows.errors import SaferCityError, UsageError
from tests.faults import crimes
from tests.faults.children import children
from tests.faults.commands import safercity
from tests.faults.disks import Disk, full_in, full_while_building, small_disk
from tests.faults.sandbox import Sandbox

NO_SPACE = "cannot be written (No space left on device). Make room there and run again"
FILLING = """
from pathlib import Path
from tests.faults.disks import Disk, full_in
from flows.cli import main
with full_in({stage!r}, Disk(Path({folder!r}))):
    main()
"""


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    """A file system for the data folder alone."""
    with small_disk(tmp_path / "data") as disk:
        yield disk


@pytest.fixture
def landed(sandbox: Sandbox) -> Sandbox:
    """A batch of crimes that nothing has looked at."""
    sandbox.deliver(crimes.first_extracts())
    return sandbox


def the_line(ended: CompletedProcess[str], exit_code: int) -> str:
    """The one line that a command ended with."""
    assert (ended.returncode, ended.stdout) == (exit_code, ""), ended.stderr
    [line] = ended.stderr.splitlines()
    assert line.startswith("safercity: ")
    return line


class TestAFullDisk:
    """Data on a small file system."""

    def test_nothing_begins_on_it(self, landed: Sandbox, disk: Disk) -> None:
        disk.fill()
        line = the_line(safercity(landed, "run"), 1)
        assert line.endswith(
            f"{landed.data} has 0 MB left, and a run needs at least 16 MB to begin with. Make room there and run again"
        )

    @pytest.mark.parametrize("stage", ["extract", "validate", "load"])
    def test_before_anything_is_loaded(self, stage: str, landed: Sandbox, disk: Disk) -> None:
        with full_in(stage, disk), pytest.raises(SaferCityError) as raised:
            landed.load()
        assert (str(raised.value), raised.value.exit_code) == (f"{stage}: {landed.data} {NO_SPACE}", 1)
        assert not any(folder.exists() for folder in (landed.paths.scratch, landed.paths.spill, landed.paths.building))
        disk.clear()
        for schema in ("raw.crimes", "quarantine.rows", "ledger.deliveries", "ledger.pending"):
            assert landed.warehouse(f"select count(*) from {schema}") == [(0,)]
        assert len(landed.load().files) == 3
        assert landed.warehouse("select count(*) from raw.crimes") == [(31,)]

    @pytest.mark.slow
    def test_before_it_is_built(self, landed: Sandbox, disk: Disk) -> None:
        self.fails_and_recovers("transform", full_in("transform", disk), landed, disk)

    @pytest.mark.slow
    def test_while_some_states_are_built(self, landed: Sandbox, disk: Disk) -> None:
        self.fails_and_recovers("transform", full_while_building(disk), landed, disk)

    @pytest.mark.slow
    @pytest.mark.parametrize("stage", ["publish", "notify"])
    def test_while_it_is_published_and_told(self, stage: str, landed: Sandbox, disk: Disk) -> None:
        self.fails_and_recovers(stage, full_in(stage, disk), landed, disk)

    def fails_and_recovers(self, stage: str, full: AbstractContextManager[None], sandbox: Sandbox, disk: Disk) -> None:
        with full, pytest.raises(SaferCityError) as raised:
            sandbox.run()
        assert (str(raised.value), raised.value.exit_code) == (f"{stage}: {sandbox.data} {NO_SPACE}", 1)
        published = [release.release_id for release in releases.on_disk(sandbox.paths)]
        assert len(published) == (stage == "notify")
        assert [folder.name for folder in sandbox.paths.releases.iterdir()] == published
        disk.clear()
        assert not sandbox.nothing_to_do()
        assert sandbox.run().exit_code == 0  # what was rejected stands in the ledger
        assert len(releases.on_disk(sandbox.paths)) == 1
        assert sandbox.marts("select count(*) from marts.crimes") == [(26,)]
        assert "crimes_2019-03-14.csv" in sandbox.warehouse("select body from ledger.alerts")[-1][0]
        assert sandbox.nothing_to_do()

    @pytest.mark.slow
    @pytest.mark.timeout(900)
    @pytest.mark.parametrize("stage", ["extract", "validate", "load", "transform", "publish", "notify"])
    def test_the_command_ends_in_one_line(self, stage: str, landed: Sandbox, disk: Disk) -> None:
        """Prefect writes to the same disk, and must neither hang nor have the last word."""
        line = the_line(safercity(landed, "run", program=FILLING.format(stage=stage, folder=str(disk.folder))), 1)
        assert line == f"safercity: {stage}: {landed.data} {NO_SPACE}"
        disk.clear()
        assert safercity(landed, "run").returncode in (0, 3)
        assert landed.marts("select count(*) from marts.crimes") == [(26,)]


def test_files_that_may_not_grow(landed: Sandbox) -> None:
    """The same without a file system of its own: the process may write no file of more than 100 kB."""
    child = children().Process(target=load_with_small_files, args=(landed,))
    child.start()
    child.join()
    assert child.exitcode == 0
    assert landed.load().exit_code == 3


def load_with_small_files(sandbox: Sandbox) -> None:
    """Runs in a process of its own, which ends with an error where the message is another."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
    with pytest.raises(SaferCityError, match=r"cannot be written \(File too large\)\. Make room there and run again"):
        sandbox.load()


class TestAReadOnlyDataFolder:
    """A file system that takes no writes."""

    @pytest.mark.parametrize("arguments", [(), ("--full-refresh",)])
    @pytest.mark.parametrize("used_before", [False, True])
    def test_a_run_ends_before_it_begins(
        self, arguments: tuple[str, ...], used_before: bool, landed: Sandbox, disk: Disk
    ) -> None:
        if used_before:
            landed.load()
        disk.remount("ro")
        line = the_line(safercity(landed, "run", *arguments), 2)
        where, why = (landed.paths.warehouse_dir, "") if used_before else (f"the data folder {landed.data}", "used (R")
        assert line.startswith(f"safercity: {where} cannot be {why}")
        assert line.endswith(" to another data folder" if used_before else " to another one")

    def test_what_is_published_can_be_read(self, published: Sandbox, sandbox: Sandbox, disk: Disk) -> None:
        shutil.copytree(published.data, disk.folder, symlinks=True, dirs_exist_ok=True)
        disk.remount("ro")
        assert safercity(sandbox, "status").returncode == 0
        ended = safercity(sandbox, "sql", "select count(*) as n from marts.crimes")
        assert (ended.returncode, ended.stdout) == (0, "n\n26\n")
        line = the_line(safercity(sandbox, "releases", "rollback"), 2)
        assert "cannot be written (Read-only file system)" in line


class TestAWarehouseOfAnotherTime:
    """The version of its layout is in the ledger."""

    def made_by(self, sandbox: Sandbox, version: int) -> None:
        sandbox.load()
        assert sandbox.warehouse("from ledger.warehouse") == [(ledger.SCHEMA_VERSION,)]
        with duckdb.connect(str(sandbox.paths.warehouse)) as connection:
            connection.execute("update ledger.warehouse set version = ?", [version])

    def test_a_newer_one_is_refused(self, landed: Sandbox) -> None:
        newer = ledger.SCHEMA_VERSION + 1
        self.made_by(landed, newer)
        told = (
            f"{landed.paths.warehouse} has layout version {newer}, and this program knows versions up to"
            f" {ledger.SCHEMA_VERSION}: a newer one has written it. Use that one, or set SAFERCITY_DATA to another data"
            " folder"
        )
        before = landed.paths.warehouse.read_bytes()
        for attempt in (landed.run, landed.nothing_to_do):
            with pytest.raises(UsageError) as raised:
                attempt()
            assert str(raised.value) == told
        assert the_line(safercity(landed, "run", "--json"), 2) == f"safercity: {told}"
        assert landed.paths.warehouse.read_bytes() == before

    def test_one_that_says_none_is_of_the_first(self, landed: Sandbox) -> None:
        self.made_by(landed, 1)
        with duckdb.connect(str(landed.paths.warehouse)) as connection:
            connection.execute("drop table ledger.warehouse")
        landed.load()
        assert landed.warehouse("from ledger.warehouse") == [(ledger.SCHEMA_VERSION,)]


class TestADamagedWarehouse:
    """What DuckDB cannot open."""

    @pytest.mark.parametrize("content", [b"", b"no database at all", bytes(20_000)])
    def test_it_is_named(self, content: bytes, landed: Sandbox) -> None:
        landed.paths.make()
        landed.paths.warehouse.write_bytes(content)
        with pytest.raises(SaferCityError) as raised:
            landed.load()
        assert str(raised.value) == (
            f"{landed.paths.warehouse} is damaged, or no DuckDB file; put back a backup of it, or move it away and let"
            " the next run load all deliveries again"
        )

    def test_half_of_a_new_one_is_made_again(self, landed: Sandbox) -> None:
        """A warehouse takes its name when it is whole, so that being killed while it is made is no damage."""
        landed.paths.make()
        (landed.paths.warehouse_dir / "new.duckdb").write_bytes(b"half")
        assert len(landed.load().files) == 3
        assert not list(landed.paths.warehouse_dir.glob("new*"))
