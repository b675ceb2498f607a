"""The private warehouse: one file, one writer.

A lock file held with `flock` keeps a second writer out for as long as the first lives; the operating system lets go
of it when the process ends, however it ends.
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

import duckdb

from flows import clock, ledger
from flows.contracts import Contract
from flows.errors import SaferCityError, UsageError
from flows.progress import say
from flows.settings import Paths, Settings

_NOT_TAKEN = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS)
_LOOK_AGAIN_SECONDS = 0.5


class WarehouseBusyError(SaferCityError):
    """Another process writes the warehouse."""


@contextmanager
def writer_lock(paths: Paths, command: str, *, wait_minutes: float = 0) -> Iterator[None]:
    """Hold the right to write the warehouse; while another has it, wait for it so long.

    Raises WarehouseBusyError, naming who holds it and since when, and UsageError where nothing can be written.
    """
    try:
        paths.warehouse_dir.mkdir(parents=True, exist_ok=True)
        opened = paths.lock.open("a+", encoding="utf-8")
    except OSError as error:
        raise UsageError(
            f"{paths.warehouse_dir} cannot be written ({error.strerror}); mend that, or set SAFERCITY_DATA to another"
            " data folder"
        ) from None
    with opened as lock:
        until = time.monotonic() + 60 * wait_minutes
        while not _is_taken(lock):
            if time.monotonic() >= until:
                waited = f" and still is after {wait_minutes:g} minutes" if wait_minutes else ""
                raise WarehouseBusyError(f"the warehouse is being written by {holder(paths)}{waited}; try again later")
            say(f"waiting for {holder(paths)}", 0)
            time.sleep(min(_LOOK_AGAIN_SECONDS, max(0.0, until - time.monotonic())))
        holds = {"pid": os.getpid(), "since": f"{clock.now():%Y-%m-%d %H:%M:%S}", "command": command}
        with suppress(OSError):  # on a full disk it is held without saying so
            lock.truncate(0)
            os.write(lock.fileno(), json.dumps(holds).encode())
        yield


def _is_taken(lock: IO[str]) -> bool:
    """Take the lock, if nobody has it."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


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

    Raises WarehouseBusyError when another process has the file open for writing, UsageError when a newer program made
    it, and SaferCityError when it cannot be opened for another reason.
    """
    paths = settings.paths
    try:
        connection = open_database(settings, paths.warehouse, read_only=read_only)
    except duckdb.Error as error:
        if "Could not set lock" in str(error):
            raise WarehouseBusyError(
                f"{paths.warehouse} cannot be opened; {holder(paths)} may be writing it, try again later"
            ) from None
        if reason := said_by_system(error, *_NOT_TAKEN, errno.EACCES):
            raise SaferCityError(f"{paths.warehouse} cannot be opened ({reason}); mend that and run again") from None
        raise SaferCityError(
            f"{paths.warehouse} is damaged, or no DuckDB file; put back a backup of it, or move it away and let the"
            " next run load all deliveries again"
        ) from None
    with connection:
        found = ledger.version(connection)
        if found > ledger.SCHEMA_VERSION:
            raise UsageError(
                f"{paths.warehouse} has layout version {found}, and this program knows versions up to"
                f" {ledger.SCHEMA_VERSION}: a newer one has written it. Use that one, or set SAFERCITY_DATA to another"
                " data folder"
            )
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


def no_room(error: object) -> str | None:
    """What the system says where an error, or the text of one, comes from a disk that takes no more; else None."""
    return said_by_system(error, *_NOT_TAKEN)


def said_by_system(error: object, *numbers: int) -> str | None:
    """The system's words for the first of the error numbers that an error, or one that led to it, comes from.

    DuckDB and others pass these words on in the text of their errors. Nothing else of it is used: it may quote a value.
    """
    while error:
        for number in numbers:
            if os.strerror(number) in str(error):
                return os.strerror(number)
        error = isinstance(error, BaseException) and (error.__cause__ or error.__context__)
    return None


def quoted(text: object) -> str:
    """A text as SQL writes it: a path may hold an apostrophe."""
    return "'" + str(text).replace("'", "''") + "'"


def prepare(settings: Settings, contracts: dict[str, Contract]) -> None:
    """Make the warehouse's schemas, tables and columns where they are missing.

    A column that a contract has gained is NULL in the rows that were loaded before.
    """
    if not settings.paths.warehouse.exists():
        _create(settings)
    with connect(settings) as connection:
        ledger.create(connection)
        for contract in contracts.values():
            connection.execute(raw_table_sql(contract))
            for column in contract.loaded_columns:
                connection.execute(
                    f"alter table raw.{contract.source} add column if not exists {column.name} {column.duckdb_type}"
                )


def _create(settings: Settings) -> None:
    """Make the warehouse's file. It takes its name when it is whole: half of one could never be opened again."""
    whole = settings.paths.warehouse
    new = whole.with_name("new.duckdb")
    for left in (new, new.with_name(new.name + ".wal")):
        left.unlink(missing_ok=True)
    with open_database(settings, new) as connection:
        ledger.create(connection)
        connection.execute("checkpoint")
    new.replace(whole)


def raw_table_sql(contract: Contract) -> str:
    """DDL of `raw.<source>`: one row per accepted row of a delivery, typed, in the order of the file."""
    columns = "".join(f",\n  {column.name} {column.duckdb_type}" for column in contract.loaded_columns)
    return f"create table if not exists raw.{contract.source} (\n  delivery_id bigint,\n  record_no bigint{columns}\n)"
