"""The private warehouse: one file, one writer.

A lock file held with `flock` keeps a second writer out for as long as the first lives; the operating system lets go
of it when the process ends, however it ends.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from flows import ledger
from flows.contracts import Contract
from flows.errors import SaferCityError
from flows.settings import Paths, Settings


class WarehouseBusyError(SaferCityError):
    """Another process writes the warehouse."""


@contextmanager
def writer_lock(paths: Paths, command: str) -> Iterator[None]:
    """Hold the right to write the warehouse.

    Raises WarehouseBusyError, naming who holds it and since when.
    """
    paths.warehouse_dir.mkdir(parents=True, exist_ok=True)
    with paths.lock.open("a+", encoding="utf-8") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise WarehouseBusyError(f"the warehouse is being written by {holder(paths)}; try again later") from None
        lock.seek(0)
        lock.truncate()
        json.dump({"pid": os.getpid(), "since": f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S}", "command": command}, lock)
        lock.flush()
        yield


def holder(paths: Paths) -> str:
    """Who last took the writer's lock, in words."""
    try:
        content = json.loads(paths.lock.read_text(encoding="utf-8"))
        return f"`{content['command']}` (process {content['pid']}, since {content['since']} UTC)"
    except (OSError, ValueError, KeyError):
        return "another process"


@contextmanager
def connect(settings: Settings, *, read_only: bool = False) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection to the warehouse, closed at the end.

    Raises WarehouseBusyError when another process has the file open for writing.
    """
    paths = settings.paths
    try:
        connection = open_database(settings, paths.warehouse, read_only=read_only)
    except duckdb.IOException:
        raise WarehouseBusyError(
            f"{paths.warehouse} cannot be opened; {holder(paths)} may be writing it, try again later"
        ) from None
    with connection:
        yield connection


def open_database(settings: Settings, path: Path, *, read_only: bool = False) -> duckdb.DuckDBPyConnection:
    """A connection to a DuckDB file, within the configured memory and threads.

    The options are set on the open connection: opened with them, the file could not be open in dbt at the same time.
    """
    connection = duckdb.connect(str(path), read_only=read_only)
    # A slow statement would draw a bar into what --json prints.
    connection.execute("set enable_progress_bar = false")
    for option, value in settings.duckdb_options().items():
        connection.execute(f"set {option} = {quoted(value)}")
    return connection


def quoted(text: object) -> str:
    """A text as SQL writes it: a path may hold an apostrophe."""
    return "'" + str(text).replace("'", "''") + "'"


def prepare(settings: Settings, contracts: dict[str, Contract]) -> None:
    """Make the warehouse's schemas, tables and columns where they are missing.

    A column that a contract has gained is NULL in the rows that were loaded before.
    """
    with connect(settings) as connection:
        ledger.create(connection)
        for contract in contracts.values():
            connection.execute(raw_table_sql(contract))
            for column in contract.loaded_columns:
                connection.execute(
                    f"alter table raw.{contract.source} add column if not exists {column.name} {column.duckdb_type}"
                )


def raw_table_sql(contract: Contract) -> str:
    """DDL of `raw.<source>`: one row per accepted row of a delivery, typed, in the order of the file."""
    columns = "".join(f",\n  {column.name} {column.duckdb_type}" for column in contract.loaded_columns)
    return f"create table if not exists raw.{contract.source} (\n  delivery_id bigint,\n  record_no bigint{columns}\n)"
