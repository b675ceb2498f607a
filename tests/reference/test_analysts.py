"""The page for analysts: its twenty questions have the answers that it shows, and the file opens as it says."""

import re
from collections.abc import Sequence
from typing import Any

import pytest

from benchmarks.analysts import PAGE, Question, questions
from flows.operate import read
from tests.conftest import Demo
from tests.faults.commands import safercity

TEXT = PAGE.read_text(encoding="utf-8")
SHOWN = 6
"""So many rows of an answer the page shows at most."""


def shown(table: read.Table) -> str:
    """The first rows of an answer as the page shows them, and how many rows it has where there are more."""
    rows = [["" if value is None else str(value) for value in row] for row in table.rows]
    laid = [
        _laid(name, [row[place] for row in rows[:SHOWN]], [row[place] for row in table.rows])
        for place, name in enumerate(table.columns)
    ]
    lines = ["  ".join(texts).rstrip() for texts in zip(*laid, strict=True)]
    more = [f"… {len(rows):,} rows"] if len(rows) > SHOWN else []
    return "\n".join([*lines, *more, ""])


def _laid(name: str, texts: list[str], values: Sequence[Any]) -> list[str]:
    """A column: its name and its texts in one width, numbers to the right."""
    width = max(map(len, [name, *texts]))
    is_number = any(isinstance(value, int | float) and not isinstance(value, bool) for value in values)
    return [text.rjust(width) if is_number else text.ljust(width) for text in (name, *texts)]


def test_there_are_twenty() -> None:
    assert [question.number for question in questions()] == list(range(1, 21))
    assert len(re.findall(r"^#### \d+\. ", TEXT, re.MULTILINE)) == 20


@pytest.mark.parametrize("question", [pytest.param(each, id=str(each.number)) for each in questions()])
def test_answer(question: Question, demo: Demo) -> None:
    assert shown(read.query(demo[0].paths, question.sql)) == question.answer


def python_blocks() -> list[object]:
    """Each block of Python of the page, by the line that it begins on."""
    blocks = re.finditer(r"^```python\n(?P<code>.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)
    return [pytest.param(found["code"], id=f"line {TEXT.count(chr(10), 0, found.start()) + 1}") for found in blocks]


@pytest.mark.parametrize("code", python_blocks())
def test_python(code: str, demo: Demo, monkeypatch: pytest.MonkeyPatch) -> None:
    for library in re.findall(r"^(?:import|from) (\w+)", code, re.MULTILINE):
        pytest.importorskip(library)
    monkeypatch.chdir(demo[0].folder)
    names: dict[str, Any] = {}
    exec(code, names)
    if "violence" in names:
        assert not names["violence"].empty
        assert names["june"] == [(135,)]


def test_explained_figure(demo: Demo) -> None:
    """The lines that the page shows of it are all there."""
    [(command, lines)] = re.findall(
        r"^```sh\nsafercity (explain [^\n]+)\n```\n\n```\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL
    )
    printed = [" ".join(line.split()) for line in safercity(demo[0], *command.split()).stdout.splitlines()]
    for line in lines.splitlines():
        assert line == "…" or " ".join(line.split()) in printed
