"""Published figures against the marts: what `safercity figures` shows. How each is asked is data, see `questions`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

import duckdb

from flows import warehouse
from flows.errors import SaferCityError, UsageError
from flows.operate import printed, read
from flows.operate.questions import FIGURES_FILE, Contradiction, Figure, Question, Reference
from flows.progress import say
from flows.settings import Settings

_PARAMETER = re.compile(r"\$([a-z_]+)")
_AS_OF_MACRO = re.compile(r"marts\.([a-z_]+)_as_of\(\$as_of\)")


class Verdict(StrEnum):
    """What became of a figure."""

    reproduced = "reproduced"
    differs = "differs"
    withheld = "withheld"
    not_attainable = "not attainable"
    not_asked = "not asked"


@dataclass(frozen=True)
class Answer:
    """A figure and what the marts say. `got` is as the report would print it, None where there is nothing to show."""

    figure: Figure
    verdict: Verdict
    got: str | None = None
    remark: str = ""
    rule: str = ""

    def as_dict(self) -> dict[str, Any]:
        """For a script."""
        figure = self.figure
        return {
            "figure_id": figure.figure_id,
            "target": figure.is_target,
            "section": figure.section,
            "measure": figure.measure,
            "period_start": figure.period_start,
            "period_end": figure.period_end,
            "as_of": figure.as_of,
            "unit": figure.unit,
            "expected": figure.value,
            "got": self.got,
            "verdict": self.verdict.value,
            "remark": self.remark,
            "rule": self.rule,
        }


def ask(settings: Settings, figures: Sequence[Figure], reference: Reference) -> list[Answer]:
    """Ask every figure, in the order given, of the published release.

    Works at any moment, also during a run: only what the release withholds is asked of the private warehouse, where
    that can be opened. Raises UsageError when nothing has been published, or where a printed value cannot be read.
    """
    values = {figure.figure_id: figure.value for figure in figures}
    answers: list[Answer] = []
    with read.published(settings.paths) as release, _private_warehouse(settings) as private:
        asker = _Asker(release, private, settings.force)
        for number, figure in enumerate(figures):
            say("asking the marts", number, len(figures))
            if question := reference.questions.get(figure.figure_id):
                answers.append(asker.answer(figure, question))
            elif contradiction := reference.contradictions.get(figure.figure_id):
                answers.append(_contradicted(figure, contradiction, values))
            else:
                reason = reference.reasons.get(figure.figure_id, "No query asks for it.")
                answers.append(Answer(figure, Verdict.not_asked, remark=reason))
    return answers


def reproduced(answers: Sequence[Answer]) -> tuple[int, int]:
    """How many of the figures that must be reproduced are, and how many must be."""
    targets = [answer for answer in answers if answer.figure.is_target]
    return sum(answer.verdict is Verdict.reproduced for answer in targets), len(targets)


class _Asker:
    """Asks questions of a release, and of the private warehouse: a connection, or in words why there is none."""

    def __init__(
        self, release: duckdb.DuckDBPyConnection, private: duckdb.DuckDBPyConnection | str, force: str
    ) -> None:
        self.release = release
        self.private = private
        self.force = force
        self.known: set[str] = set()
        release.execute("create schema memory.known")

    def answer(self, figure: Figure, question: Question) -> Answer:
        """What the marts say of a figure."""
        try:
            named = len(printed.items(question.answer, figure.value))
        except ValueError as error:
            raise UsageError(f"{figure.figure_id}: {error}; write the value as {FIGURES_FILE} does") from None
        given = {
            "force": self.force,
            "period_start": figure.period_start,
            "period_end": figure.period_end,
            "as_of": figure.as_of,
            "named": named,
        } | question.figures[figure.figure_id]
        sql = question.sql_for(given)
        if question.private:
            return self._of_the_warehouse(figure, question, sql, given)
        try:
            got = _value(self.release, self._from_tables(sql, figure.as_of), given)
        except (duckdb.CatalogException, duckdb.BinderException) as error:
            remark = f"The release cannot be asked: {str(error).splitlines()[0]}"
            return Answer(figure, Verdict.differs, remark=remark, rule=question.rule)
        return Answer(
            figure,
            _verdict(figure, question, got),
            printed.shown(question.answer, figure.value, got),
            rule=question.rule,
        )

    def _of_the_warehouse(self, figure: Figure, question: Question, sql: str, given: Mapping[str, Any]) -> Answer:
        """Whether a figure that no release may hold is so. What the warehouse holds is not shown."""
        if isinstance(self.private, str):
            remark = f"Withheld in the release, and not checked: {self.private}"
            return Answer(figure, Verdict.withheld, remark=remark, rule=question.rule)
        verdict = _verdict(figure, question, _value(self.private, sql, given))
        return Answer(figure, verdict, remark="Withheld in the release; checked in the warehouse.", rule=question.rule)

    def _from_tables(self, sql: str, as_of: date) -> str:
        """The SQL with a table of its rows for each as-of macro, made once: many figures read the same."""

        def table(match: re.Match[str]) -> str:
            name = f"memory.known.{match[1]}_{as_of:%Y%m%d}"
            if name not in self.known:
                self.release.execute(f"create table {name} as from marts.{match[1]}_as_of(date '{as_of}')")
                self.known.add(name)
            return name

        return _AS_OF_MACRO.sub(table, sql)


def _value(connection: duckdb.DuckDBPyConnection, sql: str, given: Mapping[str, Any]) -> Any:
    """The one value that a query gives, None where it gives no row."""
    rows = connection.execute(sql, {name: given[name] for name in _PARAMETER.findall(sql)}).fetchall()
    if len(rows) > 1 or (rows and len(rows[0]) != 1):
        raise UsageError(f"a query must give one value, and this one gives more:\n{sql}")
    return rows[0][0] if rows else None


def _verdict(figure: Figure, question: Question, got: Any) -> Verdict:
    return Verdict.reproduced if printed.same(question.answer, figure.value, got) else Verdict.differs


@contextmanager
def _private_warehouse(settings: Settings) -> Iterator[duckdb.DuckDBPyConnection | str]:
    """A read-only connection to the private warehouse, or in words why there is none."""
    if not settings.paths.warehouse.exists():
        yield "there is no private warehouse here."
        return
    with ExitStack() as opened:
        try:
            private = opened.enter_context(warehouse.connect(settings, read_only=True))
        except SaferCityError as error:
            private = f"{error}."
        yield private


def _contradicted(figure: Figure, contradiction: Contradiction, values: Mapping[str, str]) -> Answer:
    """Whether the printed numbers that a figure belongs with can hold together."""
    if absent := [name for name in contradiction.printed.values() if name not in values]:
        remark = f"It belongs with {', '.join(absent)}, which the file does not have."
        return Answer(figure, Verdict.not_asked, remark=remark)
    given = {name: _number(values[figure_id]) for name, figure_id in contradiction.printed.items()}
    with duckdb.connect() as connection:
        cursor = connection.execute(contradiction.sql, given)
        [row] = cursor.fetchall()
        found = dict(zip((column[0] for column in cursor.description or []), row, strict=True))
    if found["ways"]:
        return Answer(figure, Verdict.not_asked, remark="Its numbers can hold together, but no query asks for it.")
    return Answer(figure, Verdict.not_attainable, remark=contradiction.says.format(**found))


def _number(value: str) -> int | float | str:
    """A printed value as a number where it is one."""
    for number in (int, float):
        try:
            return number(value)
        except ValueError:
            continue
    return value
