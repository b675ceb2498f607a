"""Reference data: the seeds of the dbt project that the rules of a contract look values up in.

dbt loads the same files as seeds, so that a row is judged and classified by one list. The types of their columns are
those of the seeds' YAML, `config.column_types`.
"""

from __future__ import annotations

import csv
import hashlib
from functools import cache
from pathlib import Path

import yaml

from flows.errors import UsageError

SEEDS_DIR = Path(__file__).resolve().parents[1] / "dbt_project" / "seeds"


def columns(name: str) -> dict[str, str]:
    """The columns of a seed in the order of its file, each with its DuckDB type; text where the YAML names none.

    Raises UsageError when there is no such seed.
    """
    with path(name).open(encoding="utf-8", newline="") as opened:
        header = next(csv.reader(opened), [])
    types = _column_types(name)
    return {column: types.get(column, "varchar") for column in header}


def path(name: str) -> Path:
    """The file of a seed.

    Raises UsageError when there is no such seed.
    """
    found = SEEDS_DIR / f"{name}.csv"
    if not found.is_file():
        raise UsageError(f"there is no reference data {name!r}; the seeds are: {', '.join(_names())}")
    return found


def fingerprint(name: str) -> str:
    """Hash of what a seed holds.

    Raises UsageError when there is no such seed.
    """
    return hashlib.sha256(path(name).read_bytes()).hexdigest()[:16]


def _names() -> list[str]:
    return sorted(seed.stem for seed in SEEDS_DIR.glob("*.csv"))


def _column_types(name: str) -> dict[str, str]:
    for described in sorted(SEEDS_DIR.glob("*.yml")):
        types = _types_in(described.read_text(encoding="utf-8"))
        if name in types:
            return types[name]
    return {}


@cache
def _types_in(described: str) -> dict[str, dict[str, str]]:
    """The types of the columns of each seed that a YAML text describes. It is asked for each seed of each contract."""
    seeds = (yaml.safe_load(described) or {}).get("seeds", ())
    return {seed["name"]: seed.get("config", {}).get("column_types", {}) for seed in seeds}
