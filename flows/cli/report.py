"""What `safercity run` prints when it ends: what was loaded, what failed, where the published file is."""

from __future__ import annotations

import shutil
import sys
from dataclasses import asdict
from pathlib import Path

from flows.cli import screen
from flows.report import quality
from flows.runs import Summary
from flows.settings import Settings

SHOWN = 10  # rejected files
RULES_SHOWN = 20  # the critical ones before the others, those that most rows broke first


def show(settings: Settings, result: Summary, wall_seconds: float, *, json: bool) -> None:
    """Print the summary of a run, as tables or as JSON."""
    if json:
        screen.as_json(
            {"state": "done", **asdict(result), "wall_seconds": round(wall_seconds, 2), "exit_code": result.exit_code}
        )
        return
    _sources(result)
    _failures(result)
    _left_alone(settings, result)
    if result.release:
        screen.table(
            ["table of schema marts", "rows"],
            sorted(result.release.rows_per_table.items()),
            title="\nWhat is published",
        )
    stages = ", ".join(f"{stage} {seconds:.1f}" for stage, seconds in result.seconds.items())
    print(f"\nSeconds: {wall_seconds:.1f}, of which {stages}; the rest is start-up.")
    if result.release is None:
        print("Nothing changed, so nothing was published.")
        return
    print(f"Published: {settings.paths.published_database} ({sum(result.release.rows_per_table.values()):,} rows)")
    page = quality.page(settings.paths, result.run_id)
    print(f"Quality: {page}" if page.exists() else f"Quality: {page} could not be written; the release stands.")
    print(
        f'Try:  {command()} sql "select record_source, force, month, offences, signal from marts.violence_performance'
        " where measure = 'violence' order by month desc, record_source, force limit 6\""
    )


def command() -> str:
    """How the person who reads this can call safercity: by name where it is on the path."""
    if shutil.which("safercity"):
        return "safercity"
    called = Path(sys.argv[0])
    return str(called.relative_to(Path.cwd())) if called.is_relative_to(Path.cwd()) else str(called)


def _sources(result: Summary) -> None:
    totals: dict[str, list[int]] = {}
    for file in result.files:
        counts = totals.setdefault(file.source, [0] * 6)
        for place, number in enumerate(
            (1, file.received, file.accepted, file.quarantined, file.rejected, file.state == "rejected")
        ):
            counts[place] += int(number or 0)
    if totals:
        screen.table(
            ["source", "files", "rows received", "accepted", "quarantined", "rejected", "files rejected"],
            [(source, *counts) for source, counts in totals.items()],
            title="What was loaded",
        )
    if result.repeats:
        seen = "file has been seen before and is" if result.repeats == 1 else "files have been seen before and are"
        print(f"{result.repeats} {seen} passed over.")


def _failures(result: Summary) -> None:
    if result.rejected:
        screen.table(
            ["file", "why nothing of it was loaded"],
            [(file.file_name, file.reason) for file in result.rejected[:SHOWN]],
            title="\nRejected files",
        )
        _more(len(result.rejected), SHOWN, "safercity deliveries --state rejected")
    if result.failed_rules:
        worst = sorted(result.failed_rules, key=lambda rule: (rule.severity != "critical", -rule.rows))[:RULES_SHOWN]
        screen.table(
            ["source", "rule", "severity", "rows", "files", "what it means"],
            [(rule.source, rule.code, rule.severity, rule.rows, rule.files, rule.message) for rule in worst],
            title="\nRules that rows broke",
        )
        _more(len(result.failed_rules), RULES_SHOWN, 'safercity sql "from marts.data_quality where rows_failed > 0"')


def _left_alone(settings: Settings, result: Summary) -> None:
    if result.unmatched:
        print(f"\nFiles that match no contract, left alone and named once ({len(result.unmatched)}):")
        for name in result.unmatched:
            print(f"  {name}")
    if result.waiting:
        print(f"\nFiles still being written in {settings.landing_dir}, left for the next run:")
        for name in result.waiting:
            print(f"  {name}")


def _more(number: int, shown: int, command: str) -> None:
    if number > shown:
        print(f"and {number - shown} more; see: {command}")
