"""Compaction: the warehouse copied into a new file, without the blocks that deleted rows left behind.

DuckDB uses such blocks again and never gives them back, and what was deleted can be read in them until then. The copy
takes the warehouse's name in one rename when it is whole. A process that dies before leaves the warehouse as it was.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import duckdb

from flows import warehouse
from flows.errors import SaferCityError, UsageError
from flows.settings import Paths, Settings

LEAST_FREE_SHARE = 0.25
"""Share of the file's blocks that are free from which on copying it is worth the time."""

LEAST_FREE_BYTES = 16 << 20
"""Bytes in free blocks below which it is not, whatever their share."""


@dataclass(frozen=True)
class Size:
    """Bytes of the warehouse's file, and how many of them lie in free blocks."""

    total: int
    free: int

    @property
    def is_worth_compacting(self) -> bool:
        """Whether so much is free that copying pays."""
        return self.free >= LEAST_FREE_BYTES and self.free >= LEAST_FREE_SHARE * self.total


@dataclass(frozen=True)
class Compacted:
    """A compaction: bytes of the warehouse's file before and after."""

    before: int
    after: int


def size(settings: Settings, connection: duckdb.DuckDBPyConnection) -> Size:
    """How much of the warehouse, which is open, is free. DuckDB also counts free blocks that it has cut off already."""
    row = connection.execute("select block_size * used_blocks from pragma_database_size()").fetchone()
    assert row is not None
    total = settings.paths.warehouse.stat().st_size
    return Size(total, max(0, total - row[0]))


def compact(settings: Settings) -> Compacted:
    """Copy the warehouse into a new file and put that in its place. The caller holds the writer's lock.

    Every schema, table, constraint and view comes along. Raises UsageError when the disk has no room for a second
    warehouse, and SaferCityError, with the warehouse as it was, when the copy does not hold every row.
    """
    paths = settings.paths
    new = unfinished(paths)
    _remove(new)
    before = paths.warehouse.stat().st_size
    free = os.statvfs(paths.warehouse_dir)
    if free.f_bavail * free.f_frsize < before:
        raise UsageError(
            f"{paths.warehouse_dir} has no room for a second warehouse of {before >> 20} MB, which compaction needs for"
            " a while; make room there"
        )
    try:
        with warehouse.connect(settings) as connection:
            connection.execute("checkpoint")
            name = paths.warehouse.stem
            connection.execute(f"attach {warehouse.quoted(new)} as compacted")
            connection.execute(f'copy from database "{name}" to compacted')
            connection.execute("checkpoint compacted")
            held, copied = _held(connection, name), _held(connection, "compacted")
            connection.execute("detach compacted")
        if held != copied:
            differing = sorted(table for table in held | copied if held.get(table) != copied.get(table))
            raise SaferCityError(
                f"the compacted warehouse differs in {', '.join(differing)}; the warehouse is as it was. This is a"
                " fault of the program: please report it"
            )
        _sync(new)
        # A log beside the file would be taken for one of the new file. A connection that ended well leaves none.
        if wal(paths.warehouse).exists():
            raise SaferCityError(f"{wal(paths.warehouse)} is still there, so the warehouse was left as it was")
        new.replace(paths.warehouse)
        _sync(paths.warehouse_dir)
    except (OSError, duckdb.Error) as error:
        why = warehouse.no_room(error) or type(error).__name__
        raise SaferCityError(f"{paths.warehouse} could not be compacted ({why}); it is as it was") from None
    finally:
        _remove(new)
    return Compacted(before, paths.warehouse.stat().st_size)


def unfinished(paths: Paths) -> Path:
    """The file of a compaction that is under way, or that was killed."""
    return paths.warehouse_dir / "compacting.duckdb"


def wal(database: Path) -> Path:
    """DuckDB's write-ahead log of a file."""
    return database.with_name(database.name + ".wal")


def _held(connection: duckdb.DuckDBPyConnection, database: str) -> dict[str, int | None]:
    """Every table of a database with its rows, and every view with None: it is a text."""
    views = connection.execute(
        "select schema_name || '.' || view_name from duckdb_views() where database_name = ? and not internal",
        [database],
    ).fetchall()
    tables = connection.execute(
        "select schema_name, table_name from duckdb_tables() where database_name = ?", [database]
    ).fetchall()
    held: dict[str, int | None] = {view: None for (view,) in views}
    for schema, table in tables:
        row = connection.execute(f'select count(*) from "{database}"."{schema}"."{table}"').fetchone()
        assert row is not None
        held[f"{schema}.{table}"] = row[0]
    return held


def _remove(new: Path) -> None:
    for left in (new, wal(new)):
        left.unlink(missing_ok=True)


def _sync(path: Path) -> None:
    opened = os.open(path, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
