"""How long the questions of the page for analysts take on a published file; see README.md.

The page is the one place that holds them: a test holds their answers against the demo, this times them.
"""

from __future__ import annotations

import argparse
import re
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import duckdb

PROJECT = Path(__file__).parents[1]
PAGE = PROJECT / "docs" / "analysts.md"
LIMIT_MS = 200

_QUESTION = re.compile(
    r"^#### (?P<number>\d+)\. (?P<title>.+?)\n.*?^```sql\n(?P<sql>.*?)^```\n\n^```\n(?P<answer>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)


@dataclass(frozen=True)
class Question:
    """A numbered question of the page: its query, and the answer that stands under it, as text."""

    number: int
    title: str
    sql: str
    answer: str


def questions(page: Path = PAGE) -> list[Question]:
    """The questions of the page, in its order."""
    return [
        Question(int(found["number"]), found["title"], found["sql"], found["answer"])
        for found in _QUESTION.finditer(page.read_text(encoding="utf-8"))
    ]


def milliseconds(database: Path, sql: str, repeat: int) -> float:
    """The median wall time of a query, its rows fetched; the file is open, and its pages have been read once."""
    with duckdb.connect(str(database), read_only=True) as connection:
        connection.execute(sql).fetchall()
        taken = []
        for _ in range(repeat):
            began = time.perf_counter()
            connection.execute(sql).fetchall()
            taken.append(1000 * (time.perf_counter() - began))
    return median(taken)


def main() -> None:
    """Print the milliseconds of each question. Exit code 1: one took longer than the limit."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--database", type=Path, default=PROJECT / "data/published/safer_city.duckdb")
    parser.add_argument("--repeat", type=int, default=5)
    given = parser.parse_args()
    slow = False
    for question in questions():
        taken = milliseconds(given.database, question.sql, given.repeat)
        slow = slow or taken > LIMIT_MS
        print(f"{taken:8.1f}  {question.number:2}. {question.title}{'  TOO SLOW' if taken > LIMIT_MS else ''}")
    sys.exit(slow)


if __name__ == "__main__":
    main()
