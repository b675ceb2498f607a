"""A scratch file of a source as the first stage leaves it, made of rows that a test wrote."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from flows.contracts import Contract


def scratch_file(
    folder: Path,
    described: Contract,
    rows: Iterable[Mapping[str, Any]],
    *,
    files: Iterable[Mapping[str, Any]] = ({},),
    malformed: Iterable[int] = (),
    name: str = "scratch.duckdb",
) -> Path:
    """A scratch file; row_id is the place of a row, record_no that + 2. Where rows name the force, no file does yet.

    A row may name its `file_id`, the place of its file from 1; `malformed` names the file of each malformed line.
    """
    database = folder / name
    columns = [column.name for column in described.loaded_columns]
    rows, malformed = list(rows), list(malformed)
    with duckdb.connect(str(database)) as connection:
        connection.execute(
            """
            create table files (
                file_id integer, path varchar, member varchar, file_name varchar, size bigint, force varchar,
                slice varchar, extract_date date, revision integer, content_hash varchar, problem_code varchar,
                problem_message varchar, unknown_columns integer, received bigint
            )
            """
        )
        connection.begin()
        for file_id, given in enumerate(files, start=1):
            facts = {
                "file_id": file_id,
                "force": None if described.delivery.force_column else "Sample Constabulary",
                "extract_date": date(2019, 8, 7),
                "unknown_columns": 0,
                "received": sum(row.get("file_id", 1) == file_id for row in rows) + malformed.count(file_id),
                **given,
            }
            names, marks = ", ".join(facts), ", ".join("?" for _ in facts)
            connection.execute(f"insert into files ({names}) values ({marks})", list(facts.values()))
        texts = ", ".join(f'"{column}" varchar' for column in columns)
        connection.execute(f"create table received (file_id integer, record_no bigint, row_id bigint, {texts})")
        connection.execute("create table malformed (file_id integer, record_no bigint)")
        connection.execute(
            """
            create table drift (
                file_id integer, kind varchar, column_name varchar, found varchar, row_count bigint, record_no bigint,
                suggestion varchar
            )
            """
        )
        for row_id, row in enumerate(rows):
            values = [row.get("file_id", 1), row_id + 2, row_id, *(row.get(column) for column in columns)]
            connection.execute(f"insert into received values ({', '.join('?' for _ in values)})", values)
        for file_id in malformed:
            connection.execute("insert into malformed values (?, ?)", [file_id, 1000])
        connection.commit()
    return database
