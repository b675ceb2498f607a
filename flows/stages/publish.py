"""Publish: from a built and audited release file to what readers open, in one rename."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import duckdb

from flows import clock, releases, warehouse
from flows.contracts import Contract
from flows.errors import SaferCityError
from flows.releases import DATABASE, Release
from flows.report import dictionary
from flows.settings import Settings

MARKING = "OFFICIAL"


def publish(
    settings: Settings,
    contracts: Mapping[str, Contract],
    *,
    release_id: str,
    code_version: str,
    fingerprint: str,
    deliveries_digest: str,
    despite_audit: str | None = None,
) -> Release:
    """Finish the release file, verify it, and make it the published one.

    Raises SaferCityError when the finished file does not hold what it should; the published release stands.
    """
    paths = settings.paths
    building = paths.building
    release = _finish(
        settings,
        contracts,
        release_id=release_id,
        code_version=code_version,
        fingerprint=fingerprint,
        deliveries_digest=deliveries_digest,
    )
    release = replace(release, despite_audit=despite_audit)
    _verify(building / DATABASE, release)
    release.write(building)
    for file in building.rglob("*"):
        if file.is_file():
            # A release never changes; whoever opens it for writing by mistake is told so.
            file.chmod(0o444)
    building.rename(paths.releases / release_id)
    releases.point_to(paths, release_id)
    with warehouse.connect(settings) as connection:
        releases.record(connection, release)
    releases.remove_old(paths, settings.keep_releases)
    return release


def _later_than_all(settings: Settings, at: datetime) -> datetime:
    """A time, or the first second after the newest release: the clock may have been set back, and releases are ordered
    by when they were published."""
    newest = next(iter(releases.on_disk(settings.paths)), None)
    return max(at, datetime.fromisoformat(newest.published_at) + timedelta(seconds=1)) if newest else at


def _finish(
    settings: Settings,
    contracts: Mapping[str, Contract],
    *,
    release_id: str,
    code_version: str,
    fingerprint: str,
    deliveries_digest: str,
) -> Release:
    """Add the release's own row, write Parquet and dictionary beside the file, and leave it checkpointed and closed."""
    building = settings.paths.building
    published_at = _later_than_all(settings, clock.now().replace(microsecond=0))
    parquet = building / "parquet"
    parquet.mkdir()
    with warehouse.open_database(settings, building / DATABASE) as connection:
        tables = _tables(connection)
        rows = {table: _count(connection, table) + (table == "releases") for table in tables}
        connection.execute(
            "insert into marts.releases by name"
            " select $id as release_id, $at as published_at, $version as code_version, $marking as marking,"
            " $rows as rows_per_table",
            {"id": release_id, "at": published_at, "version": code_version, "marking": MARKING, "rows": rows},
        )
        for table in tables:
            connection.execute(
                f"copy marts.{table} to {warehouse.quoted(parquet / f'{table}.parquet')}"
                " (format parquet, compression zstd)"
            )
        release = Release(
            release_id=release_id,
            published_at=published_at.isoformat(),
            code_version=code_version,
            marking=MARKING,
            rows_per_table=rows,
            fingerprint=fingerprint,
            deliveries_digest=deliveries_digest,
        )
        dictionary.write(building / dictionary.FOLDER, connection, release, contracts)
        connection.execute("checkpoint")
    return release


def _verify(database: Path, release: Release) -> None:
    """Open the closed file read-only, as a reader will, and compare it with what the manifest will say."""
    if database.with_name(database.name + ".wal").exists():
        raise SaferCityError("the release file was left with a write-ahead log; it was not published")
    with duckdb.connect(str(database), read_only=True) as connection:
        found = {table: _count(connection, table) for table in _tables(connection)}
        if found != release.rows_per_table:
            differing = sorted(
                table
                for table in {*found, *release.rows_per_table}
                if found.get(table) != release.rows_per_table.get(table)
            )
            raise SaferCityError(f"the release file lost rows on disk: {', '.join(differing)}; it was not published")
        silent = connection.execute(
            """
            select table_name || '.' || column_name from duckdb_columns()
            where schema_name = 'marts' and coalesce(trim(comment), '') = ''
            union all
            select table_name from duckdb_tables() where schema_name = 'marts' and coalesce(trim(comment), '') = ''
            union all
            select function_name from duckdb_functions()
            where schema_name = 'marts' and coalesce(trim(comment), '') = ''
            """
        ).fetchall()
        if silent:
            raise SaferCityError(f"without a description, so not published: {', '.join(row[0] for row in silent)}")


def _tables(connection: duckdb.DuckDBPyConnection) -> list[str]:
    rows = connection.execute(
        "select table_name from duckdb_tables() where schema_name = 'marts' order by table_name"
    ).fetchall()
    return [row[0] for row in rows]


def _count(connection: duckdb.DuckDBPyConnection, table: str) -> int:
    row = connection.execute(f"select count(*) from marts.{table}").fetchone()
    assert row is not None
    return row[0]
