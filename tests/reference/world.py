"""The sample loaded and built, the published figures asked of it, and of what one changed definition makes of it."""

import os
import re
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from graphlib import TopologicalSorter
from pathlib import Path

import duckdb

from flows import warehouse
from flows.contracts import load_contracts
from flows.operate.figures import Verdict, _Asker
from flows.operate.questions import FIGURES_FILE, Question, load_reference, read_figures
from flows.sample import TEST_HMAC_KEY, write_sample
from flows.settings import Settings
from flows.stages import transform
from tests.marts.arrival import LONG_AGO, receive
from tests.marts.compiled import Project

LAST_EXTRACT = date(2019, 9, 10)

FIGURES = {figure.figure_id: figure for figure in read_figures(FIGURES_FILE)}
REFERENCE = load_reference()

_RELATION = re.compile(r'"(?:warehouse|safer_city)"\."(\w+)"\."(\w+)"')
_ASKED_RELATION = re.compile(r"\b(marts|staging|intermediate)\.([a-z_]+)")

Statements = dict[str, list[str]]
"""Relation, as schema.name → the statements that make it; each relation after those that it reads."""


def make_world(folder: Path, project: Project, seed: int) -> None:
    """Write the sample, take it through the stages, and build the marts: the file `release.duckdb` in the folder."""
    settings = Settings(data=folder / "data", landing=folder / "landing", hmac_key=TEST_HMAC_KEY)  # type: ignore[arg-type]
    for path in write_sample(settings.landing_dir, seed=seed):
        os.utime(path, (LONG_AGO, LONG_AGO))
    receive(settings, LAST_EXTRACT)
    with warehouse.connect(settings) as connection:
        transform.write_sources(connection, load_contracts())
    with duckdb.connect() as connection:
        connection.execute(f"attach '{settings.paths.warehouse}' as warehouse")
        connection.execute(f"attach '{folder / 'release.duckdb'}' as safer_city")
        project.build(connection)


@dataclass(frozen=True)
class World:
    """The sample, loaded in a data folder and built into the database `release`."""

    data: Path
    release: Path

    @contextmanager
    def opened(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """A connection that can read the warehouse and the release.

        Beside them is a database `changed`, empty: what is made there stands in the place of what has its name.
        """
        with duckdb.connect() as connection:
            file = Settings(data=self.data).paths.warehouse
            connection.execute(f"attach '{file}' as warehouse (read_only)")
            connection.execute(f"attach '{self.release}' as safer_city (read_only)")
            connection.execute("attach ':memory:' as changed")
            for schema in ("seeds", "staging", "intermediate", "marts"):
                connection.execute(f"create schema changed.{schema}")
            connection.execute("set search_path = 'changed.marts,safer_city.marts'")
            yield connection


class Definitions:
    """The relations of the project, and what has to be made anew where one of them changes."""

    def __init__(self, project: Project) -> None:
        self.statements: Statements = {}
        for statement in project.statements:
            found = _RELATION.search(statement)
            assert found, statement
            self.statements.setdefault(f"{found[1]}.{found[2]}", []).append(statement)

    @cached_property
    def read_by(self) -> dict[str, set[str]]:
        """Relation → the relations that it reads."""
        return {
            relation: {f"{schema}.{name}" for text in statements for schema, name in _RELATION.findall(text)}
            - {relation}
            for relation, statements in self.statements.items()
        }

    def needed(self, relations: Collection[str]) -> set[str]:
        """The relations and all that they are made of."""
        found, new = set(relations), set(relations)
        while new:
            new = {read for relation in new for read in self.read_by.get(relation, ())} - found
            found |= new
        return found

    def depending(self, relations: Collection[str]) -> set[str]:
        """The relations and all that is made of them."""
        found = set(relations)
        for relation in TopologicalSorter(self.read_by).static_order():
            if self.read_by.get(relation, set()) & found:
                found.add(relation)
        return found

    def make(self, connection: duckdb.DuckDBPyConnection, changed: Statements, asked: Collection[str]) -> None:
        """Make the changed relations, and what depends on them so far as the asked ones need it, in `changed`."""
        anew = self.depending(changed) & self.needed(asked)

        def moved(match: re.Match[str]) -> str:
            return f"changed.{match[1]}.{match[2]}" if f"{match[1]}.{match[2]}" in anew else match[0]

        for relation, statements in (self.statements | changed).items():
            if relation in anew:
                for statement in statements:
                    connection.execute(_RELATION.sub(moved, statement))


def relations_of(figure_ids: Collection[str]) -> set[str]:
    """The relations that the questions of the figures name."""
    return {
        f"{schema}.{name}"
        for figure_id in figure_ids
        for schema, name in _ASKED_RELATION.findall(
            _question(figure_id).sql_for(_question(figure_id).figures[figure_id])
        )
    }


def unmet(connection: duckdb.DuckDBPyConnection, figure_ids: Collection[str]) -> dict[str, str | None]:
    """The figures that are not reproduced → what the marts say instead, None where that is nothing or not shown."""
    private = connection.cursor()
    private.execute("use warehouse")
    asker = _Asker(connection, private, Settings().force)
    answers = [asker.answer(FIGURES[figure_id], _question(figure_id)) for figure_id in figure_ids]
    return {answer.figure.figure_id: answer.got for answer in answers if answer.verdict is not Verdict.reproduced}


def _question(figure_id: str) -> Question:
    return REFERENCE.questions[figure_id]
