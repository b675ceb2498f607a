"""The quality page: one HTML file per run that published, and an index of the newest thirty.

    data/reports/quality/<run_id>.html    the page; it needs nothing beside it, no network and no script
    data/reports/quality/<run_id>.json    its headline figures, which the index is made of
    data/reports/quality/index.html       one line per page

It reads the published release. What only the private warehouse knows, the rows in quarantine by owner and age, is
handed in as counts. No value of the data and no free text is on it, and nothing of a confidential source is counted.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

import duckdb
from jinja2 import Environment

from flows import clock
from flows.freshness import ALARMING, Freshness, alike, in_words
from flows.held import AGES, Quarantine
from flows.releases import DATABASE, Release
from flows.report import quality_figures
from flows.report.pages import put, templates, words
from flows.report.quality_figures import DIMENSIONS, TREND_EXTRACTS, Checks, Figures, RejectedFile, RuleLine
from flows.settings import Paths

KEPT = 30
"""How many pages stay."""

INDEX = "index.html"

SHOWN_FILES = 50
NAMED_FILES = 5

Level = Literal["good", "attention", "action"]

VERDICTS: dict[Level, str] = {
    "good": "All in order",
    "attention": "In order, with rows held back",
    "action": "Somebody has to act",
}


@dataclass(frozen=True)
class Told:
    """What a run tells the page beside its release: when it began, and its seconds by stage."""

    run_id: str
    started_at: datetime
    seconds: dict[str, float]


@dataclass(frozen=True)
class Headline:
    """What the index says of a page."""

    run_id: str
    release_id: str
    published_at: str
    level: Level
    sentence: str
    score: str | None
    checked: int
    failed: int
    files_to_send_again: int
    rows_held: int
    late: int


def folder(paths: Paths) -> Path:
    """Where the pages lie."""
    return paths.data / "reports" / "quality"


def page(paths: Paths, run_id: str) -> Path:
    """The page of one run."""
    return folder(paths) / f"{run_id}.html"


def newest(paths: Paths) -> Path | None:
    """The page of the newest run, or None where there is none."""
    headlines = _headlines(paths)
    return page(paths, headlines[0].run_id) if headlines else None


def write(paths: Paths, release: Release, told: Told, quarantine: Quarantine, fresh: Sequence[Freshness]) -> Path:
    """Write the page of a run on the release that it published, and the index; returns the page.

    A file takes its name when it is whole. Pages but the newest thirty are removed.
    """
    database = paths.releases / release.release_id / DATABASE
    with duckdb.connect(str(database), read_only=True) as connection:
        figures = quality_figures.read(connection, told.started_at)
    headline = sum_up(release, told, figures, quarantine, fresh)
    text = (
        _templates()
        .get_template("quality.html.j2")
        .render(
            told=told,
            release=release,
            headline=headline,
            verdict=VERDICTS[headline.level],
            figures=figures,
            to_do=to_do(figures, quarantine, fresh),
            quarantine=quarantine,
            ages=AGES,
            fresh=alike(fresh),
            alarming=ALARMING,
            today=clock.today(),
            confidential=[source.source for source in figures.sources if source.withheld],
            dimensions=DIMENSIONS,
            shown_files=SHOWN_FILES,
            trend_extracts=TREND_EXTRACTS,
        )
    )
    target = page(paths, told.run_id)
    put(target, text)
    put(target.with_suffix(".json"), json.dumps(asdict(headline), indent=2) + "\n")
    _write_index(paths)
    return target


def sum_up(
    release: Release, told: Told, figures: Figures, quarantine: Quarantine, fresh: Sequence[Freshness]
) -> Headline:
    """The verdict in a sentence, and the figures behind it."""
    waiting = sum(file.is_open for file in figures.rejected)
    rows = quarantine.rows
    late = sum(item.state in ALARMING for item in fresh)
    said = [
        _counted(waiting, "rejected file has", "rejected files have") + " to be sent again" if waiting else "",
        _counted(late, "delivery is", "deliveries are") + " late or missing" if late else "no delivery is late",
        _counted(rows, "row is", "rows are") + " held in quarantine" if rows else "no row is held in quarantine",
    ]
    sentence = "; ".join(part for part in said if part)
    return Headline(
        run_id=told.run_id,
        release_id=release.release_id,
        published_at=release.published_at,
        level="action" if waiting or late else "attention" if rows else "good",
        sentence=sentence[0].upper() + sentence[1:] + ".",
        score=figures.recent.score,
        checked=figures.recent.checked,
        failed=figures.recent.failed,
        files_to_send_again=waiting,
        rows_held=rows,
        late=late,
    )


def to_do(figures: Figures, quarantine: Quarantine, fresh: Sequence[Freshness]) -> dict[str, list[str]]:
    """Owner → what each has to do, in words: what is late, what to send again, what to correct."""
    found: dict[str, list[str]] = defaultdict(list)
    late: dict[tuple[str, str], list[Freshness]] = defaultdict(list)
    for item in fresh:
        if item.state in ALARMING:
            late[item.owner, item.source].append(item)
    for (owner, source), items in late.items():
        worst = max(items, key=lambda item: item.days_late)
        who = f"{worst.force}: " if len(items) == 1 and worst.force else ""
        others = f"{len(items)} forces are late, the latest of them {worst.force}: " if len(items) > 1 else ""
        found[owner].append(f"Deliver {words(source)}. {others or who}{worst.message}.")
    files: dict[tuple[str, str], list[RejectedFile]] = defaultdict(list)
    for file in figures.rejected:
        if file.is_open:
            files[file.owner, file.source].append(file)
    for (owner, source), rejected in files.items():
        names = ", ".join(file.file_name for file in rejected[:NAMED_FILES])
        more = f" and {len(rejected) - NAMED_FILES} more" if len(rejected) > NAMED_FILES else ""
        found[owner].append(f"Send {words(source)} again, corrected: {names}{more}.")
    for item in quarantine.held:
        rows = _counted(item.rows, "row", "rows")
        found[item.owner].append(f"Correct {rows} of {words(item.source)}, held since {in_words(item.held_since)}.")
    return dict(sorted(found.items()))


def trend_in_words(rule: RuleLine) -> str:
    """What a trend shows, for whoever cannot see it."""
    shares = [checks.failed / checks.checked if checks.checked else 0 for _, checks in rule.trend]
    day, newest = rule.trend[-1]
    worst_day, worst = rule.trend[max(range(len(shares)), key=lambda place: (shares[place], place))]
    return (
        f"{rule.rule}, percent failed in the last {_counted(len(shares), 'extract', 'extracts')}:"
        f" highest {worst.failed_pct} on {in_words(worst_day)}, newest {newest.failed_pct} on {in_words(day)}"
    )


def trend_path(rule: RuleLine) -> str:
    """The trend as strokes of an SVG path 96 wide and 20 high: one per extract, the highest share at full height."""
    shares = [checks.failed / checks.checked if checks.checked else 0 for _, checks in rule.trend]
    highest = max(shares)
    return "".join(f"M{4 * place + 2} 20v-{max(1, round(20 * share / highest))}" for place, share in enumerate(shares))


def _write_index(paths: Paths) -> None:
    """Make the index of the newest pages, and remove the others."""
    headlines = _headlines(paths)
    for old in headlines[KEPT:]:
        for path in (page(paths, old.run_id), page(paths, old.run_id).with_suffix(".json")):
            path.unlink(missing_ok=True)
    text = _templates().get_template("quality_index.html.j2").render(headlines=headlines[:KEPT], verdicts=VERDICTS)
    put(folder(paths) / INDEX, text)


def _headlines(paths: Paths) -> list[Headline]:
    """What the pages say of themselves, newest first; what cannot be read is passed over."""
    found = []
    for path in folder(paths).glob("*.json"):
        with suppress(OSError, ValueError, TypeError):
            found.append(Headline(**json.loads(path.read_text(encoding="utf-8"))))
    return sorted(found, key=lambda headline: (headline.published_at, headline.run_id), reverse=True)


def _templates() -> Environment:
    environment = templates()
    environment.globals |= {"trend_in_words": trend_in_words, "trend_path": trend_path, "nothing": Checks()}
    return environment


def _counted(number: int, one: str, many: str) -> str:
    return f"{number:,} {one if number == 1 else many}"
