"""`safercity quarantine` and `safercity deliveries accept`: what waits for a correction, and what becomes of it."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from flows.cli import screen
from flows.errors import InterruptedRunError
from flows.settings import Settings, load_settings

if TYPE_CHECKING:
    from flows.pipeline import Replayed

app = typer.Typer(help="Rows that wait for a correction: see them, send them out, load them.", no_args_is_help=True)

Json = Annotated[bool, typer.Option("--json", help="Print JSON, for a script.")]
Source = Annotated[str | None, typer.Option(help="Only rows of this source.")]
RuleCode = Annotated[str | None, typer.Option(help="Only rows that break this rule.")]
File = Annotated[str | None, typer.Option(help="Only rows of the files of this name.")]
Owner = Annotated[str | None, typer.Option(help="Only rows of rules of this owner.")]


@app.command("list")
def list_(
    *,
    source: Source = None,
    rule: RuleCode = None,
    file: File = None,
    owner: Owner = None,
    limit: Annotated[int, typer.Option(help="How many lines at most, oldest first; 0 is all.", min=0)] = 50,
    json: Json = False,
) -> None:
    """How many rows of which files wait, by rule and owner, and for how many days.

    A row that breaks several rules counts under each of them.
    """
    from flows.operate import quarantine

    chosen = quarantine.Chosen(source, rule, file, owner)
    settings = load_settings()
    found = quarantine.listed(settings, chosen)
    if json:
        screen.as_json(found.as_dicts())
        return
    if not found.rows:
        print("Nothing in quarantine matches." if any(asdict(chosen).values()) else "Nothing is in quarantine.")
        return
    screen.table(found.columns, found.rows[: limit or None])
    if limit and len(found.rows) > limit:
        print(f"The oldest {limit} of {len(found.rows):,} lines; see all with --limit 0.")
    print(f"Rows in quarantine: {quarantine.in_quarantine(settings, chosen):,}, each counted once.")


@app.command()
def show(
    *,
    source: Annotated[str, typer.Option(help="The source whose rows are shown.")],
    rule: RuleCode = None,
    file: File = None,
    owner: Owner = None,
    limit: Annotated[int, typer.Option(help="How many rows at most; 0 is all.", min=0)] = 20,
    json: Json = False,
) -> None:
    """The rows themselves: file, record number (the header is 1), rules, and their codes, numbers and dates.

    Texts are not shown, for a name may have slipped into one; nor is anything of a confidential source but counts.
    """
    from flows.contracts import load_contracts
    from flows.operate import quarantine

    found = quarantine.shown(load_settings(), quarantine.Chosen(source, rule, file, owner), limit or None)
    if json:
        screen.as_json(found.as_dicts())
        return
    if not found.rows:
        print("Nothing in quarantine matches.")
        return
    rows = [[", ".join(value) if isinstance(value, list) else value for value in row] for row in found.rows]
    screen.table(found.columns, rows)
    if load_contracts()[source].confidential:
        print(f"{source} is confidential: its rows are counted, and not shown.")
    elif limit and len(rows) == limit:
        print(f"The first {limit}; see all with --limit 0.")


@app.command()
def export(
    out: Annotated[Path, typer.Option(help="Folder to write to; it must be new or empty.")],
    owner: Annotated[str | None, typer.Option(help="Only the workbook of this owner.")] = None,
    json: Json = False,
) -> None:
    """One Excel workbook for each owner, a sheet for each rule: what to correct, in which record of which file."""
    from flows.operate import quarantine

    written = quarantine.export(load_settings(), out, owner)
    if json:
        screen.as_json([asdict(workbook) for workbook in written])
        return
    if not written:
        print("Nothing in quarantine matches; no workbook was written.")
        return
    screen.table(
        ["workbook", "owner", "rules", "rows"],
        [(str(book.path), book.owner, book.rules, book.rows) for book in written],
    )


@app.command()
def replay(
    source: Annotated[list[str] | None, typer.Option(help="Only this source; may be given again.")] = None,
    rule: Annotated[str | None, typer.Option(help="Only rows that were quarantined for this rule.")] = None,
    landing: Annotated[Path | None, typer.Option(help="Folder in which the files are looked for.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be loaded, and change nothing.")] = False,
    json: Json = False,
) -> None:
    """Load the rows that pass by now, after a rule or the reference data was corrected, and publish.

    They are known from their file's own extract date on: every figure, also as of a past day, is as if they had never
    failed. The others stay, with their age. Files that were rejected are judged again by `safercity run`.
    """
    from flows import runs

    settings = load_settings(landing=landing)
    runs.require_landing(settings)
    if not runs.something_to_replay(settings, source, rule):
        if json:
            screen.as_json({"state": "nothing to do"})
        else:
            print("Nothing in quarantine matches; nothing to do.")
        return
    try:
        with screen.showing_progress():
            replayed = _through_prefect(settings, source, rule, dry_run)
    except KeyboardInterrupt:
        raise InterruptedRunError from None
    if json:
        screen.as_json({"state": "dry run" if dry_run else "done", **asdict(replayed)})
        return
    _show(replayed, dry_run)


def _through_prefect(settings: Settings, sources: list[str] | None, rule: str | None, dry_run: bool) -> Replayed:
    from flows.cli.main import through_prefect

    return through_prefect(
        settings, lambda pipeline: pipeline.replay_quarantine(settings.landing_dir, sources, rule, dry_run)
    )


def _show(replayed: Replayed, dry_run: bool) -> None:
    screen.table(
        ["source", "force", "file", "extract date", "would be loaded" if dry_run else "loaded", "still bad",
         "kept in part"],
        [
            (file.source, file.force, file.file_name, file.extract_date, file.loaded, file.still_bad, file.kept_in_part)
            for file in replayed.files
        ],
    )  # fmt: skip
    loaded = sum(file.loaded for file in replayed.files)
    staying = sum(file.still_bad + file.kept_in_part for file in replayed.files)
    verb = "would be loaded" if dry_run else "loaded"
    print(f"Rows {verb}: {loaded:,}. Rows that stay in quarantine: {staying:,}.")
    if any(file.kept_in_part for file in replayed.files):
        print(
            "Rows kept in part hold a value of which only the length was kept. Put their file back into the landing"
            " folder, or have it sent again, and replay."
        )
    if replayed.release:
        print(f"Published: {replayed.release.release_id}")
    elif not dry_run:
        print("No row was loaded, so nothing was published.")


def accept(
    which: Annotated[str, typer.Argument(help="Name of the file, or number of the delivery.", metavar="FILE")],
    reason: Annotated[str, typer.Option(help="Why it may be trusted; kept with your name and the time.")],
    json: Json = False,
) -> None:
    """Load a file that was rejected for too many bad rows all the same: its good rows, by the next run.

    The bad ones go to quarantine. The decision is kept in the ledger and holds for this content of this extract,
    wherever it comes again.
    """
    from flows.operate import decisions

    decided = decisions.accept(load_settings(), which, reason)
    if json:
        screen.as_json(asdict(decided))
        return
    when = "Accepted" if decided.is_new else "Had been accepted already"
    print(f"{when} by {decided.decided_by}: {decided.file_name} ({decided.source}, delivery {decided.delivery_id}).")
    if decided.is_there:
        print("The next run loads it: safercity run")
    else:
        print(f"It lies no longer at {decided.path}: put it back into the landing folder, and the next run loads it.")
