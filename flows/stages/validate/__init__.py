"""The second stage: Great Expectations decides which rows break which rule, inside the source's scratch file.

The stage adds to the scratch file what the load reads:

* `reference.<name>`: the reference data that the contract's rules and columns look values up in;
* `typed`: one row per received row, its columns read as the contract's types (see `typed.py`);
* `failures(code, row_id)`: one row per rule and failing row;
* `drift`: more rows, for retyped columns and values that are in no list (see `drift.py`);
* `rule_results(code, severity, dimension, message, owner, file_id, checked, failed)`: one row per rule and file that
  was read, counts in rows.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb

from flows.contracts import (
    MALFORMED,
    MALFORMED_MESSAGE,
    UNKNOWN_COLUMN,
    UNKNOWN_COLUMN_MESSAGE,
    Contract,
    Dimension,
    Rule,
    Severity,
)
from flows.errors import SaferCityError, UsageError
from flows.stages.validate.drift import find_drift
from flows.stages.validate.suite import Verdict, column_name, conditions, judge, not_judged, views
from flows.stages.validate.typed import build_typed, load_reference


@dataclass(frozen=True)
class RuleResult:
    """What became of one rule over all files of the source: the rows it was checked on, and those that failed."""

    code: str
    severity: Severity
    dimension: Dimension
    message: str
    owner: str
    checked: int
    failed: int


def validate(contract: Contract, database: Path, options: Mapping[str, str | int] | None = None) -> list[RuleResult]:
    """Judge every received row of the scratch file `database` by the contract's rules.

    Returns one result per rule, in the contract's order, then those of malformed lines and unknown columns; where
    not one row was received, only these two, and nothing where no file could be read.
    `options` are DuckDB's, such as memory_limit. The file must be closed, and is closed again afterwards.
    Raises UsageError for a rule that cannot be run, SaferCityError when the failing rows are not as many as counted.
    """
    with _opened(contract, database, options or {}) as connection:
        load_reference(connection, contract)
        build_typed(connection, contract)
        _make_judged(connection, contract)
        has_rows = connection.execute("from typed limit 1").fetchone() is not None
    verdicts = judge(contract, database, options or {}) if has_rows else []
    with _opened(contract, database, options or {}) as connection:
        connection.execute("create or replace table failures (code varchar, row_id bigint)")
        for verdict in verdicts:
            _write_failures(connection, contract, verdict)
        find_drift(connection, contract)
        _write_rule_results(connection, contract)
        return _read_rule_results(connection)


@contextmanager
def _opened(
    contract: Contract, database: Path, options: Mapping[str, str | int]
) -> Iterator[duckdb.DuckDBPyConnection]:
    """The scratch file, closed afterwards. The text of an error of DuckDB may quote values, so it is not passed on."""
    try:
        with duckdb.connect(str(database), config=dict(options)) as connection:
            connection.execute("set enable_progress_bar = false")
            yield connection
    except duckdb.Error as error:
        raise SaferCityError(
            f"{contract.source}: DuckDB failed on {database} ({type(error).__name__}); "
            "see that there is disk space and memory left, and run again"
        ) from None


def _make_judged(connection: duckdb.DuckDBPyConnection, contract: Contract) -> None:
    """Make what the rules are judged on beside `typed`: views of rows, tables of conditions.

    Raises UsageError for a rule whose SQL is unsound, SaferCityError for one whose condition fails on some row.
    """
    try:
        _look_at_sql(connection, contract.all_rules)
    except duckdb.Error:
        for rule in contract.all_rules:
            _look_at_sql_of(connection, contract, rule)
        raise
    for view, query in views(contract.all_rules).items():
        connection.execute(f"create or replace view {view} as {query}")
    try:
        for table, query in conditions(contract.all_rules).items():
            connection.execute(f"create or replace table {table} as {query}")
    except duckdb.Error:
        if unsound := [rule.code for rule in contract.all_rules if _fails(connection, rule)]:
            raise not_judged(contract, unsound) from None
        raise


def _look_at_sql(connection: duckdb.DuckDBPyConnection, rules: Sequence[Rule]) -> None:
    """Have DuckDB understand the SQL of rules, without reading a row."""
    for query in (views(rules) | conditions(rules)).values():
        connection.execute(f"describe {query}")


def _look_at_sql_of(connection: duckdb.DuckDBPyConnection, contract: Contract, rule: Rule) -> None:
    try:
        _look_at_sql(connection, [rule])
    except duckdb.Error as error:
        raise UsageError(
            f"{contract.source}: the condition of the rule {rule.code} is no SQL that DuckDB can run on the typed "
            f"columns; correct it in expectations/{contract.source}.yml ({str(error).splitlines()[0]})"
        ) from None


def _fails(connection: duckdb.DuckDBPyConnection, rule: Rule) -> bool:
    """Whether the condition of a rule cannot be worked out on some row."""
    try:
        for query in conditions([rule]).values():
            connection.execute(f"select count({column_name(rule)}) from ({query})")
    except duckdb.Error:
        return True
    return False


def _write_failures(connection: duckdb.DuckDBPyConnection, contract: Contract, verdict: Verdict) -> None:
    """Run the query that Great Expectations made for the failing rows, and hold it against what it counted."""
    if verdict.failed == 0:
        return
    query = verdict.query.removesuffix(";")
    written = connection.execute(f"insert into failures select '{verdict.code}', row_id from ({query})").fetchone()
    if written != (verdict.failed,):
        raise SaferCityError(
            f"{contract.source}: Great Expectations counted {verdict.failed} rows that fail the rule {verdict.code}, "
            f"but its query finds {written and written[0]}; write the rule as a `breaks` condition instead"
        )


def _write_rule_results(connection: duckdb.DuckDBPyConnection, contract: Contract) -> None:
    rules = [
        (rule.code, rule.severity, rule.dimension, rule.message, contract.rule_owner(rule))
        for rule in contract.all_rules
    ]
    rules.append((MALFORMED, "critical", "validity", MALFORMED_MESSAGE, contract.owner))
    rules.append((UNKNOWN_COLUMN, "warning", "consistency", UNKNOWN_COLUMN_MESSAGE, contract.owner))
    connection.execute(
        """
        create temp table rules (
            place integer, code varchar, severity varchar, dimension varchar, message varchar, owner varchar
        )
        """
    )
    connection.executemany(
        "insert into rules values (?, ?, ?, ?, ?, ?)", [[place, *rule] for place, rule in enumerate(rules)]
    )
    checked_per_rule = ", ".join(
        f"{{code: '{rule.code}', checked: count(*) filter (where {rule.when or 'true'})}}"
        for rule in contract.all_rules
    )
    connection.execute(
        f"""
        create or replace table rule_results as
        with checked as (
            select file_id, unnest([{checked_per_rule}], recursive := true)
            from typed
            group by file_id
        ),
        failed as (
            select file_id, code, count(*) as failed
            from failures
            join typed using (row_id)
            group by all
        ),
        malformed_lines as (
            select file_id, count(*) as lines
            from malformed
            group by file_id
        ),
        counts as (
            select file_id, code, checked, coalesce(failed, 0) as failed
            from checked
            left join failed using (file_id, code)
            union all
            select file_id, '{MALFORMED}', received, coalesce(lines, 0)
            from files
            left join malformed_lines using (file_id)
            where problem_code is null and received > 0
            union all
            select file_id, '{UNKNOWN_COLUMN}', received, if(unknown_columns > 0, received, 0)
            from files
            where problem_code is null and received > 0
        )
        select code, severity, dimension, message, owner, file_id, checked, failed
        from counts
        join rules using (code)
        order by place, file_id
        """
    )


def _read_rule_results(connection: duckdb.DuckDBPyConnection) -> list[RuleResult]:
    found = connection.execute(
        """
        select
            code,
            severity,
            dimension,
            message,
            owner,
            sum(checked)::bigint as checked,
            sum(failed)::bigint as failed
        from rule_results
        group by all
        order by min(rowid)
        """
    )
    return [RuleResult(*row) for row in found.fetchall()]
