"""Reading the published release: what `status`, `deliveries` and `sql` show, at any moment, also during a run."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from flows import freshness, releases
from flows.contracts import Contract
from flows.errors import UsageError
from flows.freshness import Freshness
from flows.settings import Paths
from flows.warehouse import quoted


@dataclass(frozen=True)
class Table:
    """The rows of a query, with the names of its columns."""

    columns: list[str]
    rows: list[tuple[Any, ...]]

    def as_dicts(self) -> list[dict[str, Any]]:
        """One dictionary per row."""
        names = [
            name if name not in self.columns[:place] else f"{name}_{self.columns[:place].count(name)}"
            for place, name in enumerate(self.columns)
        ]
        return [dict(zip(names, row, strict=True)) for row in self.rows]


@contextmanager
def published(paths: Paths) -> Iterator[duckdb.DuckDBPyConnection]:
    """A read-only connection to the published release, attached as safer_city.

    Raises UsageError when nothing has been published.
    """
    if releases.current(paths) is None:
        raise UsageError(f"nothing has been published in {paths.published} yet; run: safercity run")
    with duckdb.connect() as connection:
        # The link is followed once, so that a release published meanwhile does not change the file under a query.
        connection.execute(f"attach {quoted(paths.published_database.resolve())} as safer_city (read_only)")
        connection.execute("use safer_city")
        yield connection


def query(paths: Paths, sql: str, as_of: date | None = None) -> Table:
    """Run one query on the published release, see `prepared`."""
    with prepared(paths, sql, as_of) as connection:
        cursor = connection.execute(sql)
        return Table([column[0] for column in cursor.description or []], cursor.fetchall())


@contextmanager
def prepared(
    paths: Paths, sql: str, as_of: date | None = None, *, may_write: Path | None = None
) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection to the published release on which one query can be run, and which can do nothing else.

    With `as_of`, each table that has an as-of macro holds that macro's rows for the date, the dimensions are as they
    are, and there is nothing else: what is only known as of now cannot slip in. The only file that it may write is
    `may_write`.

    Raises UsageError with DuckDB's explanation when the query is wrong.
    """
    with published(paths) as connection:
        if as_of:
            _show_only_as_of(connection, sql, as_of)
        if may_write:
            connection.execute(f"set allowed_paths = [{quoted(may_write)}]")
        connection.execute("set enable_external_access = false")
        connection.execute("set lock_configuration = true")
        try:
            if len(connection.extract_statements(sql)) != 1:
                raise UsageError("give one query, not several")
            yield connection
        except duckdb.Error as error:
            hint = "; with --as-of only tables that have an _as_of macro and dimensions can be named" if as_of else ""
            raise UsageError(f"{error}{hint}") from None


def sources(paths: Paths) -> Table:
    """One row per source and force: months covered and missing, rows held, and the newest extract."""
    return query(
        paths,
        """
        select
          source,
          force,
          min(month) as first_month,
          max(month) as last_month,
          count_if(state = 'missing') as months_missing,
          sum(rows)::bigint as rows,
          max(last_extract) as newest_extract
        from marts.coverage
        group by all
        order by source, force
        """,
    )


def fresh(paths: Paths, contracts: dict[str, Contract], today: date) -> list[Freshness]:
    """What of the deliveries in the release is due, late or missing on a day."""
    with published(paths) as connection:
        return freshness.assess(contracts, freshness.arrived(connection, "marts.deliveries"), today)


def deliveries(paths: Paths, *, source: str | None, force: str | None, state: str | None, limit: int | None) -> Table:
    """The newest deliveries first: one row per delivery with its sums and, where rejected, why."""
    conditions, values = ["true"], []
    for column, value in (("source", source), ("force", force), ("state", state)):
        if value is not None:
            conditions.append(f"{column} = ?")
            values.append(value)
    with published(paths) as connection:
        cursor = connection.execute(
            f"""
            select source, force, slice, file_name, extract_date, revision, state, received, accepted, quarantined,
              rejected, loaded, unchanged, superseded_in_file, reason
            from marts.deliveries
            where {" and ".join(conditions)}
            order by loaded_at desc, extract_date desc, file_name
            {f"limit {limit}" if limit else ""}
            """,
            values,
        )
        return Table([column[0] for column in cursor.description or []], cursor.fetchall())


def _show_only_as_of(connection: duckdb.DuckDBPyConnection, sql: str, as_of: date) -> None:
    """Put in the place of the release the tables that the query names, as they were known, and the dimensions."""
    tables = {
        macro.removesuffix("_as_of"): f"{macro}(date '{as_of:%Y-%m-%d}')"
        for (macro,) in connection.execute(
            "select distinct function_name from duckdb_functions()"
            " where database_name = 'safer_city' and schema_name = 'marts' and ends_with(function_name, '_as_of')"
        ).fetchall()
    }
    dimensions = connection.execute(
        "select table_name from duckdb_tables()"
        " where database_name = 'safer_city' and schema_name = 'marts' and starts_with(table_name, 'dim_')"
    ).fetchall()
    tables |= {table: table for (table,) in dimensions}
    connection.execute("create schema memory.marts")
    for table, rows in tables.items():
        if table in sql.lower():
            connection.execute(f"create table memory.marts.{table} as from safer_city.marts.{rows}")
    connection.execute("use memory")
    connection.execute("detach safer_city")
