"""Releases on disk: immutable folders, one of which the link `published/current` points to.

    data/releases/<id>/safer_city.duckdb, parquet/, dictionary/, manifest.json
    data/published/current -> ../releases/<id>
    data/published/safer_city.duckdb -> current/safer_city.duckdb

A reader opens the published path. Whoever has the file of an older release open keeps it.
"""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

import duckdb

from flows.errors import SaferCityError, UsageError
from flows.settings import Paths

MANIFEST = "manifest.json"
DATABASE = "safer_city.duckdb"


@dataclass(frozen=True)
class Release:
    """One release, as its manifest says. `published_at` is UTC, ISO 8601; `rows_per_table` is of schema marts.

    `despite_audit` is the reason that was given for publishing one which the audit would have stopped.
    """

    release_id: str
    published_at: str
    code_version: str
    marking: str
    rows_per_table: dict[str, int]
    fingerprint: str
    deliveries_digest: str
    despite_audit: str | None = None

    @property
    def place(self) -> tuple[str, str]:
        """What releases are ordered by."""
        return self.published_at, self.release_id

    def write(self, folder: Path) -> None:
        """Write the manifest into the release's folder."""
        (folder / MANIFEST).write_text(json.dumps(asdict(self), indent=2) + "\n", encoding="utf-8")


def read_release(folder: Path) -> Release | None:
    """The release in a folder, or None when the folder holds no finished one."""
    try:
        return Release(**json.loads((folder / MANIFEST).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def on_disk(paths: Paths) -> list[Release]:
    """The finished releases on disk, newest first."""
    if not paths.releases.exists():
        return []
    found = [
        release
        for folder in paths.releases.iterdir()
        if folder.is_dir() and not folder.name.startswith(".") and (release := read_release(folder))
    ]
    return sorted(found, key=lambda release: release.place, reverse=True)


def named(paths: Paths, release_id: str) -> Release:
    """The release of an id.

    Raises UsageError when it is not on disk.
    """
    for release in on_disk(paths):
        if release.release_id == release_id:
            return release
    raise UsageError(f"no release {release_id!r} on disk; see: safercity releases list")


def before(paths: Paths, release: Release) -> Release | None:
    """The newest release on disk that is older than another, or None."""
    return next((older for older in on_disk(paths) if older.place < release.place), None)


def current(paths: Paths) -> Release | None:
    """The published release, or None when nothing has been published yet."""
    return read_release(paths.current)


def newest_recorded(connection: duckdb.DuckDBPyConnection) -> tuple[str, str] | None:
    """Fingerprint and deliveries digest of the newest release in the ledger, whether or not it was rolled back."""
    return connection.execute(
        "select fingerprint, deliveries_digest from ledger.releases order by published_at desc limit 1"
    ).fetchone()


def record(connection: duckdb.DuckDBPyConnection, release: Release) -> None:
    """Write a published release to the ledger; it may be there already."""
    connection.execute("begin")
    connection.execute("delete from ledger.releases where release_id = ?", [release.release_id])
    connection.execute(
        "insert into ledger.releases values (?, ?, ?, ?, ?, ?, ?)",
        [
            release.release_id,
            datetime.fromisoformat(release.published_at),
            release.code_version,
            release.marking,
            release.rows_per_table,
            release.fingerprint,
            release.deliveries_digest,
        ],
    )
    connection.execute("commit")


def point_to(paths: Paths, release_id: str) -> None:
    """Publish a release: one atomic rename of the link `published/current`.

    Readers see the release that was current, or this one, and nothing in between.
    """
    paths.published.mkdir(parents=True, exist_ok=True)
    for name in (DATABASE, "parquet"):
        link = paths.published / name
        if not link.is_symlink():
            _link(link, Path("current") / name)
    _link(paths.current, Path(os.path.relpath(paths.releases / release_id, paths.published)))


def roll_back(paths: Paths, release_id: str | None = None) -> Release:
    """Publish an earlier release again: the one named, or the one before the current.

    Raises UsageError when there is none to go back to.
    """
    if release_id is None:
        now = current(paths)
        target = now and before(paths, now)
        if target is None:
            raise UsageError("there is no earlier release on disk to go back to; see: safercity releases list")
    else:
        target = named(paths, release_id)
    point_to(paths, target.release_id)
    return target


def remove_old(paths: Paths, keep: int) -> list[str]:
    """Remove all but the newest `keep` releases, never the published one; returns what was removed."""
    published = current(paths)
    removed = []
    for release in on_disk(paths)[keep:]:
        if published is None or release.release_id != published.release_id:
            shutil.rmtree(paths.releases / release.release_id)
            removed.append(release.release_id)
    return removed


def recover(paths: Paths, connection: duckdb.DuckDBPyConnection) -> None:
    """Put right what a killed run left: the link is the truth, the ledger and the folders follow it.

    A release that was published but not recorded is recorded. One that is newer than the published one and not
    recorded was never published, and a folder without a manifest never was a release: both go.
    """
    published = current(paths)
    recorded = {row[0] for row in connection.execute("select release_id from ledger.releases").fetchall()}
    if paths.releases.exists():
        for folder in paths.releases.iterdir():
            if not folder.is_dir() or folder.name in recorded:
                continue
            release = read_release(folder)
            if release and published and release.published_at <= published.published_at:
                record(connection, release)
            else:
                shutil.rmtree(folder)
    if paths.published.exists():
        for link in paths.published.glob(".*.new"):
            link.unlink()


def _link(link: Path, target: Path) -> None:
    new = link.with_name(f".{link.name}.new")
    new.unlink(missing_ok=True)
    new.symlink_to(target)
    try:
        new.replace(link)
    except OSError as error:
        raise SaferCityError(f"{link} cannot be made a link: {error.strerror}; move what stands there") from None
