"""Drift that only the values show: columns of another type, and values that a list does not have.

It is added to the table `drift` of the scratch file, beside what the headers show. A value itself is written only where
the source is open data and its row is loaded with it; of any other its length, how many rows have it, and the first.
"""

from __future__ import annotations

import duckdb
import yaml

from flows.contracts import Column, ColumnType, Contract
from flows.stages.validate.typed import text_expression, typed_expression
from flows.warehouse import quoted

LEAST_SHARE, LEAST_ROWS = 0.2, 10
"""So many of a file's values must fail their type for the column to be of another one."""
MOST_VALUES = 20
"""So many new values of a column are told per file, the most frequent first."""

_TYPES: tuple[ColumnType, ...] = ("int", "decimal", "date", "month", "time", "flag", "code", "text")
"""From the narrowest to the one that takes everything."""
_LABEL = r"[\p{L}0-9][\p{L}0-9 &;,''()/-]{0,59}"


def find_drift(connection: duckdb.DuckDBPyConnection, contract: Contract) -> None:
    """Add the retyped columns and the new values of every file to `drift`. `typed` and `failures` must be there."""
    failing = dict(connection.execute("select code, count(*) from failures group by code").fetchall())
    _find_retyped(connection, contract, failing)
    for code, column, values, suggestion in _lists(contract):
        if code in failing:
            _find_new_values(connection, contract, code, column, values=values, suggestion=suggestion)


def _find_retyped(connection: duckdb.DuckDBPyConnection, contract: Contract, failing: dict[str, int]) -> None:
    columns = {
        column.name: column
        for column in contract.loaded_columns
        if failing.get(f"{column.name.upper()}_TYPE", 0) >= LEAST_ROWS
    }
    counts = ", ".join(
        f"{{name: '{name}', given: count({column.as_given}), filled: count({column.as_given}) + count({name})}}"
        for name, column in columns.items()
    )
    if not counts:
        return
    found = connection.execute(
        f"""
        select file_id, name, given
        from (select file_id, unnest([{counts}], recursive := true) from typed group by file_id)
        where given >= {LEAST_ROWS} and given >= {LEAST_SHARE} * filled
        """
    ).fetchall()
    for file_id, name, given in found:
        kind = _readable_as(connection, columns[name], file_id)
        connection.execute(
            "insert into drift values ($1, 'retyped', $2, $3, $4, null, $5)",
            [file_id, name, kind, given, f"- name: {name}\n  type: {kind}"],
        )


def _readable_as(connection: duckdb.DuckDBPyConnection, column: Column, file_id: int) -> ColumnType:
    """The narrowest type that every value of a column in a file can be read as."""
    unreadable = ", ".join(
        f"count(*) filter (where {typed_expression(column.model_copy(update={'type': kind}))} is null)"
        for kind in _TYPES
    )
    row = connection.execute(
        f"""
        select {unreadable}
        from (select {text_expression(column)} as "{column.name}" from received where file_id = $1)
        where "{column.name}" is not null
        """,
        [file_id],
    ).fetchone()
    assert row is not None
    return next(kind for kind, count in zip(_TYPES, row, strict=True) if count == 0)


def _lists(contract: Contract) -> list[tuple[str, Column, str, str]]:
    """Rules that list values: code, column, SQL for the row ids and values that are not in it, what would list them.

    The suggestion holds {} where the value goes.
    """
    columns = {column.name: column for column in contract.loaded_columns}
    listed: list[tuple[str, Column, str, str]] = []
    for rule in contract.rules:
        if rule.expectation != "expect_column_values_to_be_in_set":
            continue
        column = columns[rule.kwargs["column"]]
        values = yaml.safe_dump(rule.kwargs["value_set"], default_flow_style=True, width=10_000).strip()
        listed.append(
            (
                rule.code,
                column,
                f"select typed.row_id, cast(typed.{column.name} as varchar) as value"
                f" from failures join typed using (row_id) where failures.code = '{rule.code}'",
                f"- code: {rule.code}\n  kwargs:\n    column: {column.name}\n    value_set: {values[:-1]}, {{}}]",
            )
        )
    listed += [
        (
            f"{column.name.upper()}_UNKNOWN",
            column,
            f"select row_id, {column.as_given} as value from typed where {column.as_given} is not null",
            f"# dbt_project/seeds/{column.listed_in.reference}.csv: a row for {{}}, or a spelling of it in one",
        )
        for column in columns.values()
        if column.listed_in
    ]
    return listed


def _find_new_values(
    connection: duckdb.DuckDBPyConnection,
    contract: Contract,
    code: str,
    column: Column,
    *,
    values: str,
    suggestion: str,
) -> None:
    kept_out = {rule.code for rule in contract.all_rules if rule.severity == "critical"}
    may_be_shown = contract.record_source == "police_uk" and code not in kept_out
    label = f"regexp_full_match(value, '{_LABEL}')" if may_be_shown else "false"
    before, _, after = suggestion.partition("{}")
    connection.execute(
        f"""
        insert into drift
        with counted as (
            select typed.file_id, found.value, count(*) as row_count, min(typed.record_no) as record_no
            from ({values}) as found
            join typed using (row_id)
            group by all
        )
        select
            file_id,
            'new_value',
            '{column.name}',
            if({label}, value, '‹' || length(value) || ' characters›'),
            row_count,
            record_no,
            {quoted(before)} || if({label}, '''' || replace(value, '''', '''''') || '''', '<the value>')
                || {quoted(after)}
        from counted
        qualify row_number() over (partition by file_id order by row_count desc, record_no) <= {MOST_VALUES}
        """
    )
