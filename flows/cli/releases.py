"""`safercity releases`: what has been published, what changed in it, and going back to it."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from flows import releases
from flows.cli import screen
from flows.operate.diff import Difference
from flows.settings import load_settings

app = typer.Typer(help="What has been published, what changed in it, and going back to it.", no_args_is_help=True)

Json = Annotated[bool, typer.Option("--json", help="Print JSON, for a script.")]


@app.command("list")
def list_releases(json: Json = False) -> None:
    """The releases on disk, newest first."""
    paths = load_settings().paths
    published = releases.current(paths)
    found = releases.on_disk(paths)
    if json:
        screen.as_json(
            [
                {**asdict(item), "published": bool(published and item.release_id == published.release_id)}
                for item in found
            ]
        )
        return
    if not found:
        print("No release yet; run: safercity run")
        return
    screen.table(
        ["", "release", "published at (UTC)", "code", "marking", "despite its audit", "rows"],
        [
            (
                "published" if published and item.release_id == published.release_id else "",
                item.release_id,
                item.published_at,
                item.code_version,
                item.marking,
                item.despite_audit,
                sum(item.rows_per_table.values()),
            )
            for item in found
        ],
    )


@app.command()
def diff(
    old: Annotated[str | None, typer.Argument(help="Release to compare with; the default is the one before.")] = None,
    new: Annotated[str | None, typer.Argument(help="Release to compare; the default is the published one.")] = None,
    limit: Annotated[
        int, typer.Option(help="How many figures at most, the largest moves first; 0 is all.", min=0)
    ] = 20,
    json: Json = False,
) -> None:
    """What changed between two releases: deliveries, tables, measures, figures, and why each figure moved.

    A figure moves because records entered or left it (recorded late, reclassified, cancelled, reinstated, given
    another date, sent again), because its month arrived or went missing, or because a definition or the program
    changed.
    """
    from flows.operate import diff as differences

    found = differences.diff(load_settings(), old, new)
    if json:
        screen.as_json({**asdict(found), "another_program": found.another_program})
        return
    _show(found, limit)


@app.command()
def rollback(
    release_id: Annotated[
        str | None, typer.Argument(help="Release to publish again; the default is the one before.")
    ] = None,
) -> None:
    """Publish an earlier release again, at once; nothing is deleted, and the next new delivery publishes anew."""
    from flows.warehouse import writer_lock

    paths = load_settings().paths
    with writer_lock(paths, "releases rollback"):
        target = releases.roll_back(paths, release_id)
    print(f"Published again: {target.release_id} (of {target.published_at} UTC)")


def _show(found: Difference, limit: int) -> None:
    print(f"From {found.old.release_id} ({found.old.published_at} UTC, code {found.old.code_version})")
    print(f"to   {found.new.release_id} ({found.new.published_at} UTC, code {found.new.code_version})")
    if found.another_program:
        print("Another program, or other definitions or reference data, made the newer one.")
    if found.is_empty:
        print("They publish the same.")
        return
    if found.deliveries:
        screen.table(
            ["source", "force", "file", "extract date", "before", "after"],
            [
                (item.source, item.force, item.file_name, item.extract_date, item.before, item.after)
                for item in found.deliveries[: limit or None]
            ],
            title=f"\nDeliveries that are new or fared differently ({len(found.deliveries)})",
        )
    if found.redefined:
        print(f"\nMeasures whose definition changed: {', '.join(found.redefined)}")
    moved = [(table, *rows) for table, rows in found.tables.items() if rows[0] != rows[1]]
    if moved:
        screen.table(["table of schema marts", "rows before", "rows after"], moved, title="\nTables")
    if found.measures:
        screen.table(
            ["record source", "measure", "before", "after", "months moved", "new months", "why"],
            [
                (
                    item.record_source,
                    item.measure,
                    item.before,
                    item.after,
                    item.moved_months,
                    item.new_months,
                    ", ".join(f"{cause.replace('_', ' ')} {count:+d}" for cause, count in item.causes.items()),
                )
                for item in found.measures
            ],
            title="\nMeasures: sums over the months that both publish",
        )
    if found.figures:
        screen.table(
            ["table", "measure", "month", "force", "record source", "before", "after", "why"],
            [
                (
                    item.table,
                    item.measure,
                    f"{item.month:%Y-%m}",
                    item.force,
                    item.record_source,
                    item.before,
                    item.after,
                    item.why,
                )
                for item in found.figures[: limit or None]
            ],
            title=f"\nFigures that moved ({len(found.figures)})",
        )
        if limit and len(found.figures) > limit:
            print(f"The {limit} largest moves; see all with --limit 0.")
