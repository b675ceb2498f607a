"""Housekeeping: what nobody needs any more goes, and what is due for review by the retention of its source is listed.

Records are never removed here. One whose disposal was decided is removed by `erase`.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, timedelta
from pathlib import Path

import duckdb

from flows import clock, erasures, logs, releases, warehouse
from flows.contracts import Contract
from flows.operate import compact
from flows.settings import Paths, Settings

KEPT_DAYS = 365
"""Days for which messages to people, problems that have ended, and logs are kept."""


@dataclass(frozen=True)
class Removed:
    """One kind of thing that went, or would go. `bytes` is 0 for rows: their room is used again by others."""

    what: str
    items: int
    bytes: int


@dataclass(frozen=True)
class DueForReview:
    """Accepted rows of a source whose months lie further back than its retention; `years` is the retention.

    `rows` counts every row in which a record was delivered, `first` and `last` are the first and last such month.
    """

    source: str
    years: int
    rows: int
    first: date
    last: date


@dataclass(frozen=True)
class Tidied:
    """What housekeeping did, or on a dry run would do. `compacted` is None where that does not pay.

    On a dry run what a compaction would leave is the size without the free blocks. `unfinished` are the sources of
    records whose erasure did not come to its end: older releases may still hold them.
    """

    removed: list[Removed]
    compacted: compact.Compacted | None
    due: list[DueForReview]
    unfinished: list[str]


def housekeep(
    settings: Settings, contracts: dict[str, Contract], *, dry_run: bool = False, wait_minutes: float = 0
) -> Tidied:
    """Remove what is not needed, compact the warehouse when that pays, and list what is due for review.

    While a run is active, it waits so long. Raises WarehouseBusyError when one still is.
    """
    paths = settings.paths
    with warehouse.writer_lock(paths, "housekeeping", wait_minutes=wait_minutes):
        removed = [
            _folders("releases beyond the newest ones", _old_releases(settings), dry_run),
            _folders("left by a process that was killed", _left_behind(paths), dry_run),
            _folders("logs", [*_old_files(paths.dbt_target / "logs"), *_old_files(logs.file(paths).parent)], dry_run),
        ]
        if not paths.warehouse.exists():
            return Tidied(removed, None, [], [])
        if not dry_run:
            logs.put_aside(paths)
            warehouse.prepare(settings, contracts)
        with warehouse.connect(settings, read_only=dry_run) as connection:
            removed += _old_rows(connection, dry_run)
            due = [found for contract in contracts.values() if (found := _due(connection, contract))]
            unfinished = erasures.unfinished(connection)
            if not dry_run:
                connection.execute("checkpoint")
            size = compact.size(settings, connection)
        compacted = None
        if size.is_worth_compacting:
            compacted = compact.Compacted(size.total, size.total - size.free) if dry_run else compact.compact(settings)
        return Tidied(removed, compacted, due, unfinished)


def _old_releases(settings: Settings) -> list[Path]:
    published = releases.current(settings.paths)
    return [
        settings.paths.releases / release.release_id
        for release in releases.on_disk(settings.paths)[settings.keep_releases :]
        if release != published
    ]


def _left_behind(paths: Paths) -> list[Path]:
    """What only a run that is under way needs, and none is: the caller holds the lock."""
    databases = [
        compact.unfinished(paths), paths.warehouse_dir / "new.duckdb", paths.warehouse_dir / "restored.duckdb"
    ]  # fmt: skip
    candidates = [paths.scratch, paths.spill, paths.building, *databases, *map(compact.wal, databases)]
    return [path for path in candidates if path.exists()]


def _old_files(folder: Path) -> list[Path]:
    """Files of a folder that were last written more than KEPT_DAYS ago."""
    before = (clock.now() - timedelta(days=KEPT_DAYS)).replace(tzinfo=UTC).timestamp()
    return [
        path
        for path in (folder.iterdir() if folder.exists() else ())
        if path.is_file() and path.stat().st_mtime < before
    ]


def _folders(what: str, paths: Iterable[Path], dry_run: bool) -> Removed:
    found = list(paths)
    size = sum(file.stat().st_size for path in found for file in (path, *path.rglob("*")) if file.is_file())
    for path in () if dry_run else found:
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()
    return Removed(what, len(found), size)


def _old_rows(connection: duckdb.DuckDBPyConnection, dry_run: bool) -> list[Removed]:
    before = {"before": clock.now() - timedelta(days=KEPT_DAYS)}
    removed = []
    for what, rows in (
        ("messages to people", "ledger.alerts where created_at < $before"),
        ("problems that ended", "ledger.problems where ended_at < $before and end_told"),
    ):
        counted = connection.execute(f"select count(*) from {rows}", before).fetchone()
        assert counted is not None
        if not dry_run:
            connection.execute(f"delete from {rows}", before)
        removed.append(Removed(what, counted[0], 0))
    return removed


def _due(connection: duckdb.DuckDBPyConnection, contract: Contract) -> DueForReview | None:
    if contract.retention is None:
        return None
    month = (
        "cast(deliveries.slice || '-01' as date)"
        if contract.delivery.kind == "slice"
        else f"cast(date_trunc('month', records.{contract.counted_by}) as date)"
    )
    row = connection.execute(
        f"""
        with months as (
          select {month} as month
          from raw.{contract.source} as records
          inner join ledger.deliveries as deliveries using (delivery_id)
        )
        select count(*), min(month), max(month)
        from months
        where month + interval 1 month + to_years($years) <= $today
        """,
        {"years": contract.retention, "today": clock.today()},
    ).fetchone()
    assert row is not None
    rows, first, last = row
    return DueForReview(contract.source, contract.retention, rows, first, last) if rows else None
