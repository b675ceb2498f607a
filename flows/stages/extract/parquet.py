"""Parquet files: their header, and SQL for their values as text, in the forms that a CSV delivery has.

DuckDB reads them. The texts of its errors quote the data, so none is passed on.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import duckdb

from flows.contracts import Column, ColumnType
from flows.stages.extract.arrival import Problem

UNREADABLE = Problem(
    "FILE_UNREADABLE", "its name ends in .parquet and it is no Parquet file that can be read; write it again"
)
EXPANDS = Problem("FILE_UNREADABLE", "it expands beyond 200 times its size and 4 GB; split it and supply it again")

_READ = "read_parquet($path, binary_as_string = true, hive_partitioning = false, file_row_number = true)"
_CONTROL = r"[\x01-\x1f\x7f-\x{9f}]"


def read_header(path: Path) -> list[str] | Problem:
    """The names of the columns as they stand in the file, also where two are the same."""
    try:
        with duckdb.connect() as connection:
            # The schema is a tree, flattened from its root; a column may have further ones below it.
            rows = connection.execute(
                "select name, coalesce(num_children, 0) from parquet_schema($path)", {"path": str(path)}
            ).fetchall()
    except duckdb.Error:
        return UNREADABLE
    names: list[str] = []
    below = 0
    for name, children in rows[1:]:
        if not below:
            names.append(name)
        below = max(below - 1, 0) + children
    return names


def as_texts(
    connection: duckdb.DuckDBPyConnection, path: Path, fields: Sequence[tuple[str, int]], columns: Sequence[Column]
) -> str:
    """SQL for the rows of a file, which is its parameter `path`: record_no, is_malformed, and each field as text.

    `fields` says at which place (from 0) of the file the loaded columns stand, `columns` are these.
    Raises duckdb.Error.
    """
    described = connection.execute(
        f"select column_name, column_type from (describe from {_READ})", {"path": str(path)}
    ).fetchall()
    type_of: dict[str, ColumnType] = {column.name: column.type for column in columns}
    texts = [
        f'{_as_text(described[place][0], described[place][1], type_of[name])} as "{name}"' for name, place in fields
    ]
    names = ", ".join(f'"{name}"' for name, _ in fields)
    return (
        f"(select file_row_number + 2 as record_no, contains(concat_ws('', {names}), chr(0)) as is_malformed, {names}"
        f" from (select file_row_number, {', '.join(texts)} from {_READ}))"
    )


def extent(texts: str, fields: Sequence[tuple[str, int]]) -> str:
    """SQL for how many rows are good and how many malformed, the characters of the longest text, the bytes of all."""
    lengths = ", ".join(f'length("{name}")' for name, _ in fields)
    bytes_ = " + ".join(f'coalesce(strlen("{name}"), 0)' for name, _ in fields)
    return (
        "select count(*) filter (where not is_malformed), count(*) filter (where is_malformed),"
        f" coalesce(max(greatest({lengths})), 0), coalesce(sum({bytes_}), 0) from {texts}"
    )


def _as_text(name: str, duckdb_type: str, column_type: ColumnType) -> str:
    """SQL for a value as a CSV delivery would hold it.

    A whole number has no decimals, and what is no number is blank. A timestamp at midnight is the date alone in a
    `date` column: many programs write dates as timestamps.
    """
    column = '"' + name.replace('"', '""') + '"'
    text = f"cast({column} as varchar)"
    if duckdb_type == "VARCHAR":
        return f"regexp_replace({column}, '{_CONTROL}', '', 'g')"
    if duckdb_type in ("DOUBLE", "FLOAT"):
        whole = f"{column} = trunc({column}) and abs({column}) < 1e38"
        # Below a ten-thousandth DuckDB would write an exponent.
        return (
            f"case when isnan({column}) then null when {whole} then cast(cast({column} as hugeint) as varchar)"
            f" when abs({column}) < 1e-4 then cast(cast({column} as decimal(38, 20)) as varchar) else {text} end"
        )
    if duckdb_type.startswith("TIMESTAMP") and column_type == "date":
        return f"regexp_replace({text}, ' 00:00:00$', '')"
    return text
