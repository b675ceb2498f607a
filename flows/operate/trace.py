"""What each column of a query is made of, one step back: read out of its SQL with sqlglot, and never guessed.

Many tables hold rows of several sources, told apart by a column `source`. A query that asks for one of them by name
gets that part alone, so that what is said of crimes is not said of every source: the part of a relation that has the
rows of a source is named relation[source].
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import reduce
from typing import ClassVar

import sqlglot
from sqlglot import exp
from sqlglot.dialects.duckdb import DuckDB
from sqlglot.errors import SqlglotError
from sqlglot.optimizer.qualify import qualify
from sqlglot.optimizer.scope import Scope, build_scope
from sqlglot.schema import MappingSchema
from sqlglot.tokenizer_core import TokenType

from flows.lineage import Columns, Origin, part_of

Schema = dict[str, dict[str, dict[str, str]]]
"""Schema → relation → column → type, of every relation that a query may read."""

SPLIT = "source"
"""The column by whose value a relation is taken apart."""


class UntraceableError(Exception):
    """Something whose origin cannot be read out of the SQL."""


@dataclass(frozen=True)
class Traced:
    """The origins of a query's columns, and the same for the rows of each source that it holds by name."""

    columns: Columns
    parts: dict[str, Columns]


class _DuckDB(DuckDB):
    """DuckDB's SQL as sqlglot reads it, but that `force` is a name: sqlglot takes it for a hint about an index."""

    class Tokenizer(DuckDB.Tokenizer):
        KEYWORDS: ClassVar = {word: kind for word, kind in DuckDB.Tokenizer.KEYWORDS.items() if kind != TokenType.FORCE}


def trace(sql: str, schema: Schema, parts: dict[str, set[str]]) -> Traced:
    """Trace one query. `parts` says of which relations it is known what they hold of which source.

    Raises UntraceableError where sqlglot cannot read the query, or does not find a column that it names.
    """
    try:
        tree = sqlglot.parse_one(sql, dialect=_DuckDB)
        for table in tree.find_all(exp.Table):
            table.set("catalog", None)
        known = MappingSchema(dict[str, object](schema), dialect=_DuckDB, normalize=False)
        tree = qualify(tree, dialect=_DuckDB, schema=known, identify=False, quote_identifiers=False)
        root = build_scope(tree)
    except SqlglotError as error:
        raise UntraceableError(str(error)) from None
    if root is None:
        raise UntraceableError("it is no query")
    tracer = _Tracer(root, parts)
    held = sorted(tracer.held(root, SPLIT))
    return Traced(tracer.query(root).columns, {source: tracer.query(root, source).columns for source in held})


@dataclass(frozen=True)
class _Rows:
    """What a query selects from: the relations whose rows it has, and the columns that choose among them."""

    counts: frozenset[str] = frozenset()
    decides: frozenset[str] = frozenset()

    def __or__(self, other: _Rows) -> _Rows:
        return _Rows(self.counts | other.counts, self.decides | other.decides)


@dataclass(frozen=True)
class _Query:
    """What is known of a query: the origin of each column, and of its rows."""

    columns: Columns
    rows: _Rows


@dataclass(frozen=True)
class _From:
    """One select, with the names of its sources, and of which of them only the rows of one source are asked for."""

    scope: Scope
    tree: exp.Select
    only: dict[str, str]


class _Tracer:
    """Goes from the columns of a query to those of the relations that it reads."""

    def __init__(self, root: Scope, parts: dict[str, set[str]]) -> None:
        self.scopes = {id(scope.expression): scope for scope in root.traverse()}
        self.parts = parts
        self.known: dict[tuple[int, str | None], _Query] = {}

    def query(self, scope: Scope, only: str | None = None) -> _Query:
        """What is known of a query, or of its rows of one source."""
        key = id(scope), only
        if key not in self.known:
            is_union = isinstance(scope.expression, exp.SetOperation)
            self.known[key] = self._union(scope, only) if is_union else self._select(scope, only)
        return self.known[key]

    def held(self, scope: Scope, column: str) -> set[str]:
        """The sources by which a column takes a query apart: none where its values are not known by name."""
        tree = scope.expression
        if isinstance(tree, exp.SetOperation):
            names = _names(scope)
            if column not in names:
                return set()
            position = names.index(column)
            branches = scope.set_operation_scopes
            found = [self.held(branch, _names(branch)[position]) for branch in branches]
            return set().union(*found) if all(found) else set()
        made_of = self._made_of(tree, column)
        if isinstance(made_of, exp.Literal):
            return {made_of.name}
        return self._held_by(scope.sources.get(made_of.table), made_of.name) if made_of else set()

    def _held_by(self, source: exp.Table | Scope | None, column: str) -> set[str]:
        if isinstance(source, Scope):
            return set() if isinstance(source.expression, exp.UDTF) else self.held(source, column)
        return self.parts.get(_name(source), set()) if source and column == SPLIT else set()

    def _made_of(self, tree: exp.Expr, column: str) -> exp.Literal | exp.Column | None:
        """The text or the column that a column of a select is, where it is nothing but that."""
        for projection in tree.selects if isinstance(tree, exp.Select) else []:
            if projection.alias_or_name == column:
                found = projection.unalias()
                return found if isinstance(found, exp.Literal | exp.Column) else None
        return None

    def _select(self, scope: Scope, only: str | None) -> _Query:
        tree = scope.expression
        if not isinstance(tree, exp.Select):
            raise UntraceableError(tree.sql())
        selected = _From(scope, tree, self._only(scope, tree, only))
        rows = self._rows(selected)
        columns: Columns = {}
        for projection in tree.selects:
            try:
                columns[projection.alias_or_name] = self._projected(selected, projection, rows)
            except UntraceableError:
                columns[projection.alias_or_name] = None
        return _Query(columns, rows)

    def _only(self, scope: Scope, tree: exp.Select, only: str | None) -> dict[str, str]:
        """Of which sources of a select only the rows of one source of data are asked for: alias → its name."""
        found: dict[str, str] = {}
        made_of = self._made_of(tree, SPLIT)
        if only and isinstance(made_of, exp.Column):
            found[made_of.table] = only
        joins = tree.args.get("joins") or []
        everywhere = [tree.args.get("where"), *(join.args.get("on") for join in joins if not join.side)]
        equal = [(each, None) for condition in everywhere for each in _all_of(condition)]
        # What is joined to the left does not go by its condition: that narrows only what is joined in.
        equal += [(each, join.alias_or_name) for join in joins if join.side for each in _all_of(join.args.get("on"))]
        for each, joined in equal:
            match each.this, each.expression:
                case (exp.Column() as column, exp.Literal() as text) | (exp.Literal() as text, exp.Column() as column):
                    if column.name == SPLIT and joined in (None, column.table):
                        found[column.table] = text.name
        for each, joined in equal:
            match each.this, each.expression:
                case exp.Column(name="source") as one, exp.Column(name="source") as other:
                    for known, unknown in ((one.table, other.table), (other.table, one.table)):
                        if known in found and joined in (None, unknown):
                            found.setdefault(unknown, found[known])
        return {alias: name for alias, name in found.items() if self._can_be_parted(scope.sources.get(alias), name)}

    def _can_be_parted(self, source: exp.Table | Scope | None, name: str) -> bool:
        if isinstance(source, Scope):
            return not isinstance(source.expression, exp.UDTF)
        return source is not None and name in self.parts.get(_name(source), set())

    def _union(self, scope: Scope, only: str | None) -> _Query:
        names = _names(scope)
        branches = scope.set_operation_scopes
        if only and SPLIT in names:
            position = names.index(SPLIT)
            held = [self.held(branch, _names(branch)[position]) for branch in branches]
            branches = [branch for branch, of in zip(branches, held, strict=True) if not of or only in of]
        columns: Columns = {name: Origin() for name in names}
        rows = _Rows()
        for branch in branches:
            query = self.query(branch, only)
            found = list(query.columns.values())
            for position, name in enumerate(names):
                at_hand = query.columns.get(name, Origin()) if scope.expression.args.get("by_name") else found[position]
                before = columns[name]
                columns[name] = before | at_hand if before is not None and at_hand is not None else None
            rows |= query.rows
        return _Query(columns, rows)

    def _rows(self, selected: _From) -> _Rows:
        rows = _Rows()
        for alias, (_, source) in selected.scope.selected_sources.items():
            if isinstance(source, exp.Table):
                rows |= _Rows(frozenset([part_of(_name(source), selected.only.get(alias))] if source.db else []))
            elif not isinstance(source.expression, exp.UDTF):
                rows |= self.query(source, selected.only.get(alias)).rows
        tree = selected.tree
        conditions = [tree.args.get(part) for part in ("where", "group", "having", "qualify")]
        conditions += [join.args.get("on") for join in tree.args.get("joins") or []]
        group = tree.args.get("group")
        if group and group.args.get("all"):
            conditions += [each for each in tree.selects if not each.find(exp.AggFunc)]
        chosen = self._all(selected, [each for each in conditions if each], rows)
        return rows | _Rows(decides=chosen.as_decision.decides)

    def _projected(self, selected: _From, projection: exp.Expr, rows: _Rows) -> Origin:
        found = self._origin(selected, projection, rows)
        aggregates = any(not isinstance(each.parent, exp.Window) for each in projection.find_all(exp.AggFunc))
        return found | Origin(decides=rows.decides) if aggregates else found

    def _all(self, selected: _From, trees: Iterable[exp.Expr], rows: _Rows) -> Origin:
        return reduce(Origin.__or__, (self._origin(selected, tree, rows) for tree in trees), Origin())

    def _origin(self, selected: _From, tree: exp.Expr, rows: _Rows) -> Origin:
        """What an expression is made of."""
        if isinstance(tree, exp.Column):
            return self._column(selected, tree, rows)
        if isinstance(tree, exp.Select | exp.SetOperation):
            query = self.query(self.scopes[id(tree)])
            found = reduce(Origin.__or__, map(_required, query.columns.values()), Origin())
            return found | Origin(decides=query.rows.decides)
        if isinstance(tree, exp.Count) and not tree.find(exp.Column):
            # A running number counts the rows of its own query, which are nobody else's.
            return Origin() if tree.find_ancestor(exp.Window) else Origin(counts=rows.counts)
        chooses = _CHOOSES.get(type(tree), ())
        found = Origin()
        for argument, value in tree.args.items():
            parts = [each for each in (value if isinstance(value, list) else [value]) if isinstance(each, exp.Expr)]
            made_of = self._all(selected, parts, rows)
            found |= made_of.as_decision if argument in chooses else made_of
        return found

    def _column(self, selected: _From, column: exp.Column, rows: _Rows) -> Origin:
        source, only = _source(selected.scope, column.table), selected.only.get(column.table)
        if source is None:
            raise UntraceableError(column.sql())
        if isinstance(source, exp.Table):
            name = part_of(_name(source), only)
            found = Origin(frozenset([f"{name}.{column.name}"])) if source.db else Origin()
        elif isinstance(source.expression, exp.UDTF):
            of = source.expression.args
            found = self._all(selected, [each for each in of.get("expressions") or [of.get("this")] if each], rows)
        else:
            found = _required(self.query(source, only).columns.get(column.name))
        return found | self._found_by(selected, column.table, rows)

    def _found_by(self, selected: _From, alias: str, rows: _Rows) -> Origin:
        """What finds the row of a source that is joined in: the columns of the others in the condition."""
        joins = selected.tree.args.get("joins") or []
        conditions = [join.args["on"] for join in joins if join.alias_or_name == alias and join.args.get("on")]
        others = [each for tree in conditions for each in tree.find_all(exp.Column) if each.table != alias]
        return self._all(selected, others, rows).as_decision


_CHOOSES: dict[type[exp.Expr], tuple[str, ...]] = {
    exp.If: ("this",),
    exp.Case: ("this",),
    exp.Filter: ("expression",),
    exp.Window: ("partition_by", "order"),
    exp.Order: ("expressions",),
}
"""The arguments of an expression that choose a value, or the order of values, and are no part of it."""


def _all_of(condition: exp.Expr | None) -> list[exp.EQ]:
    """The equations that must all hold for a condition to hold."""
    if condition is None:
        return []
    tree = condition.this if isinstance(condition, exp.Where) else condition
    parts = tree.flatten() if isinstance(tree, exp.And) else [tree]
    return [part for part in (each.unnest() for each in parts) if isinstance(part, exp.EQ)]


def _source(scope: Scope | None, alias: str) -> exp.Table | Scope | None:
    """What an alias stands for in a query, or in the ones around it."""
    while scope and alias not in scope.sources:
        scope = scope.parent
    return scope.sources[alias] if scope else None


def _required(origin: Origin | None) -> Origin:
    if origin is None:
        raise UntraceableError
    return origin


def _names(scope: Scope) -> list[str]:
    """The columns of a query, in order."""
    return scope.expression.named_selects if isinstance(scope.expression, exp.Query) else []


def _name(table: exp.Table) -> str:
    return f"{table.db}.{table.name}"
