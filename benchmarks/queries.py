"""How long the questions of analysts take on a published file: `python queries.py FILE` prints milliseconds as JSON.

The questions are the SQL of docs/analysts.md, each under its heading there; then every as-of function, asked for a day
of the past.
"""

from __future__ import annotations

import json
import re
import sys
import time
from pathlib import Path
from statistics import median

import duckdb

ANALYSTS = Path(__file__).resolve().parents[1] / "docs" / "analysts.md"
HEADING = re.compile(r"#+ (.+)")
AS_OF_DAY = "2018-08-07"
REPEATS = 5


def questions() -> dict[str, str]:
    """The queries of the manual by the heading that each stands under, numbered where one has several."""
    found: dict[str, str] = {}
    heading, lines = "", None
    for line in ANALYSTS.read_text(encoding="utf-8").splitlines():
        if lines is None:
            if named := HEADING.fullmatch(line):
                heading = named[1]
            elif line.strip() == "```sql":
                lines = []
        elif line.strip() == "```":
            number = 1 + sum(name == heading or name.startswith(f"{heading} (") for name in found)
            found[heading if number == 1 else f"{heading} ({number})"] = "\n".join(lines)
            lines = None
        else:
            lines.append(line)
    return found


def as_of_functions(connection: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """A question to each as-of function of the file."""
    named = connection.execute(
        "select function_name from duckdb_functions()"
        " where schema_name = 'marts' and function_type = 'table_macro' and function_name like '%_as_of' order by all"
    ).fetchall()
    return {name: f"select * from marts.{name}(date '{AS_OF_DAY}')" for (name,) in named}


def ask(file: Path) -> dict[str, dict[str, float]]:
    """Milliseconds of each question and each as-of function: the median of some askings after a first one."""
    with duckdb.connect(str(file), read_only=True) as connection:
        connection.execute("set enable_progress_bar = false")
        return {
            "questions": {name: milliseconds(connection, query) for name, query in questions().items()},
            "as of": {name: milliseconds(connection, query) for name, query in as_of_functions(connection).items()},
        }


def milliseconds(connection: duckdb.DuckDBPyConnection, query: str) -> float:
    """Median wall time of a query with all its rows fetched."""
    taken = []
    for _ in range(REPEATS + 1):
        began = time.perf_counter()
        connection.execute(query).fetchall()
        taken.append(1000 * (time.perf_counter() - began))
    return median(taken[1:])


if __name__ == "__main__":
    print(json.dumps(ask(Path(sys.argv[1]))))
