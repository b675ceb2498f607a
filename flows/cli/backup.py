"""`safercity backup` and `safercity restore`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from flows import audit_log
from flows.cli import screen
from flows.operate import backup as backups
from flows.progress import say
from flows.settings import load_settings


def backup(folder: Annotated[Path, typer.Argument(help="A new folder; it appears when the backup is whole.")]) -> None:
    """Write what cannot be made again to a folder: raw, quarantine and ledger as Parquet, with a manifest of hashes.

    States, marts and releases follow from these and are left out; so is the audit log, which is a file of its own. The
    folder holds everything that the private warehouse does: keep it as safe.
    """
    settings = load_settings()
    audit_log.record(settings.paths, "disclose", f"backup to {folder.absolute()}")
    with screen.showing_progress():
        made = backups.backup(settings, folder, lambda done, total: say("backing up", done, total))
    size = sum(table.bytes for table in made.tables.values())
    print(f"Backed up {made.rows:,} rows of {len(made.tables)} tables to {folder} ({size / 1e6:,.1f} MB)")
    print(f"Put it back elsewhere with: SAFERCITY_DATA=<new folder> safercity restore {folder}")


def restore(folder: Annotated[Path, typer.Argument(help="The folder of a backup.")]) -> None:
    """Make the warehouse of a backup, in a data folder that has none; the next run rebuilds everything else.

    Every file is checked against the manifest first. Deliveries that are in the backup are not read again; what has
    arrived since is read by the next run.
    """
    from flows.contracts import load_contracts

    settings = load_settings()
    audit_log.record(settings.paths, "restore", f"from {folder.absolute()}")
    with screen.showing_progress():
        kept = backups.restore(settings, load_contracts(), folder, lambda done, total: say("restoring", done, total))
    print(f"Restored {kept.rows:,} rows of {len(kept.tables)} tables, as of {kept.made_at} UTC")
    print("Build states, marts and a release from them with: safercity run")
