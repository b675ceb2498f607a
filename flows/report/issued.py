"""The reports that were issued: each is kept, and a later rendering marks every figure that differs, and why.

    data/reports/partnership/<month>-as-of-<date>/issue-1.html    the page; it needs nothing beside it
    data/reports/partnership/<month>-as-of-<date>/issue-1.xlsx    its tables
    data/reports/partnership/<month>-as-of-<date>/issue-1.json    its figures, its release, and what they rest on

Those of the open-data edition lie in data/reports/open-data.

A later rendering with the same figures is the same issue. One with other figures is the next, held against the one
before it; the earlier ones stay as they are. A report of another force than the default one has its name in its folder.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path

from flows.errors import SaferCityError
from flows.report import due
from flows.report.document import Cell, Change, Edition, Report, Table
from flows.report.figures import Inputs, shifted
from flows.report.pages import put
from flows.settings import Paths

FILES_NAMED = 3

Figures = dict[str, dict[str, list[str]]]
"""Key of a table → name of a row → its texts after the columns that name it."""


@dataclass(frozen=True)
class Issue:
    """One issue, as its record says. `compared_with` is the as-of date of last month's report."""

    number: int
    release_id: str
    code_version: str
    issued_at: str
    compared_with: date
    figures: Figures
    inputs: Inputs


def folder(paths: Paths, edition: Edition, default_force: str) -> Path:
    """Where the issues of a report lie."""
    slug = re.sub(r"[^a-z0-9]+", "-", edition.force.lower()).strip("-")
    of_force = "" if edition.force == default_force else f"-{slug}"
    return paths.data / "reports" / edition.name / f"{edition.month:%Y-%m}-as-of-{edition.as_of}{of_force}"


def file(kept_in: Path, number: int, ending: str) -> Path:
    """A file of an issue."""
    return kept_in / f"issue-{number}.{ending}"


def newest(kept_in: Path) -> Issue | None:
    """The newest issue in a folder; one without a record was never finished.

    Raises SaferCityError where its record cannot be read: what was issued would be issued again as if new.
    """
    numbers = [
        int(found[1]) for path in kept_in.glob("issue-*.json") if (found := re.search(r"issue-(\d+)", path.name))
    ]
    if not numbers:
        return None
    path = file(kept_in, max(numbers), "json")
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        inputs = content["inputs"]
        deliveries = {
            source: {name: (told[0], told[1]) for name, told in files.items()}
            for source, files in inputs["deliveries"].items()
        }
        return Issue(
            number=max(numbers),
            release_id=content["release_id"],
            code_version=content["code_version"],
            issued_at=content["issued_at"],
            compared_with=date.fromisoformat(content["compared_with"]),
            figures=content["figures"],
            inputs=Inputs(deliveries, inputs["definitions"]),
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        raise SaferCityError(
            f"{path} cannot be read; it is the record of an issued report. Put it back from a backup, or move its"
            " folder away to issue the report anew"
        ) from None


def last_months(paths: Paths, edition: Edition, default_force: str) -> date:
    """The as-of date of last month's report: of the newest that was issued before this one's, else the usual 7th.

    data.police.uk publishes a month when another two have passed, so there it is else the same day of a month before.
    """
    before = folder(paths, replace(edition, month=shifted(edition.month, -1)), default_force)
    pattern = before.name.replace(str(edition.as_of), "????-??-??")
    days = [
        date.fromisoformat(found[1])
        for path in before.parent.glob(pattern)
        if (found := re.search(r"-as-of-(\d{4}-\d\d-\d\d)", path.name)) and any(path.glob("issue-*.json"))
    ]
    if edition.record_source == "force":
        usual = edition.month.replace(day=due.DAY)
    else:
        last_day = edition.as_of.replace(day=1) - timedelta(days=1)
        usual = last_day.replace(day=min(edition.as_of.day, last_day.day))
    return max((day for day in days if day < edition.as_of), default=usual)


def write_record(kept_in: Path, issue: Issue) -> None:
    """Write the record of an issue: from then on it is issued."""
    content = {
        "release_id": issue.release_id,
        "code_version": issue.code_version,
        "issued_at": issue.issued_at,
        "compared_with": issue.compared_with.isoformat(),
        "figures": issue.figures,
        "inputs": {"deliveries": issue.inputs.deliveries, "definitions": issue.inputs.definitions},
    }
    put(file(kept_in, issue.number, "json"), json.dumps(content, ensure_ascii=False, indent=1) + "\n")


def figures(report: Report) -> Figures:
    """All texts of all tables."""
    return {
        table.key: {name: [cell.text for cell in row[table.heads :]] for name, row in _rows(table)}
        for _, table in report.tables
    }


def compare(report: Report, before: Issue, now: Inputs) -> Report:
    """The report as the issue after another one: what stands otherwise in its tables is marked, with why."""
    changes: list[Change] = []
    sections = []
    for section in report.sections:
        blocks = []
        for block in section.blocks:
            tables = tuple(_marked(table, report, before, now, changes) for table in block.tables)
            charts = tuple(
                replace(chart, table=_marked(chart.table, report, before, now, changes)) for chart in block.charts
            )
            blocks.append(replace(block, tables=tables, charts=charts))
        sections.append(replace(section, blocks=tuple(blocks)))
    changes += _gone(report, before, now)
    return replace(report, sections=tuple(sections), issue=before.number + 1, changes=tuple(changes))


def why(table: Table, report: Report, before: Issue, now: Inputs) -> str:
    """What can have moved the figures of a table since an issue: deliveries, else definitions, else the program."""
    files = []
    for source in table.sources:
        was, has = before.inputs.deliveries.get(source, {}), now.deliveries.get(source, {})
        for name in sorted(was.keys() | has.keys()):
            extract_date = (has.get(name) or was[name])[0]
            if was.get(name) != has.get(name) and (
                table.last_known or extract_date <= report.edition.as_of.isoformat()
            ):
                files.append(
                    f"{name} ({'new' if name not in was else 'gone' if name not in has else 'fared otherwise'})"
                )
    if files:
        more = f" and {len(files) - FILES_NAMED} more" if len(files) > FILES_NAMED else ""
        return f"deliveries: {', '.join(files[:FILES_NAMED])}{more}"
    redefined = [
        measure for measure in now.definitions if now.definitions[measure] != before.inputs.definitions.get(measure)
    ]
    if redefined:
        return f"measures defined anew: {', '.join(sorted(redefined)[:FILES_NAMED])}"
    if before.code_version != report.code_version:
        return f"the program: {before.code_version} → {report.code_version}"
    return "the release: its deliveries, definitions and program are the same"


def _marked(table: Table, report: Report, before: Issue, now: Inputs, changes: list[Change]) -> Table:
    was = before.figures.get(table.key, {})
    reason = ""
    rows = []
    for name, row in _rows(table):
        earlier = was.get(name)
        cells = list(row)
        for place in range(table.heads, len(row)):
            text = earlier[place - table.heads] if earlier and place - table.heads < len(earlier) else "not in it"
            if text == row[place].text:
                continue
            reason = reason or why(table, report, before, now)
            if table.compared:
                cells[place] = replace(row[place], was=text)
                changes.append(Change(table.caption, name, table.columns[place], text, row[place].text, reason))
            else:
                cells[place] = replace(row[place], was="another")
                changes.append(Change(table.caption, name, table.columns[place], "another", "not told", reason))
        rows.append(tuple(cells))
    return replace(table, rows=tuple(rows))


def _gone(report: Report, before: Issue, now: Inputs) -> Iterator[Change]:
    """Rows that the issue before had and this one has not."""
    tables = {table.key: table for _, table in report.tables}
    for key, rows in before.figures.items():
        table = tables.get(key)
        if table is None:
            yield Change(key, "the whole table", "", "in it", "not in it", "nothing stands for it any more")
            continue
        for name in rows.keys() - {name for name, _ in _rows(table)}:
            yield Change(table.caption, name, "", "in it", "not in it", why(table, report, before, now))


def _rows(table: Table) -> Iterator[tuple[str, tuple[Cell, ...]]]:
    """Each row with its name."""
    for row in table.rows:
        yield ", ".join(cell.text for cell in row[: table.heads]), row
