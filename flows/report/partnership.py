"""The partnership report: one HTML file and one workbook for a force and month, as known on a day.

There are two editions of it: of the force's own records, and of data.police.uk alone.

It reads one published release and nothing else. What it says is decided in `sections.py`, `open_data.py` and
`narrative.py`, what it knows in `figures.py`, how it looks in `charts.py` and the template; `issued.py` keeps what went
out.
"""

from __future__ import annotations

import logging
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path

import duckdb
from xlsxwriter.exceptions import FileCreateError

from flows import audit_log, clock, releases
from flows.errors import SaferCityError, UsageError
from flows.freshness import in_words
from flows.releases import DATABASE, Release
from flows.report import figures, issued, narrative, personal, workbook
from flows.report.document import Edition, RecordSource, Report
from flows.report.figures import Marts, month_end, shifted
from flows.report.issued import Issue
from flows.report.narrative import month_name
from flows.report.pages import put, templates
from flows.settings import Settings

SETTLED = timedelta(days=6)
"""From the 7th of a month on the month before is reported."""


@dataclass(frozen=True)
class Written:
    """Where a report lies. `is_new` is False where the same figures had been issued before; `changes` counts those that
    differ from the issue before it."""

    edition: Edition
    release_id: str
    issue: int
    is_new: bool
    changes: int
    html: Path
    xlsx: Path


def write(
    settings: Settings,
    *,
    month: date | None = None,
    as_of: date | None = None,
    force: str | None = None,
    record_source: RecordSource = "force",
) -> Written:
    """Make the report of a force and month, and keep it; the same figures as in its newest issue are that issue.

    `record_source` chooses the edition.

    Raises UsageError where nothing is published, or the month was not complete or known on the day; SaferCityError
    where a text seems to tell of a person, or where it cannot be written.
    """
    release = releases.current(settings.paths)
    if release is None:
        raise UsageError(f"nothing has been published in {settings.paths.published} yet; run: safercity run")
    # What Matplotlib keeps between two reports lies with the rest and not in the home of whoever runs it. The
    # first time it looks for fonts, which it would warn of.
    os.environ.setdefault("MPLCONFIGDIR", str(settings.paths.warehouse_dir / "matplotlib"))
    logging.getLogger("matplotlib").setLevel(logging.ERROR)
    with figures.opened(settings.paths.releases / release.release_id / DATABASE) as connection:
        edition = choose(connection, settings, record_source, month=month, as_of=as_of, force=force)
        kept_in = issued.folder(settings.paths, edition, settings.force)
        before = issued.newest(kept_in)
        since = before.compared_with if before else issued.last_months(settings.paths, edition, settings.force)
        marts = Marts(connection, edition)
        report = make(marts, release, since)
        inputs = marts.inputs()
    if before and before.figures == issued.figures(report) and issued.file(kept_in, before.number, "html").exists():
        return _written(edition, before.release_id, kept_in, before.number, is_new=False, changes=0)
    number = before.number + 1 if before else 1
    finished = issued.compare(report, before, inputs) if before else report
    personal.check(finished)
    audit_log.record(
        settings.paths,
        "disclose",
        f"{edition.name} report of {edition.force} for {edition.month:%Y-%m} as of {edition.as_of}, issue {number},"
        f" release {release.release_id}",
    )
    record = Issue(
        number=number,
        release_id=release.release_id,
        code_version=release.code_version,
        issued_at=clock.now().isoformat(timespec="seconds"),
        compared_with=since,
        figures=issued.figures(report),
        inputs=inputs,
    )
    with _told_where(kept_in):
        put(issued.file(kept_in, number, "html"), render(finished))
        workbook.write(issued.file(kept_in, number, "xlsx"), finished)
        issued.write_record(kept_in, record)
    return _written(edition, release.release_id, kept_in, number, is_new=True, changes=len(finished.changes))


def is_issued(settings: Settings, month: date, as_of: date) -> bool:
    """Whether the report of a month as of a day, of the default force, was issued before."""
    edition = Edition(settings.force, "force", month, as_of)
    return issued.newest(issued.folder(settings.paths, edition, settings.force)) is not None


def choose(
    connection: duckdb.DuckDBPyConnection,
    settings: Settings,
    record_source: RecordSource,
    *,
    month: date | None = None,
    as_of: date | None = None,
    force: str | None = None,
) -> Edition:
    """What the report is of. By default the day is today, and the month the last one that had ended a week before; of
    data.police.uk, which follows two months behind, it is the newest month that was known.

    Raises UsageError where that cannot be reported.
    """
    today = clock.today()
    known = figures.forces(connection, record_source)
    chosen = force or (known[0] if len(known) == 1 else settings.force)
    if chosen not in known:
        whose = "crimes" if record_source == "force" else "figures of data.police.uk"
        has = ", ".join(known) or "no force"
        raise UsageError(f"the release has no {whose} of {chosen!r}; it has those of: {has}")
    as_of = as_of or today
    if as_of > today:
        raise UsageError(f"{in_words(as_of)} is still to come: a report is as of a day that has been, or of today")
    newest = figures.newest_month(connection, chosen, record_source, as_of)
    if month is None and record_source == "police_uk":
        month = newest
    month = month or shifted((as_of - SETTLED).replace(day=1), -1)
    if month_end(month) > as_of:
        raise UsageError(f"{month_name(month)} had not ended on {in_words(as_of)}; give a later --as-of")
    if newest is None or month > newest:
        has = f"the newest month known then is {newest:%Y-%m}" if newest else "no month was known then"
        raise UsageError(f"there are no crimes of {chosen} for {month:%Y-%m} as of {as_of}: {has}")
    return Edition(chosen, record_source, month, as_of)


def make(marts: Marts, release: Release, since: date) -> Report:
    """The report as data, held against last month's, which was as of the day `since`."""
    from flows.report import counted, open_data, sections, trust

    outline = sections.PARTNERSHIP if marts.edition.record_source == "force" else open_data.OPEN_DATA
    context = counted.Context(marts, outline.marking or release.marking)
    shown = {name for plan in outline.plans for name in plan.rows} - counted.SENSITIVE
    restated = [item for item in marts.restated(since) if item.measure in shown]
    made = [counted.make(plan, context) for plan in outline.plans]
    return Report(
        title=f"{outline.title}, {month_name(marts.edition.month)}",
        edition=marts.edition,
        marking=context.marking,
        release_id=release.release_id,
        published_at=release.published_at,
        code_version=release.code_version,
        sections=(
            counted.headlines(outline.headlines, narrative.restated_sentence(restated, since), context),
            *filter(None, made),
            trust.section(restated, since, context),
        ),
    )


def render(report: Report) -> str:
    """The page of a report; it needs nothing beside it, no network and no script."""
    return templates().get_template("partnership.html.j2").render(report=report, edition=report.edition)


def copy(written: Written, folder: Path) -> Written:
    """Put copies of an issue into a folder, under names that say what they are of.

    Raises SaferCityError where they cannot be written.
    """
    edition = written.edition
    name = f"{edition.name}-report-{edition.month:%Y-%m}-as-of-{edition.as_of}-issue-{written.issue}"
    copies = {path.suffix: folder / f"{name}{path.suffix}" for path in (written.html, written.xlsx)}
    with _told_where(folder):
        folder.mkdir(parents=True, exist_ok=True)
        for path in (written.html, written.xlsx):
            shutil.copyfile(path, copies[path.suffix])
    return replace(written, html=copies[".html"], xlsx=copies[".xlsx"])


@contextmanager
def _told_where(folder: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, FileCreateError) as error:
        why = error.strerror if isinstance(error, OSError) else str(error)
        raise SaferCityError(f"the report cannot be written to {folder}: {why}") from None


def _written(edition: Edition, release_id: str, kept_in: Path, number: int, *, is_new: bool, changes: int) -> Written:
    return Written(
        edition,
        release_id,
        number,
        is_new,
        changes,
        issued.file(kept_in, number, "html"),
        issued.file(kept_in, number, "xlsx"),
    )
