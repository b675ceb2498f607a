"""`safercity explain`: from a figure to the records and deliveries behind it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from flows import releases
from flows.cli import audit, screen
from flows.settings import load_settings

if TYPE_CHECKING:
    from flows.operate.explain import Explained, Moment
    from flows.operate.read import Table


ONLY_FOR_SCRIPTS = ("offence", "committed_from", "occurred_at", "first_known", "revision")
"""Columns of records that are not printed, so that a record goes into a line."""


def explain(
    measure: Annotated[str, typer.Argument(help="A measure of marts.dim_measure, such as violence.")],
    month: Annotated[datetime, typer.Argument(formats=["%Y-%m"], help="The month counted, such as 2019-06.")],
    *,
    as_of: Annotated[
        datetime | None,
        typer.Option("--as-of", formats=["%Y-%m-%d"], help="Day whose knowledge is meant; by default the newest."),
    ] = None,
    force: Annotated[str | None, typer.Option(help="Force; by default the one of the settings.")] = None,
    limit: Annotated[int, typer.Option(help="How many lines of each list at most; 0 is all.", min=0)] = 20,
    json: Annotated[bool, typer.Option("--json", help="Print JSON, for a script; it has every record.")] = False,
) -> None:
    """What a figure is made of: its history since it was first published, the records in it, and their deliveries.

    First figure and movements add up to the figure as of the day, and so do the records. Each record source stands by
    itself: they count the same crimes differently. Records are told by their key, which finds them in the file named
    beside them; the list must stay inside the force. Works at any moment, also during a run.
    """
    from flows.contracts import load_contracts
    from flows.operate import explain as explanations

    settings = load_settings()
    day = as_of.date() if as_of else None
    found = explanations.explain(settings, load_contracts(), measure, month.date(), as_of=day, force=force)
    audit.consulted(settings.paths, f"explain {found.measure} {found.month:%Y-%m} of {found.force} as of {found.as_of}")
    if json:
        figures = [asdict(figure) | {"records": figure.records.as_dicts()} for figure in found.figures]
        screen.as_json(asdict(found) | {"figures": figures})
        return
    release = releases.current(settings.paths)
    assert release is not None
    print(f"{found.label}, {found.month:%B %Y}, {found.force}, as of {found.as_of}")
    print(found.definition)
    print(f"Release {release.release_id}, {release.marking}: single records must stay inside the force.")
    for figure in found.figures:
        _show(figure, limit)


def _show(figure: Explained, limit: int) -> None:
    cell = figure.cell
    if figure.offences is None:
        print(f"\n{cell.record_source}: no figure. {figure.remark}.")
        return
    print(f"\n{cell.record_source}: {figure.offences:,}, coverage {figure.coverage}, from {cell.source}")
    _history(figure.history)
    if figure.movements:
        screen.table(
            ["extract date", "record", "change", "cause", "before", "after"],
            [
                (
                    movement.extract_date,
                    movement.record or "no key",
                    f"{movement.change:+}",
                    movement.cause.replace("_", " "),
                    _state(movement.before),
                    _state(movement.after, movement.before is not None),
                )
                for movement in figure.movements[: limit or None]
            ],
            title="\nWhat moved it",
        )
        _more(len(figure.movements), limit)
    if figure.records.rows:
        screen.table(
            ["file", "extract date", "records"],
            _deliveries(figure.records),
            title="\nWhere its records come from: the deliveries of their states",
        )
        shown = [place for place, column in enumerate(figure.records.columns) if column not in ONLY_FOR_SCRIPTS]
        screen.table(
            [figure.records.columns[place] for place in shown],
            [[row[place] for place in shown] for row in figure.records.rows[: limit or None]],
            title="\nThe records; --json tells more of each",
        )
        _more(len(figure.records.rows), limit)


def _history(history: Sequence[Moment]) -> None:
    """The figure from its first publication on, and its sum."""
    screen.table(
        ["extract date", "file", "count", "change", "why"],
        [
            (
                moment.extract_date,
                moment.file,
                moment.offences,
                None if moment.change is None else f"{moment.change:+,}",
                "first published"
                if moment.causes is None
                else ", ".join(f"{cause.replace('_', ' ')} {count:+,}" for cause, count in moment.causes.items()),
            )
            for moment in history
        ],
        title="\nHow it came about",
    )
    first, *later = history
    if not later:
        return
    changes = "".join(f" {'-' if (moment.change or 0) < 0 else '+'} {abs(moment.change or 0):,}" for moment in later)
    print(f"{first.offences:,}{changes} = {history[-1].offences:,}")


def _deliveries(records: Table) -> list[tuple[str | None, date, int]]:
    """Each delivery with the number of records that are as it said, in the order of the extracts."""
    day, file = records.columns.index("state_from"), records.columns.index("file")
    counted = Counter((row[day], row[file]) for row in records.rows)
    return [(name, extract_date, count) for (extract_date, name), count in sorted(counted.items())]


def _more(number: int, limit: int) -> None:
    if limit and number > limit:
        print(f"The first {limit} of {number:,}; see all with --limit 0.")


def _state(state: dict[str, Any] | None, has_month: bool = True) -> str:
    """What decides where a record counts, in one line; of a new record the month is that of the figure."""
    told = {name: value for name, value in (state or {}).items() if has_month or name != "month"}
    return ", ".join(f"{name.replace('_', ' ')} {_text(value)}" for name, value in told.items())


def _text(value: Any) -> str:
    if value is None:
        return "none"
    return f"{value:%Y-%m}" if isinstance(value, date) else str(value)
