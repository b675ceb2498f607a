"""What is behind every column and model, as `dbt_project/lineage.json` says, followed to its ends and back.

The file is generated from the dbt project by `safercity check --write`. A relation is named schema.table, a column
schema.table.column: `raw` holds what was delivered, `ledger` what the pipeline noted of it, `seeds` reference data,
and `staging`, `intermediate` and `marts` the models. schema.table[source] is the part of a relation that has the rows
of one source.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cached_property, reduce
from pathlib import Path
from typing import Any

from flows.errors import SaferCityError, UsageError
from flows.settings import PROJECT_DIR

FILE = PROJECT_DIR / "dbt_project/lineage.json"

AS_OF = "_as_of"
"""What the name of a table macro ends with, after that of its table."""

DELIVERED = "raw"
GIVEN = (DELIVERED, "ledger", "seeds")
"""The schemas of what no model makes: there lineage ends."""

_MANY_SOURCES = 3


@dataclass(frozen=True)
class Origin:
    """What a column is made of.

    `shows` are the columns whose values it carries or is worked out from; `decides` those that choose which value or
    which records that is, in a condition, a grouping or a join; `counts` the relations whose rows it counts.
    """

    shows: frozenset[str] = frozenset()
    decides: frozenset[str] = frozenset()
    counts: frozenset[str] = frozenset()

    def __or__(self, other: Origin) -> Origin:
        return Origin(self.shows | other.shows, self.decides | other.decides, self.counts | other.counts)

    @property
    def as_decision(self) -> Origin:
        """The same where it only chooses."""
        return Origin(decides=self.shows | self.decides)


Columns = dict[str, Origin | None]
"""Column → origin, one step back, in the order of the relation; None where it could not be traced."""


@dataclass(frozen=True)
class Relation:
    """A model of the dbt project: its file below `dbt_project`, and the relations that it reads.

    A table macro has no columns of its own: they are those of its table.
    """

    name: str
    path: str
    description: str
    reads: tuple[str, ...]
    columns: Columns


@dataclass(frozen=True)
class Exposure:
    """Something that people open, and the models that it reads."""

    name: str
    label: str
    description: str
    owner: str
    reads: tuple[str, ...]


@dataclass(frozen=True)
class Touched:
    """What a change of something can reach: models, columns where it is a column, and what people open."""

    subject: str
    models: tuple[str, ...]
    columns: tuple[str, ...]
    exposures: tuple[Exposure, ...]


@dataclass(frozen=True)
class Lineage:
    """All models by name in the order in which they are built, the origins of parts of them, and all exposures.

    `within` says of a mart which sources its figures are of, where its SQL does not: dim_measure does for each theme.
    """

    relations: dict[str, Relation]
    parts: dict[str, Columns]
    exposures: tuple[Exposure, ...]
    within: dict[str, frozenset[str]] = field(default_factory=dict)
    _ends: dict[str, Origin | None] = field(default_factory=dict, compare=False)
    _sources: dict[str, frozenset[str]] = field(default_factory=dict, compare=False)

    def columns(self, relation: str) -> Columns:
        """The columns of a model, a part of it or a table macro; none where lineage ends."""
        if relation in self.parts:
            return self.parts[relation]
        found = self.relations.get(relation)
        if found and not found.columns and relation.endswith(AS_OF):
            return self.columns(relation.removesuffix(AS_OF))
        return found.columns if found else {}

    def ends(self, column: str) -> Origin | None:
        """Where a column comes from in the end: columns of raw, ledger and seeds. None where that is not traced.

        A choice whose own origin is not traced is left out.
        """
        if column not in self._ends:
            self._ends[column] = self._follow(column)
        return self._ends[column]

    def sources(self, relation: str) -> frozenset[str]:
        """The sources whose delivered values a relation shows, or that it is."""
        if relation.startswith(f"{DELIVERED}."):
            return frozenset([relation.partition(".")[2]])
        if relation not in self._sources:
            ends = [self.ends(f"{relation}.{name}") for name in self.columns(relation)]
            self._sources[relation] = frozenset().union(*(_sources(end.shows) for end in ends if end))
        return self._sources[relation]

    def seen_behind(self, relation: str) -> dict[str, frozenset[str]]:
        """Relation → those that its values come from or whose rows it counts, for a model and each behind it.

        What has only rows of sources that the model's figures are not of is left out. Of a model that is not traced it
        is all that it reads; then what holds rows of many sources is where it ends.
        """
        found: dict[str, set[str]] = {relation: set()}
        waiting = [(relation, name) for name in self.columns(relation) or [""]]
        done: set[tuple[str, str]] = set()
        while waiting:
            at = waiting.pop()
            if at in done:
                continue
            done.add(at)
            for step in self._steps(*at):
                if self._is_within(relation, step[0]):
                    found.setdefault(_whole(at[0]), set()).add(_whole(step[0]))
                    found.setdefault(_whole(step[0]), set())
                    waiting.append(step)
        return {name: frozenset(of - {name}) for name, of in found.items()}

    def _steps(self, relation: str, column: str) -> list[tuple[str, str]]:
        """What stands right behind a column, each a relation and its column."""
        if not self._is_model(relation):
            return []
        columns = self.columns(relation)
        if any(columns.values()):
            origin = columns.get(column) or Origin()
            counted = [(each, name) for each in sorted(origin.counts) for name in self.columns(each)]
            return [*map(_parted, sorted(origin.shows)), *counted]
        steps: list[tuple[str, str]] = []
        for read in self.relations[relation].reads:
            steps += [(read, name) for name in ([""] if self._has_many(read) else self.columns(read) or [""])]
        return steps

    def _has_many(self, relation: str) -> bool:
        """Whether a relation shows or counts rows of more sources than can be said to be behind one table."""
        ends = [self.ends(f"{relation}.{name}") for name in self.columns(relation)]
        counted = {each for end in ends if end for each in end.counts}
        return len(self.sources(relation).union(*map(self.sources, counted))) > _MANY_SOURCES

    @cached_property
    def readers(self) -> dict[str, tuple[str, ...]]:
        """Relation → the models that read it."""
        found: dict[str, list[str]] = {}
        for relation in self.relations.values():
            for read in relation.reads:
                found.setdefault(read, []).append(relation.name)
        return {name: tuple(models) for name, models in found.items()}

    @cached_property
    def users(self) -> dict[str, tuple[str, ...]]:
        """Column → the columns that show it or are decided by it; of a model that is not traced, all: relation.*"""
        found: dict[str, set[str]] = {}
        for name, columns in (*((each.name, each.columns) for each in self.relations.values()), *self.parts.items()):
            for column, origin in columns.items():
                for used in (origin.shows | origin.decides) if origin else ():
                    found.setdefault(_plain(used), set()).add(f"{_whole(name)}.{column}")
        for relation in self.relations.values():
            if not relation.name.endswith(AS_OF) and not any(relation.columns.values()):
                for read in relation.reads:
                    for column in (*self.columns(read), "*"):
                        found.setdefault(f"{read}.{column}", set()).add(f"{relation.name}.*")
        return {name: tuple(sorted(columns)) for name, columns in found.items()}

    def touched_by(self, subject: str) -> Touched:
        """What a change can reach of a model, seed or source, or of one of its columns.

        Raises UsageError where there is no such thing, or several.
        """
        name, column = self._named(subject)
        if column is None:
            reached = _reached(name, lambda each: self.readers.get(each, ()))
            columns: tuple[str, ...] = ()
        else:
            found = _reached(f"{name}.{column}", lambda each: self.users.get(each, ()))
            columns = tuple(sorted(found))
            tables = {each.rpartition(".")[0] for each in found}
            reached = frozenset(tables | {f"{each}{AS_OF}" for each in tables})
        models = tuple(each for each in self.relations if each in reached)
        exposures = tuple(each for each in self.exposures if {name, *models} & set(each.reads))
        return Touched(f"{name}.{column}" if column else name, models, columns, exposures)

    def _named(self, subject: str) -> tuple[str, str | None]:
        known = {*self.relations, *(read for each in self.relations.values() for read in each.reads)}
        found = []
        for name in sorted(known):
            for spelled in (name, name.partition(".")[2]):
                if subject == spelled:
                    found.append((name, None))
                elif subject.startswith(f"{spelled}.") and self._has(name, subject.removeprefix(f"{spelled}.")):
                    found.append((name, subject.removeprefix(f"{spelled}.")))
        if not found:
            raise UsageError(
                f"there is no model, seed or source {subject!r}, nor a column of one; write it as in"
                " int_crimes__states, marts.crimes, raw.crimes or raw.crimes.class_code"
            )
        if len(found) > 1:
            names = ", ".join(f"{name}.{column}" if column else name for name, column in found)
            raise UsageError(f"{subject!r} may be any of these: {names}; give one of them")
        return found[0]

    def _has(self, relation: str, column: str) -> bool:
        return column in self.columns(relation) or f"{relation}.{column}" in self.users

    def _is_within(self, relation: str, step: str) -> bool:
        allowed = self.within.get(relation) or self.sources(relation)
        of = self.sources(step)
        return not allowed or not of or bool(of & allowed)

    def _follow(self, column: str) -> Origin | None:
        relation, name = _parted(column)
        if relation.partition(".")[0] in GIVEN:
            return Origin(frozenset([column]))
        origin = self.columns(relation).get(name)
        if origin is None:
            return None
        shown = [self.ends(each) for each in sorted(origin.shows)]
        chosen = [end.as_decision for each in sorted(origin.decides) if (end := self.ends(each))]
        traced = [end for end in shown if end is not None]
        if len(traced) < len(shown):
            return None
        found = reduce(Origin.__or__, (*traced, *chosen), Origin(counts=origin.counts))
        return self._limited(found, self.within[relation]) if relation in self.within else found

    def _limited(self, origin: Origin, within: frozenset[str]) -> Origin:
        def kept(columns: Iterable[str]) -> frozenset[str]:
            return frozenset(each for each in columns if not (of := _sources([each])) or of <= within)

        counts = frozenset(each for each in origin.counts if not (of := self.sources(each)) or of & within)
        return Origin(kept(origin.shows), kept(origin.decides), counts)

    def _is_model(self, relation: str) -> bool:
        return _whole(relation) in self.relations


def load(file: Path = FILE, within: dict[str, frozenset[str]] | None = None) -> Lineage:
    """The lineage in a generated file.

    Raises SaferCityError where it cannot be read.
    """
    try:
        said = json.loads(file.read_text(encoding="utf-8"))
        relations = {
            name: Relation(name, each["path"], each["description"], tuple(each["reads"]), _columns(each["columns"]))
            for name, each in said["models"].items()
        }
        parts = {name: _columns(each["columns"]) for name, each in said["parts"].items()}
        exposures = tuple(Exposure(**each | {"reads": tuple(each["reads"])}) for each in said["exposures"])
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise SaferCityError(f"{file} cannot be read as lineage ({error!r}); run: safercity check --write") from None
    return Lineage(relations, parts, exposures, within or {})


def as_text(lineage: Lineage) -> str:
    """The content of the file: a line for each column, so that a change of the project can be read in its diff."""
    models = {
        each.name: {
            "path": each.path,
            "description": each.description,
            "reads": list(each.reads),
            "columns": _said(each.columns),
        }
        for each in lineage.relations.values()
    }
    exposures = [vars(each) | {"reads": list(each.reads)} for each in lineage.exposures]
    content = {
        "note": "Generated from the dbt project by `safercity check --write`: change the models, not this file.",
        "models": models,
        "parts": {name: {"columns": _said(columns)} for name, columns in lineage.parts.items()},
        "exposures": exposures,
    }
    return _written(content) + "\n"


def part_of(relation: str, source: str | None) -> str:
    """The name of the part of a relation that has the rows of one source; of all of it where there is none."""
    return f"{relation}[{source}]" if source else relation


def _columns(said: dict[str, dict[str, Any] | None]) -> Columns:
    return {
        name: Origin(_spread(of.get("shows", {})), _spread(of.get("decides", {})), frozenset(of.get("counts", ())))
        if of is not None
        else None
        for name, of in said.items()
    }


def _said(columns: Columns) -> dict[str, Any]:
    return {
        name: {
            key: value
            for key, value in (
                ("shows", _by_relation(of.shows)),
                ("decides", _by_relation(of.decides)),
                ("counts", sorted(of.counts)),
            )
            if value
        }
        if of is not None
        else None
        for name, of in columns.items()
    }


def _by_relation(columns: Iterable[str]) -> dict[str, str]:
    found: dict[str, list[str]] = {}
    for column in sorted(columns):
        relation, name = _parted(column)
        found.setdefault(relation, []).append(name)
    return {relation: " ".join(names) for relation, names in found.items()}


def _spread(columns: dict[str, str]) -> frozenset[str]:
    return frozenset(f"{relation}.{name}" for relation, names in columns.items() for name in names.split())


def _written(content: Any, depth: int = 0) -> str:
    """JSON of which everything deeper than a column stands on its line."""
    if depth == 4 or not isinstance(content, dict | list) or not content:
        return json.dumps(content, ensure_ascii=False)
    inner = "\n" + " " * (depth + 1)
    if isinstance(content, list):
        return "[" + ",".join(f"{inner}{_written(each, depth + 1)}" for each in content) + "\n" + " " * depth + "]"
    lines = [f"{inner}{json.dumps(name)}: {_written(each, depth + 1)}" for name, each in content.items()]
    return "{" + ",".join(lines) + "\n" + " " * depth + "}"


def _reached(start: str, steps: Callable[[str], Iterable[str]]) -> frozenset[str]:
    found: set[str] = set()
    waiting = [start]
    while waiting:
        for name in steps(waiting.pop()):
            if name not in found:
                found.add(name)
                waiting.append(name)
    return frozenset(found)


def _parted(column: str) -> tuple[str, str]:
    relation, _, name = column.rpartition(".")
    return relation, name


def _whole(relation: str) -> str:
    """The relation that a part is of."""
    return relation.partition("[")[0]


def _plain(column: str) -> str:
    relation, name = _parted(column)
    return f"{_whole(relation)}.{name}"


def _sources(columns: Iterable[str]) -> frozenset[str]:
    """The sources that delivered columns are of."""
    found = (_parted(column)[0].partition(".") for column in columns)
    return frozenset(table for schema, _, table in found if schema == DELIVERED)
