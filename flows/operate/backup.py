"""Backup and restore: everything that cannot be made again, as Parquet with a manifest of hashes.

That is raw, quarantine and the ledger. States, marts and releases follow from them and are made by the next run.

    <folder>/manifest.json
    <folder>/<schema>.<table>.parquet
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import duckdb

from flows import clock, ledger, warehouse
from flows.contracts import Contract
from flows.errors import SaferCityError, UsageError
from flows.settings import Settings

MANIFEST = "manifest.json"
SCHEMAS = ("raw", "quarantine", "ledger")

Progress = Callable[[int, int | None], None]


@dataclass(frozen=True)
class KeptTable:
    """One table in a backup: its DDL, its rows, and the size in bytes and SHA-256 of its file."""

    ddl: str
    rows: int
    bytes: int
    sha256: str


@dataclass(frozen=True)
class Backup:
    """A backup as its manifest says. `made_at` is UTC, ISO 8601; tables are named `<schema>.<table>`."""

    made_at: str
    layout_version: int
    deliveries_digest: str
    tables: dict[str, KeptTable]

    @property
    def rows(self) -> int:
        """Rows of all tables."""
        return sum(table.rows for table in self.tables.values())


def backup(settings: Settings, folder: Path, progress: Progress | None = None) -> Backup:
    """Write a backup of the warehouse to a new folder, which appears when it is whole.

    Raises UsageError where the folder holds something or there is no warehouse, WarehouseBusyError while a run writes.
    """
    if not settings.paths.warehouse.exists():
        raise UsageError(f"there is no warehouse in {settings.paths.warehouse_dir} to back up")
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageError(f"{folder} is not empty; give a new folder for each backup")
    unfinished = folder.with_name(folder.name + ".unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    with (
        warehouse.writer_lock(settings.paths, "backup"),
        warehouse.connect(settings, read_only=True) as connection,
    ):
        names = _tables(connection)
        for done, name in enumerate(names):
            if progress:
                progress(done, len(names))
            connection.execute(
                f"copy {name} to {warehouse.quoted(_file(unfinished, name))} (format parquet, compression zstd)"
            )
        made = Backup(
            made_at=clock.now().isoformat(timespec="seconds"),
            layout_version=ledger.version(connection),
            deliveries_digest=ledger.deliveries_digest(connection),
            tables={name: _kept(connection, unfinished, name) for name in names},
        )
    (unfinished / MANIFEST).write_text(json.dumps(asdict(made), indent=2) + "\n", encoding="utf-8")
    if folder.exists():
        folder.rmdir()
    unfinished.rename(folder)
    return made


def read_backup(folder: Path) -> Backup:
    """The backup in a folder, every file of it checked against the manifest.

    Raises UsageError where there is none, a file is missing, or a file is not what was written.
    """
    try:
        content = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        tables = {name: KeptTable(**table) for name, table in content.pop("tables").items()}
        kept = Backup(tables=tables, **content)
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        raise UsageError(f"{folder} holds no backup: its {MANIFEST} is missing or cannot be read") from None
    for name, table in kept.tables.items():
        file = _file(folder, name)
        if not file.exists():
            raise UsageError(f"{folder} is not whole: {file.name} is missing")
        if (file.stat().st_size, _sha256(file)) != (table.bytes, table.sha256):
            raise UsageError(f"{folder} cannot be trusted: {file.name} is not as it was written")
    return kept


def restore(
    settings: Settings, contracts: dict[str, Contract], folder: Path, progress: Progress | None = None
) -> Backup:
    """Make the warehouse of a backup where there is none; the next run makes states, marts and a release from it.

    Raises UsageError where there is a warehouse already, the backup is not whole, or a newer program made it.
    """
    kept = read_backup(folder)
    if kept.layout_version > ledger.SCHEMA_VERSION:
        raise UsageError(
            f"{folder} has layout version {kept.layout_version}, and this program knows versions up to"
            f" {ledger.SCHEMA_VERSION}: restore it with the newer program that wrote it"
        )
    settings.paths.make()
    with warehouse.writer_lock(settings.paths, "restore"):
        if settings.paths.warehouse.exists():
            raise UsageError(
                f"there is a warehouse already: {settings.paths.warehouse}. Move it away, or set SAFERCITY_DATA to"
                " another data folder"
            )
        new = settings.paths.warehouse.with_name("restored.duckdb")
        for left in (new, new.with_name(new.name + ".wal")):
            left.unlink(missing_ok=True)
        with warehouse.open_database(settings, new) as connection:
            for done, (name, table) in enumerate(kept.tables.items()):
                if progress:
                    progress(done, len(kept.tables))
                _restore_table(connection, folder, name, table)
            # States are made anew by whoever runs next.
            connection.execute("delete from ledger.states; delete from ledger.pending")
            connection.execute("checkpoint")
        new.replace(settings.paths.warehouse)
        warehouse.prepare(settings, contracts)
        with warehouse.connect(settings, read_only=True) as connection:
            found = ledger.deliveries_digest(connection)
        if found != kept.deliveries_digest:
            raise SaferCityError(f"what was restored from {folder} is not what the ledger of the backup says")
    return kept


def _restore_table(connection: duckdb.DuckDBPyConnection, folder: Path, name: str, table: KeptTable) -> None:
    schema = name.partition(".")[0]
    connection.execute(f"create schema if not exists {schema}")
    connection.execute(table.ddl)
    connection.execute(f"insert into {name} by name from read_parquet({warehouse.quoted(_file(folder, name))})")
    found = connection.execute(f"select count(*) from {name}").fetchone()
    if found != (table.rows,):
        raise SaferCityError(f"{name} of {folder} has other rows than its manifest says; nothing was restored")


def _tables(connection: duckdb.DuckDBPyConnection) -> list[str]:
    rows = connection.execute(
        "select schema_name || '.' || table_name from duckdb_tables()"
        f" where schema_name in {SCHEMAS} and database_name = current_database() order by all"
    ).fetchall()
    return [name for (name,) in rows]


def _kept(connection: duckdb.DuckDBPyConnection, folder: Path, name: str) -> KeptTable:
    found = connection.execute(
        f"select sql, (select count(*) from {name}) from duckdb_tables()"
        " where schema_name || '.' || table_name = ? and database_name = current_database()",
        [name],
    ).fetchone()
    assert found is not None
    file = _file(folder, name)
    return KeptTable(*found, bytes=file.stat().st_size, sha256=_sha256(file))


def _file(folder: Path, name: str) -> Path:
    return folder / f"{name}.parquet"


def _sha256(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()
