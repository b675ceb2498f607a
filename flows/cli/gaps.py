"""`safercity gaps`: which months are missing, and what would fill them."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from flows.cli import screen
from flows.settings import load_settings


def gaps(
    sources: Annotated[list[str] | None, typer.Option("--source", help="Only this source; may be given again.")] = None,
    force: Annotated[str | None, typer.Option(help="Only of this force.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON, for a script; it names every file.")] = False,
) -> None:
    """Months that are missing or partial between the first and the last of each source, and what would fill them.

    Files have the names to deliver them under. Archives of data.police.uk hold 36 months of all forces each: a force
    that sent a month late is in a later one.
    """
    from flows.contracts import load_contracts
    from flows.operate.gaps import find

    found = find(load_settings().paths, load_contracts(), sources=sources, force=force)
    if json:
        screen.as_json([asdict(gap) for gap in found])
        return
    if not found:
        print("No gaps: every month between the first and the last of each source is complete.")
        return
    screen.table(
        ["source", "force", "state", "first", "last", "months", "files that fill it", "or archives"],
        [
            (
                gap.source,
                gap.force,
                gap.state,
                f"{gap.first:%Y-%m}",
                f"{gap.last:%Y-%m}",
                gap.months,
                _named(gap.files),
                ", ".join(gap.archives),
            )
            for gap in found
        ],
    )
    archives = sorted({archive for gap in found for archive in gap.archives})
    if archives:
        print(
            f"\nArchives are fetched by month, such as: safercity fetch --from {archives[0][:7]} --to {archives[0][:7]}"
        )


def _named(files: list[str]) -> str:
    return ", ".join(files) if len(files) <= 3 else f"{files[0]} … {files[-1]}"
