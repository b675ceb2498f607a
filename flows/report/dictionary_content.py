"""What the dictionary says, as data: tables with their columns, measures, rules, sources, models and where all is from.

Tables, columns and their texts are read from the release, the comments of its file; sources and rules are those of the
contracts, and what is behind a column is the lineage of the dbt project. So nothing is described here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import duckdb

from flows.contracts import Contract
from flows.lineage import AS_OF, DELIVERED, Exposure, Lineage, Origin, Relation
from flows.rules import RuleInWords, every_rule

LAYERS = {
    "staging": "Staging: accepted rows in the project's names",
    "intermediate": "Intermediate: states, and what is worked out of them; in the private warehouse",
    "marts": "Marts: the published tables and their as-of macros",
}


@dataclass(frozen=True)
class TableColumn:
    """A column of a published table. `end` is None where it is not traced."""

    name: str
    type: str
    description: str
    end: Origin | None


@dataclass(frozen=True)
class Table:
    """A published table, its as-of macro with its description, and what is behind it.

    `sources` are those whose values it shows or whose rows it counts, `decides` the delivered columns that choose which
    records those are, by source. `seen_behind` is what it is drawn from.
    """

    name: str
    theme: str
    description: str
    columns: tuple[TableColumn, ...]
    as_of: str | None
    example: str
    sources: tuple[str, ...]
    decides: dict[str, tuple[str, ...]]
    seen_behind: dict[str, frozenset[str]]
    exposures: tuple[Exposure, ...]


@dataclass(frozen=True)
class Measure:
    """A measure, what it counts, and the tables that have it. `members` are in words."""

    name: str
    theme: str
    label: str
    version: int
    definition: str
    note: str | None
    sources: tuple[str, ...]
    members: tuple[str, ...]
    tables: tuple[str, ...]


@dataclass(frozen=True)
class Reach:
    """Where a delivered column gets to: columns by the table that shows it, and the tables whose rows it chooses."""

    shown: dict[str, tuple[str, ...]]
    decides: tuple[str, ...]


@dataclass(frozen=True)
class Content:
    """All of it."""

    tables: tuple[Table, ...]
    measures: tuple[Measure, ...]
    rules: tuple[RuleInWords, ...]
    contracts: Mapping[str, Contract]
    lineage: Lineage
    reach: dict[str, Reach]

    @cached_property
    def by_theme(self) -> dict[str, list[Table]]:
        """The tables by the folder that their models are in."""
        found: dict[str, list[Table]] = {}
        for table in sorted(self.tables, key=lambda each: (each.theme, each.name)):
            found.setdefault(table.theme, []).append(table)
        return found

    @property
    def columns(self) -> int:
        """How many columns the tables have."""
        return sum(len(table.columns) for table in self.tables)

    @property
    def traced(self) -> int:
        """How many of them are traced."""
        return sum(column.end is not None for table in self.tables for column in table.columns)

    @cached_property
    def by_layer(self) -> dict[str, list[Relation]]:
        """The models by layer, in words."""
        models = self.lineage.relations.values()
        return {
            said: sorted((each for each in models if each.name.startswith(f"{layer}.")), key=lambda each: each.name)
            for layer, said in LAYERS.items()
        }

    def is_delivered(self, column: str) -> bool:
        """Whether a column, as lineage names it, is one that a source delivers."""
        source, _, name = column.removeprefix(f"{DELIVERED}.").partition(".")
        return source in self.contracts and any(each.name == name for each in self.contracts[source].columns)


def read(connection: duckdb.DuckDBPyConnection, contracts: Mapping[str, Contract], lineage: Lineage) -> Content:
    """Everything there is to say of an open release: a database whose schema marts holds it."""
    said = _descriptions(connection)
    measures = _measures(connection, said)
    within = _within(measures, said)
    lineage = Lineage(lineage.relations, lineage.parts, lineage.exposures, within)
    tables = tuple(_table(name, said, measures, lineage, contracts) for name in said.tables)
    return Content(
        tables=tables,
        measures=tuple(measures),
        rules=tuple(every_rule(contracts)),
        contracts=contracts,
        lineage=lineage,
        reach=_reach(tables, contracts),
    )


@dataclass(frozen=True)
class _Said:
    """What a release says of itself: descriptions of tables, their columns with type and description, and macros."""

    tables: dict[str, str]
    columns: dict[str, list[tuple[str, str, str]]]
    macros: dict[str, str]

    @property
    def with_measures(self) -> list[str]:
        """The tables that have counts of several measures; what defines the measures is none of them."""
        return [
            table
            for table, columns in self.columns.items()
            if not table.startswith("dim_") and any(name == "measure" for name, *_ in columns)
        ]


def _descriptions(connection: duckdb.DuckDBPyConnection) -> _Said:
    columns: dict[str, list[tuple[str, str, str]]] = {}
    for table, *column in connection.execute(
        "select table_name, column_name, data_type, coalesce(comment, '') from duckdb_columns()"
        " where schema_name = 'marts' order by table_name, column_index"
    ).fetchall():
        columns.setdefault(table, []).append((column[0], column[1].lower(), column[2]))
    tables = connection.execute(
        "select table_name, coalesce(comment, '') from duckdb_tables() where schema_name = 'marts' order by table_name"
    ).fetchall()
    macros = connection.execute(
        "select function_name, coalesce(comment, '') from duckdb_functions() where schema_name = 'marts' order by all"
    ).fetchall()
    return _Said(dict(tables), columns, dict(macros))


def _measures(connection: duckdb.DuckDBPyConnection, said: _Said) -> list[Measure]:
    members: dict[str, list[str]] = {}
    for measure, *member in connection.execute(
        "select measure, class_code, sub_code, victim_type, tag, operation, police_uk_category, asb_category,"
        " valid_from, valid_to from marts.dim_measure_member order by all"
    ).fetchall():
        members.setdefault(measure, []).append(_member_in_words(*member))
    return [
        Measure(
            name,
            theme,
            label,
            version,
            definition,
            note,
            tuple(sources),
            tuple(members.get(name, ())),
            tuple(table for table in said.with_measures if table.startswith(f"{theme}_")),
        )
        for name, theme, label, version, definition, note, sources in connection.execute(
            "select measure, theme, label, version, definition, note, sources from marts.dim_measure"
            " order by theme, measure"
        ).fetchall()
    ]


_MEMBER_OF = ("class", "sub-code", "victims of type", "method tag", "operation", "police.uk category", "category")


def _member_in_words(*member: Any) -> str:
    *of, valid_from, valid_to = member
    parts = [f"{what} {value}" for what, value in zip(_MEMBER_OF, of, strict=True) if value is not None]
    said = " and ".join(parts) or "every record"
    said += f", from {valid_from}" if valid_from else ""
    return said + (f", until {valid_to}" if valid_to else "")


def _within(measures: Sequence[Measure], said: _Said) -> dict[str, frozenset[str]]:
    """Mart → the sources whose records its measures count: those of a theme, where it is called after one."""
    found: dict[str, frozenset[str]] = {}
    for table in said.with_measures:
        of_theme = [measure for measure in measures if table.startswith(f"{measure.theme}_")]
        found[f"marts.{table}"] = frozenset(source for each in of_theme or measures for source in each.sources)
    return found


def _table(
    name: str, said: _Said, measures: Sequence[Measure], lineage: Lineage, contracts: Mapping[str, Contract]
) -> Table:
    relation = f"marts.{name}"
    columns = tuple(TableColumn(*column, lineage.ends(f"{relation}.{column[0]}")) for column in said.columns[name])
    ends = [column.end for column in columns if column.end]
    model = lineage.relations.get(relation)
    seen_behind = lineage.seen_behind(relation) if model else {}
    sources = {each for column in columns if column.end for each in _shown_sources(column.end, lineage)}
    if not ends:
        sources = {each.partition(".")[2] for each in seen_behind if each.startswith(f"{DELIVERED}.")}
    decides: dict[str, list[str]] = {}
    for column in sorted({each for end in ends for each in end.decides - end.shows}):
        schema, source, of = column.split(".")
        if schema == DELIVERED and source in sources and any(of == each.name for each in contracts[source].columns):
            decides.setdefault(source, []).append(of)
    return Table(
        name=name,
        theme=model.path.split("/")[-2] if model else "marts",
        description=said.tables[name],
        columns=columns,
        as_of=said.macros.get(f"{name}{AS_OF}"),
        example=_example(name, [column.name for column in columns], measures),
        sources=tuple(sorted(sources)),
        decides={source: tuple(of) for source, of in decides.items()},
        seen_behind=seen_behind,
        exposures=tuple(each for each in lineage.exposures if {relation, f"{relation}{AS_OF}"} & set(each.reads)),
    )


def _shown_sources(end: Origin, lineage: Lineage) -> frozenset[str]:
    shown = {column.split(".")[1] for column in end.shows if column.startswith(f"{DELIVERED}.")}
    return frozenset(shown).union(*(lineage.sources(counted) for counted in end.counts))


def _example(name: str, columns: Sequence[str], measures: Sequence[Measure]) -> str:
    """A query that shows what the table holds: its newest month, of the measure that its theme is called after."""
    lines = [f"from marts.{name}"]
    where = []
    of_theme = [each.name for each in measures if name.startswith(f"{each.theme}_") and each.name == each.theme]
    if "measure" in columns and of_theme:
        where.append(f"measure = '{of_theme[0]}'")
    if "month" in columns:
        where.append(f"month = (select max(month) from marts.{name})")
    lines += [f"{'where' if at == 0 else '  and'} {each}" for at, each in enumerate(where)]
    return "\n".join([*lines, "limit 20"])


def _reach(tables: Sequence[Table], contracts: Mapping[str, Contract]) -> dict[str, Reach]:
    """source.column → where it gets to, for every column that is delivered."""
    shown: dict[str, dict[str, list[str]]] = {}
    for table in tables:
        for column in table.columns:
            for each in column.end.shows if column.end else ():
                shown.setdefault(each.removeprefix(f"{DELIVERED}."), {}).setdefault(table.name, []).append(column.name)
    return {
        f"{source}.{column.name}": Reach(
            {table: tuple(names) for table, names in sorted(shown.get(f"{source}.{column.name}", {}).items())},
            tuple(table.name for table in tables if column.name in table.decides.get(source, ())),
        )
        for source, contract in contracts.items()
        for column in contract.columns
    }
