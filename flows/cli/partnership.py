"""`safercity report`: the partnership report."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from flows.cli import screen
from flows.settings import Settings, load_settings

if TYPE_CHECKING:
    from flows.report.partnership import Written


def report(
    *,
    month: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m"], help="Month to report; by default the last that had ended a week before."),
    ] = None,
    as_of: Annotated[
        datetime | None,
        typer.Option("--as-of", formats=["%Y-%m-%d"], help="Day whose knowledge it shows; by default today."),
    ] = None,
    force: Annotated[str | None, typer.Option(help="Force to report; by default the one of the release.")] = None,
    open_data: Annotated[
        bool,
        typer.Option("--open-data", help="The edition from data.police.uk alone, of any force that the release has."),
    ] = False,
    out: Annotated[Path | None, typer.Option(help="Put copies of both files into this folder too.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON, for a script.")] = False,
) -> None:
    """The partnership report of a month as it was known on a day: one HTML file, and a workbook of its tables.

    It is made from the published release alone, and kept below data/reports/partnership. Made again with other figures
    it is the next issue, in which each figure that differs is marked with what it was and why; with the same figures
    it is the same issue. `docs/report.md` says how to read it.

    With --open-data it is made of what data.police.uk publishes of a force and of nothing else, says what that cannot
    show, and may go to anybody; it is kept below data/reports/open-data, by default of the newest month published.
    """
    from flows.report import partnership

    written = partnership.write(
        load_settings(),
        month=month and month.date(),
        as_of=as_of and as_of.date(),
        force=force,
        record_source="police_uk" if open_data else "force",
    )
    if out:
        written = partnership.copy(written, out)
    edition = written.edition
    if json:
        screen.as_json(
            {
                "force": edition.force,
                "edition": edition.name,
                "month": f"{edition.month:%Y-%m}",
                "as_of": edition.as_of,
                "release_id": written.release_id,
                "issue": written.issue,
                "is_new": written.is_new,
                "changes": written.changes,
                "html": written.html,
                "xlsx": written.xlsx,
            }
        )
        return
    _say(written)


DEMO_MONTH, DEMO_DAY = date(2019, 7, 1), date(2019, 8, 7)
"""What the demo reports: the month and the day of which the published reports that the sample reproduces say most."""


def of_demo(settings: Settings, *, is_new: bool, json: bool) -> None:
    """Make the report of the demo where its release is new or the report is not there, and say where it is."""
    from flows.report import partnership

    if is_new or not partnership.is_issued(settings, DEMO_MONTH, DEMO_DAY):
        written = partnership.write(settings, month=DEMO_MONTH, as_of=DEMO_DAY)
        if not json:
            _say(written)


def _say(written: Written) -> None:
    edition = written.edition
    print(f"Report of {edition.force}, {edition.month:%B %Y}, as of {edition.as_of}: {written.html}")
    print(f"Its tables: {written.xlsx}")
    if not written.is_new:
        print(f"The figures are those of issue {written.issue}, of release {written.release_id}: it stands.")
    elif written.changes:
        print(
            f"Issue {written.issue}: {written.changes:,} figures differ from issue {written.issue - 1} and are marked."
        )
