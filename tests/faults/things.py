"""A source of made-up things: keyed changes in dated files, a column of each type, and personal columns.

It stands for the sources of a force's own systems: what the stages do with them follows from their contract alone.
"""

from pathlib import Path
from typing import Any

import yaml

from flows.contracts import Contract, load_contracts

HEADER = "Thing ref,Status,Seen at,Started on,Count,Price,Is open,Note,Person name,Person born"

CONTRACT: dict[str, Any] = {
    "source": "things",
    "system": "made_up",
    "title": "Made-up things",
    "record_source": "force",
    "description": "One row per thing that a force of nowhere has seen",
    "owner": "Keeper of things",
    "cadence": "daily",
    "delivery": {"kind": "changes", "naming": "dated"},
    "key": ["thing_ref"],
    "counted_by": "started_on",
    "columns": [
        {"name": "thing_ref", "type": "code", "required": True, "description": "Reference of the thing"},
        {"name": "status", "type": "code", "required": True, "description": "What has become of it"},
        {"name": "seen_at", "type": "time", "headers": ["Last seen"], "description": "When it was seen"},
        {"name": "started_on", "type": "date", "description": "The day it began"},
        {"name": "count", "type": "int", "description": "How many of them"},
        {"name": "price", "type": "decimal", "bad_type": "warning", "description": "What it costs, in pounds"},
        {"name": "is_open", "type": "flag", "description": "Whether it is open"},
        {"name": "note", "type": "text", "supplied": False, "description": "What was said of it"},
        {"name": "person_name", "type": "text", "personal": True, "description": "Who saw the thing"},
        {"name": "person_born", "type": "date", "personal": True, "description": "When they were born"},
    ],
    "rules": [
        {
            "code": "STATUS_UNKNOWN",
            "severity": "critical",
            "dimension": "validity",
            "message": "Status is none that a thing can have",
            "expectation": "expect_column_values_to_be_in_set",
            "kwargs": {"column": "status", "value_set": ["found", "lost"]},
        },
        {
            "code": "COUNT_NEGATIVE",
            "severity": "critical",
            "dimension": "accuracy",
            "message": "Count is below zero",
            "expectation": "expect_column_values_to_be_between",
            "kwargs": {"column": "count", "min_value": 0},
        },
        {
            "code": "BEGAN_AFTER_EXTRACT",
            "severity": "warning",
            "dimension": "timeliness",
            "message": "The thing began after the extract; the day is taken as not known",
            "breaks": "started_on > file_extract_date",
            "nulls": ["started_on"],
            "owner": "Clerk of days",
        },
    ],
}


def things(folder: Path) -> dict[str, Contract]:
    """The contract, read from a folder of contracts like any other."""
    (folder / "things.yml").write_text(yaml.safe_dump(CONTRACT, sort_keys=False), encoding="utf-8")
    return load_contracts(folder)


def delivery(*lines: str, header: str = HEADER) -> bytes:
    """A file of things."""
    return "\n".join([header, *lines, ""]).encode()
