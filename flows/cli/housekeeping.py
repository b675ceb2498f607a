"""`safercity housekeeping`."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from flows import audit_log
from flows.cli import screen
from flows.settings import load_settings


def housekeeping(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be done, and change nothing.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print JSON, for a script.")] = False,
) -> None:
    """Remove what nobody needs any more, compact the warehouse when that pays, and list what is due for review.

    Releases beyond `keep_releases` go, what killed runs left behind, and messages to people, problems that have ended
    and dbt's logs after a year. Records are never removed: those that have reached the `retention` of their source are
    listed, for somebody to decide on; see `safercity erase`.
    """
    from flows.contracts import load_contracts
    from flows.operate.housekeeping import housekeep

    settings = load_settings()
    if not dry_run:
        audit_log.record(settings.paths, "tidy", "housekeeping")
    done = housekeep(settings, load_contracts(), dry_run=dry_run)
    if json:
        screen.as_json(asdict(done))
        return
    screen.table(
        ["would go" if dry_run else "removed", "items", "MB"],
        [(item.what, item.items, round(item.bytes / 1e6, 1)) for item in done.removed],
    )
    if done.compacted:
        sizes = f"from {done.compacted.before / 1e6:,.1f} to {done.compacted.after / 1e6:,.1f} MB"
        print(f"The warehouse {'would shrink' if dry_run else 'was compacted'} {sizes}.")
    if done.due:
        screen.table(
            ["source", "retention (years)", "rows", "first month", "last month"],
            [(item.source, item.years, item.rows, f"{item.first:%Y-%m}", f"{item.last:%Y-%m}") for item in done.due],
            title="\nDue for review by the retention of their source",
        )
    for source in done.unfinished:
        print(f"An erasure of a record of {source} was not finished: give the same safercity erase again.")
