"""The pages that a run leaves in Prefect's UI. Names, rules and counts; never a value."""

from __future__ import annotations

import re
from typing import Any

from flows.releases import Release
from flows.stages.load import Loaded
from flows.stages.transform import Node


def artifact_key(what: str, source: str) -> str:
    """A key as Prefect wants it: lower case letters, digits and dashes."""
    return re.sub(r"[^a-z0-9]+", "-", f"{what}-{source}".lower())


def arrivals_page(loaded: Loaded) -> str:
    """What arrived of one source, as Markdown: totals, then one line a force, then rejected files."""
    totals: dict[str, list[int]] = {}
    for file in loaded.files:
        if file.state == "accepted":
            counts = totals.setdefault(file.force or "not known", [0, 0, 0, 0])
            for place, number in enumerate((1, file.received or 0, file.accepted, file.quarantined)):
                counts[place] += number
    lines = [f"# {loaded.source}: what arrived", "", "| force | files | rows received | accepted | quarantined |"]
    lines += ["|---|--:|--:|--:|--:|"]
    lines += [f"| {force} | " + " | ".join(f"{n:,}" for n in counts) + " |" for force, counts in sorted(totals.items())]
    rejected = [file for file in loaded.files if file.state == "rejected"]
    if rejected:
        lines += ["", "## Rejected files", "", "| file | why |", "|---|---|"]
        lines += [f"| {_cell(file.file_name)} | {_cell(file.reason or '')} |" for file in rejected]
    return "\n".join(lines)


def failures_page(loaded: Loaded) -> str:
    """What failed of one source, as Markdown: one line a rule, serious ones first."""
    if not loaded.failed_rules:
        return f"# {loaded.source}: every row met every rule"
    lines = [f"# {loaded.source}: what failed", "", "| rule | severity | what it means | files | rows | owner |"]
    lines += ["|---|---|---|--:|--:|---|"]
    lines += [
        f"| {rule.code} | {rule.severity} | {rule.message} | {rule.files:,} | {rule.rows:,} | {rule.owner} |"
        for rule in loaded.failed_rules
    ]
    return "\n".join(lines)


def release_page(release: Release) -> str:
    """What was published, as Markdown."""
    lines = [f"# Published: {release.release_id}", "", f"Marking: {release.marking}. Code: {release.code_version}.", ""]
    lines += ["| table | rows |", "|---|--:|"]
    lines += [f"| {table} | {rows:,} |" for table, rows in release.rows_per_table.items()]
    return "\n".join(lines)


def nodes_table(nodes: list[Node]) -> list[dict[str, Any]]:
    """Every dbt node's result, slowest first."""
    return [
        {
            "node": node.name,
            "kind": node.kind,
            "status": node.status,
            "seconds": node.seconds,
            "failures": node.failures,
        }
        for node in sorted(nodes, key=lambda node: -node.seconds)
    ]


def _cell(text: str) -> str:
    """A text in a cell of a Markdown table, which a bar would end."""
    return text.replace("|", r"\|")
