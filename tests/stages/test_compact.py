"""Compaction: the warehouse gets smaller, holds what it held, and is whole whenever the process dies."""

import hashlib
import sys
from pathlib import Path
from signal import SIGKILL
from subprocess import run
from unittest.mock import Mock, patch

import duckdb
import pytest

from flows import warehouse
from flows.errors import SaferCityError
from flows.operate import compact
from flows.settings import PROJECT_DIR
from tests.faults.batches import second_batch
from tests.faults.sandbox import Sandbox

SECRET = "Qvxzjdeleted"


@pytest.fixture
def full_of_holes(sandbox: Sandbox) -> Sandbox:
    """A warehouse of a few rows, a view and a key, from which most of a large table was deleted."""
    with warehouse.writer_lock(sandbox.paths, "test"):
        warehouse.prepare(sandbox.settings, {})
    with warehouse.connect(sandbox.settings) as connection:
        connection.execute("create schema kept")
        connection.execute("create table kept.large as select range as n, md5(range::varchar) as t from range(1500000)")
        connection.execute(f"insert into kept.large select -1, '{SECRET}' || range from range(200)")
        connection.execute("create table kept.keyed (id integer primary key, what varchar not null)")
        connection.execute("insert into kept.keyed values (1, 'one'), (2, 'two')")
        connection.execute("create view kept.seen as select count(*) as rows from kept.large")
        connection.execute("checkpoint")
        connection.execute("delete from kept.large where n > 1000 or n < 0")
        connection.execute("checkpoint")
    return sandbox


def size(sandbox: Sandbox) -> compact.Size:
    with warehouse.connect(sandbox.settings, read_only=True) as connection:
        return compact.size(sandbox.settings, connection)


def digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def test_it_shrinks_and_holds_what_it_held(full_of_holes: Sandbox) -> None:
    before = size(full_of_holes)
    assert before.is_worth_compacting
    done = compact.compact(full_of_holes.settings)
    after = size(full_of_holes)
    assert not after.is_worth_compacting
    assert after.free <= 2 << 20
    assert done.after == full_of_holes.paths.warehouse.stat().st_size < done.before / 4
    assert full_of_holes.warehouse("select count(*), max(n) from kept.large") == [(1001, 1000)]
    assert full_of_holes.warehouse("from kept.seen") == [(1001,)]
    assert full_of_holes.warehouse("select version from ledger.warehouse") == [(2,)]
    with (
        warehouse.connect(full_of_holes.settings) as connection,
        pytest.raises(duckdb.ConstraintException, match="Duplicate key"),
    ):
        connection.execute("insert into kept.keyed values (1, 'again')")
    assert sorted(path.name for path in full_of_holes.paths.warehouse_dir.iterdir()) == [
        "warehouse.duckdb",
        "warehouse.lock",
    ]


def test_what_was_deleted_is_in_no_block_any_more(full_of_holes: Sandbox) -> None:
    assert SECRET.encode() in full_of_holes.paths.warehouse.read_bytes()
    compact.compact(full_of_holes.settings)
    assert SECRET.encode() not in full_of_holes.paths.warehouse.read_bytes()


def test_a_copy_that_lacks_a_row_is_no_warehouse(full_of_holes: Sandbox) -> None:
    held = compact._held

    def lossy(connection: duckdb.DuckDBPyConnection, database: str) -> dict[str, int | None]:
        if database == "compacted":
            connection.execute("delete from compacted.kept.keyed where id = 2")
        return held(connection, database)

    before = digest(full_of_holes.paths.warehouse)
    with patch.object(compact, "_held", lossy), pytest.raises(SaferCityError, match=r"differs in kept\.keyed; the"):
        compact.compact(full_of_holes.settings)
    assert digest(full_of_holes.paths.warehouse) == before
    assert not compact.unfinished(full_of_holes.paths).exists()


def test_one_that_was_killed_is_begun_anew(full_of_holes: Sandbox) -> None:
    left = compact.unfinished(full_of_holes.paths)
    left.write_bytes(b"half a file")
    compact.wal(left).write_bytes(b"half a log")
    compact.compact(full_of_holes.settings)
    assert full_of_holes.warehouse("from kept.seen") == [(1001,)]
    assert not left.exists()
    assert not compact.wal(left).exists()


KILLED = """
import os, signal, sys
from pathlib import Path
from flows.operate import compact
from flows.settings import Settings

def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)

owner, name = sys.argv[2].split(".")
setattr({"compact": compact, "Path": Path}[owner], name, die)
compact.compact(Settings(data=sys.argv[1]))
"""


@pytest.mark.parametrize("moment", ["compact._held", "Path.replace"])
def test_killed_it_leaves_the_warehouse_whole(moment: str, full_of_holes: Sandbox) -> None:
    ended = run([sys.executable, "-c", KILLED, str(full_of_holes.data), moment], cwd=PROJECT_DIR, check=False)
    assert ended.returncode == -SIGKILL
    assert compact.unfinished(full_of_holes.paths).exists()
    assert full_of_holes.warehouse("from kept.seen") == [(1001,)]
    compact.compact(full_of_holes.settings)
    assert full_of_holes.warehouse("from kept.seen") == [(1001,)]
    assert not size(full_of_holes).is_worth_compacting


def test_without_room_it_is_left_as_it_is(full_of_holes: Sandbox) -> None:
    full = patch("os.statvfs", return_value=Mock(f_bavail=1, f_frsize=4096))
    with full, pytest.raises(SaferCityError, match="has no room for a second warehouse"):
        compact.compact(full_of_holes.settings)
    assert full_of_holes.warehouse("from kept.seen") == [(1001,)]


@pytest.mark.parametrize(
    ("total", "free", "worth"),
    [(64 << 20, 16 << 20, True), (64 << 20, (16 << 20) - 1, False), ((64 << 20) + 4, 16 << 20, False)],
    ids=["a quarter", "too little", "less than a quarter"],
)
def test_when_it_pays(total: int, free: int, worth: bool) -> None:
    assert compact.Size(total, free).is_worth_compacting is worth


def test_runs_go_on_with_a_compacted_warehouse(published_copy: Sandbox, both_batches: Sandbox) -> None:
    compact.compact(published_copy.settings)
    assert published_copy.nothing_to_do()
    published_copy.deliver(second_batch())
    published_copy.run()
    assert published_copy.differences(both_batches) == {}
