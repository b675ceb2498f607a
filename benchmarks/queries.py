"""How long the questions of analysts take on a published file: `python queries.py FILE` prints milliseconds as JSON.

First those of docs/analysts.md (see `analysts.py`), then every as-of function, asked for a day of the past.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import duckdb
from analysts import milliseconds, questions

AS_OF_DAY = "2018-08-07"
REPEATS = 5


def as_of_functions(file: Path) -> list[str]:
    """The as-of functions of a published file."""
    with duckdb.connect(str(file), read_only=True) as connection:
        named = connection.execute(
            "select function_name from duckdb_functions()"
            " where schema_name = 'marts' and function_type = 'table_macro' and function_name like '%_as_of'"
            " order by all"
        ).fetchall()
    return [name for (name,) in named]


def ask(file: Path) -> dict[str, dict[str, float]]:
    """Milliseconds of each question and each as-of function: the median of some askings after a first one."""
    as_of = {name: f"from marts.{name}(date '{AS_OF_DAY}')" for name in as_of_functions(file)}
    return {
        "questions": {f"{each.number}. {each.title}": milliseconds(file, each.sql, REPEATS) for each in questions()},
        "as of": {name: milliseconds(file, query, REPEATS) for name, query in as_of.items()},
    }


if __name__ == "__main__":
    print(json.dumps(ask(Path(sys.argv[1]))))
