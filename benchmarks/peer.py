"""What the scripts of the peers share: their arguments, the time of their steps, and the rules of a contract.

Each peer takes `--source`, `--landing` and `--out`, prints the seconds of its steps as JSON, and leaves three tables as
Parquet in `--out` or as tables of `results.duckdb` there: `checks` (rule, failed), `states` and `movements`.
"""

from __future__ import annotations

import argparse
import json
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import yaml

STREET = {
    "Crime ID": "crime_id",
    "Month": "month",
    "Reported by": "reported_by",
    "Falls within": "falls_within",
    "Longitude": "longitude",
    "Latitude": "latitude",
    "Location": "location",
    "LSOA code": "lsoa_code",
    "LSOA name": "lsoa_name",
    "Crime type": "crime_type",
    "Last outcome category": "last_outcome",
    "Context": "context",
}
"""Header of data.police.uk → column."""

CLOCKS = ("recorded_at", "reported_at", "committed_from", "committed_to", "outcome_at")
CODES = (
    "crime_number",
    "status",
    "class_code",
    "sub_code",
    "premises_type",
    "outcome_code",
    "victim_type",
    "circumstance",
    "operation",
)
METHOD_TAGS = ("distraction", "pickpocket", "gym", "moped_snatch", "pedal_cycle_snatch", "bag_licensed_premises")
CONTRACTS = Path(__file__).resolve().parents[1] / "expectations"


class Steps:
    """Wall seconds per step, and whether the tool is handed single rows, as its first examples do, and not tables."""

    def __init__(self, *, row_by_row: bool) -> None:
        self.row_by_row = row_by_row
        self.seconds: dict[str, float] = {}

    @contextmanager
    def timed(self, step: str) -> Iterator[None]:
        """Add the wall time of the block to the step's."""
        began = time.perf_counter()
        yield
        self.seconds[step] = round(self.seconds.get(step, 0.0) + time.perf_counter() - began, 3)


def run_peer(purpose: str, sources: Mapping[str, Callable[[Path, Path, Steps], None]]) -> None:
    """Read the arguments, take the source from `--landing` to `--out`, print the seconds per step as JSON."""
    parser = argparse.ArgumentParser(description=purpose.partition("\n")[0])
    parser.add_argument("--source", choices=sources, required=True)
    parser.add_argument("--landing", type=Path, required=True, help="folder of the source's files")
    parser.add_argument("--out", type=Path, required=True, help="folder to write to; what is in it is replaced")
    parser.add_argument("--row-by-row", action="store_true", help="hand the tool single rows, as its first examples do")
    arguments = parser.parse_args()
    out = arguments.out.absolute()
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    steps = Steps(row_by_row=arguments.row_by_row)
    sources[arguments.source](arguments.landing.absolute(), out, steps)
    print(json.dumps({"seconds": steps.seconds}))


@cache
def contract(source: str) -> dict[str, Any]:
    """The contract of a source, as it stands in its file."""
    return yaml.safe_load((CONTRACTS / f"{source}.yml").read_text(encoding="utf-8"))


def kwargs(source: str, code: str) -> dict[str, Any]:
    """The arguments of the rule with this code."""
    return next(rule["kwargs"] for rule in contract(source)["rules"] if rule["code"] == code)


def severities(source: str) -> dict[str, str]:
    """Severity by code of every rule: those of the contract, and those that follow from its columns."""
    found: dict[str, str] = dict.fromkeys(("KEY_REPEATED", "FORCE_NOT_OF_FILE"), "critical")
    found |= {rule["code"]: rule["severity"] for rule in contract(source)["rules"]}
    for column in contract(source)["columns"]:
        found[type_rule(column["name"])] = column.get("bad_type", "critical")
        if column.get("required"):
            found[f"{column['name'].upper()}_MISSING"] = "critical"
    return found


def type_rule(column: str) -> str:
    """Code of the rule that a column's text can be read."""
    return "WARD_UNKNOWN" if column == "ward" else f"{column.upper()}_TYPE"
