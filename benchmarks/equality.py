"""Whether two contenders came to the same results, row by row, as bags: copies count, order does not."""

from __future__ import annotations

from pathlib import Path

import duckdb
from contenders import LIMIT, STREET

STATES = {STREET: "street_crime_versions", "crimes": "crime_versions"}
MOVEMENTS = {
    STREET: "select force, measure, month, extract_date, change from ours.marts.measure_movements"
    " where record_source = 'police_uk'",
    "crimes": "select force, measure, month, extract_date, change from ours.marts.measure_movements"
    " where record_source = 'force'"
    " and measure not in (select measure from ours.marts.dim_measure where theme = 'asb')",
}
CHECKS = """
select quality.rule, sum(quality.rows_failed)::bigint as failed
from ours.marts.data_quality as quality
semi join (from ours.marts.deliveries where state = 'loaded') as loaded
  on quality.source = loaded.source and quality.file = loaded.file_name
  and quality.slice is not distinct from loaded.slice and quality.extract_date = loaded.extract_date
where quality.source = '{source}'
group by all
"""

Found = tuple[dict[str, int], list[str]]
"""Rows per table that was found equal, and what differs in the others."""


def compare(source: str, contender: str, data: Path, out: Path) -> Found:
    """Hold what a contender left in `out` against what the pipeline published in `data`."""
    with duckdb.connect() as connection:
        connection.execute("set enable_progress_bar = false")
        connection.execute(f"attach '{data / 'published' / 'safer_city.duckdb'}' as ours (read_only)")
        if source == STREET and contender == LIMIT:
            pairs = marts_of_bare_street(connection, data, out)
        else:
            pairs = results_of_peer(connection, source, out)
        rows, wrong = {}, []
        for table, (ours, theirs) in pairs.items():
            columns = list(column_types(connection, theirs))
            if contender == LIMIT and source == STREET and (unlike := unlike_types(connection, table, ours, theirs)):
                wrong.append(f"{table} has other columns or types of them: {', '.join(unlike)}")
                continue
            same_type = cast_alike(connection, theirs, ours, columns)
            counts = [connection.execute(f"select count(*) from {side}").fetchall()[0][0] for side in (ours, same_type)]
            only_ours = only_rows(connection, ours, same_type, columns)
            if only_ours or counts[0] != counts[1]:
                only_theirs = only_rows(connection, same_type, ours, columns)
                wrong.append(f"{table}: {only_ours:,} rows in {data.name} only, {only_theirs:,} of {contender} only")
            else:
                rows[table] = counts[0]
    return rows, wrong


def marts_of_bare_street(connection: duckdb.DuckDBPyConnection, data: Path, out: Path) -> dict[str, tuple[str, str]]:
    """All marts of the bare script for street files, and its states, beside those of the pipeline."""
    connection.execute(f"attach '{data / 'warehouse' / 'warehouse.duckdb'}' as our_warehouse (read_only)")
    connection.execute(f"attach '{out / 'safer_city.duckdb'}' as bare (read_only)")
    connection.execute(f"attach '{out / 'warehouse.duckdb'}' as bare_warehouse (read_only)")
    marts = connection.execute("select table_name from duckdb_tables() where database_name = 'bare' order by all")
    pairs = {table: (f"ours.marts.{table}", f"bare.marts.{table}") for (table,) in marts.fetchall()}
    return pairs | {"states": ("our_warehouse.intermediate.int_street_crimes__states", "bare_warehouse.main.states")}


def results_of_peer(connection: duckdb.DuckDBPyConnection, source: str, out: Path) -> dict[str, tuple[str, str]]:
    """States and movements of a peer, and of its checks those rules that it judged, beside those of the pipeline."""
    database = out / "results.duckdb"
    if database.exists():
        connection.execute(f"attach '{database}' as peer (read_only)")
        named = connection.execute("select table_name from duckdb_tables() where database_name = 'peer'").fetchall()
        tables = {table: f"peer.main.{table}" for (table,) in named}
    else:
        tables = {path.stem: f"'{path}'" for path in out.glob("*.parquet")}
    connection.execute(f"create view our_movements as {MOVEMENTS[source]}")
    pairs = {
        "states": (f"ours.marts.{STATES[source]}", tables["states"]),
        "movements": ("our_movements", tables["movements"]),
    }
    if "checks" in tables:
        connection.execute(f"create view all_checks as {CHECKS.format(source=source)}")
        connection.execute(
            f"create view our_checks as from all_checks semi join {tables['checks']} as asked using (rule)"
        )
        pairs["checks"] = ("our_checks", tables["checks"])
    return pairs


def cast_alike(connection: duckdb.DuckDBPyConnection, theirs: str, ours: str, columns: list[str]) -> str:
    """A peer's table as a query with the pipeline's types: a frame has no dates, only times."""
    types = column_types(connection, ours)
    cast = ", ".join(f'"{column}"::{types[column]} as "{column}"' for column in columns)
    return f"(select {cast} from {theirs})"


def unlike_types(connection: duckdb.DuckDBPyConnection, table: str, ours: str, theirs: str) -> list[str]:
    """The columns that one side does not have, or with another type."""
    our_types, their_types = column_types(connection, ours), column_types(connection, theirs)
    # The pipeline's states also name the delivery, which only the ledger knows.
    shared = their_types if table == "states" else our_types | their_types
    return sorted(column for column in shared if our_types.get(column) != their_types.get(column))


def column_types(connection: duckdb.DuckDBPyConnection, table: str) -> dict[str, str]:
    """Type of each column of a table."""
    return {row[0]: row[1] for row in connection.execute(f"describe from {table}").fetchall()}


def only_rows(connection: duckdb.DuckDBPyConnection, these: str, those: str, columns: list[str]) -> int:
    """How many rows of one table the other does not have, counting copies."""
    listed = ", ".join(f'"{column}"' for column in columns)
    query = f"select count(*) from (select {listed} from {these} except all select {listed} from {those})"
    return connection.execute(query).fetchall()[0][0]


def weigh(data: Path) -> tuple[int, int]:
    """Rows received, and bytes of the published file."""
    file = (data / "published" / "safer_city.duckdb").resolve()
    with duckdb.connect(str(file), read_only=True) as connection:
        rows = connection.execute("select coalesce(sum(received), 0)::bigint from marts.deliveries").fetchall()[0][0]
    return rows, file.stat().st_size
