"""The typed read: from the text of the received rows to values of the contract's types.

The formats are those of a delivery: plain decimal numbers, `YYYY-MM-DD` or `DD/MM/YYYY` dates, Europe/London times.
A pattern decides whether a text has the form at all and DuckDB's cast does the reading, because the cast alone
is too kind: it takes `1e5`, `1_000`, `2019-8-7` and `24:00`.
"""

from __future__ import annotations

import duckdb

from flows import reference
from flows.contracts import BLANKS, Column, ColumnType, Contract, ListedIn
from flows.warehouse import quoted

_YEAR = "(?:[1-9][0-9]{3}|0[1-9][0-9]{2}|00[1-9][0-9]|000[1-9])"  # DuckDB reads year 0 as 1 BC
_MONTH = "(?:0[1-9]|1[0-2])"
_DAY = "(?:0[1-9]|[12][0-9]|3[01])"
_DATE = f"(?:{_YEAR}-{_MONTH}-{_DAY}|{_DAY}/{_MONTH}/{_YEAR})"
_CLOCK = "(?:[01][0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9](?:[.][0-9]+)?)?"
_TIME = f"(?:{_DATE} |{_YEAR}-{_MONTH}-{_DAY}T){_CLOCK}"
_OFFSET = "(?:Z|[+-](?:0[0-9]|1[0-4])(?::?[0-5][0-9])?)"
_DECIMAL = "[+-]?(?:[0-9]+(?:[.][0-9]+)?|[.][0-9]+)"


def text_expression(column: Column) -> str:
    """SQL for the column's text as received, without spaces and no-break spaces around it; NULL when blank.

    Where the contract reads another spelling as this one, the text has been respelled.
    """
    text = f"nullif(trim({_name(column)}, '{BLANKS}'), '')"
    if column.reads is None:
        return text
    return f"regexp_replace({text}, {quoted(column.reads.pattern)}, {quoted(column.reads.replacement)})"


def typed_expression(column: Column) -> str:
    """SQL for the column's value, read from its text; NULL where the text is not of the type, or not in the list.

    The expression names the column, and expects there the text that `text_expression` gives.
    """
    text = _name(column)
    if column.listed_in:
        return _listed_value(column.listed_in, text)
    iso = _iso(text)
    time = f"regexp_replace({iso}, '[.][0-9]+', '')"
    expressions: dict[ColumnType, str] = {
        "text": text,
        "code": _if_match(text, r"[^\s\p{Z}]+", text),
        "int": _if_match(text, r"[+-]?[0-9]+(?:[.]0+)?", f"try_cast({text} as bigint)"),
        "decimal": f"case when isfinite({_decimal(text)}) then {_decimal(text)} end",
        "date": _if_match(text, _DATE, f"try_cast({iso} as date)"),
        "month": _if_match(text, f"{_YEAR}-{_MONTH}", f"try_cast({text} || '-01' as date)"),
        "time": f"case {_local_time(text, time)} {_time_with_offset(text, time)} end",
        "flag": f"case when lower({text}) in ('y', 'true', '1') then true"
        f" when lower({text}) in ('n', 'false', '0') then false end",
    }
    return expressions[column.type]


def load_reference(connection: duckdb.DuckDBPyConnection, contract: Contract) -> None:
    """Make the tables `reference.<name>` that the contract's rules and columns look values up in."""
    connection.execute("create schema if not exists reference")
    for name in contract.reference:
        connection.execute(
            f"create or replace table reference.{name} as from read_csv("
            "$path, columns = $columns, header = true, auto_detect = false, delim = ',', quote = '\"', escape = '\"')",
            {"path": str(reference.path(name)), "columns": reference.columns(name)},
        )


def build_typed(connection: duckdb.DuckDBPyConnection, contract: Contract) -> None:
    """Make the table `typed`, one row per row of `received`, and name the force of each file in `files`.

    The tables of reference data must be there. Shape: row_id, file_id, record_no, the contract's FILE_COLUMNS, then
    every loaded column with its `<name>__as_given`: the text of a value that could not be read as the type or is not
    listed, else NULL. Where the source's rows are keyed changes, also key_conflicts: the key stands in the file more
    than once, with differing content.
    """
    if contract.delivery.force_column:
        _name_forces(connection, contract, contract.delivery.force_column)
    columns = contract.loaded_columns
    texts = ", ".join(f"{text_expression(column)} as {_name(column)}" for column in columns)
    values = ", ".join(f"{typed_expression(column)} as {_name(column, '__value')}" for column in columns)
    typed = ", ".join(_value_and_as_given(column) for column in columns)
    connection.execute(
        f"""
        create or replace table typed as
        with texts as (select row_id, file_id, record_no, {texts} from received),
        read as (select *, {values} from texts)
        select
            row_id,
            file_id,
            record_no,
            files.force as file_force,
            try_cast(files.slice || '-01' as date) as file_month,
            files.extract_date as file_extract_date,
            {typed}
        from read
        join files using (file_id)
        """
    )
    if contract.delivery.kind == "changes":
        _mark_key_conflicts(connection, contract)


def _name(column: Column, suffix: str = "") -> str:
    return f'"{column.name}{suffix}"'


def _if_match(text: str, pattern: str, value: str) -> str:
    return f"case when regexp_full_match({text}, '{pattern}') then {value} end"


def _listed_value(listed: ListedIn, text: str) -> str:
    """A sub-query that DuckDB turns into one hash join."""
    spellings = ", ".join(listed.spellings)
    return (
        f"(select min(listed.value) from (select {listed.column} as value, unnest([{spellings}]) as spelling"
        f" from reference.{listed.reference}) as listed where lower(listed.spelling) = lower({text}))"
    )


def _decimal(text: str) -> str:
    return _if_match(text, _DECIMAL, f"try_cast({text} as double)")


def _iso(text: str) -> str:
    """SQL that turns a text which begins with `DD/MM/YYYY` into one which begins with `YYYY-MM-DD`."""
    turned = f"{text}[7:10] || '-' || {text}[4:5] || '-' || {text}[1:2] || {text}[11:]"
    return f"case when {text}[3] = '/' then {turned} else {text} end"


def _local_time(text: str, time: str) -> str:
    return f"when regexp_full_match({text}, '{_TIME}') then try_cast({time} as timestamp)"


def _time_with_offset(text: str, time: str) -> str:
    london = f"timezone('Europe/London', try_cast({time} as timestamptz))"
    return f"when regexp_full_match({text}, '{_TIME}{_OFFSET}') then {london}"


def _value_and_as_given(column: Column) -> str:
    value = f"{_name(column, '__value')} as {_name(column)}"
    if column.as_given is None:
        return value
    return f'{value}, case when {_name(column, "__value")} is null then {_name(column)} end as "{column.as_given}"'


def _name_forces(connection: duckdb.DuckDBPyConnection, contract: Contract, force_column: str) -> None:
    """The force of a file is the one that most of its rows name; of equals, the first in the alphabet.

    Not of one whose force is known already: of a file that is gone only the bad rows may be left to judge.
    """
    column = next(column for column in contract.loaded_columns if column.name == force_column)
    connection.execute(
        f"""
        update files
        set force = named.force
        from (
            select distinct on (file_id) file_id, force
            from (
                select file_id, {typed_expression(column)} as force, count(*) as rows
                from (select file_id, {text_expression(column)} as {_name(column)} from received)
                group by all
            )
            where force is not null
            order by file_id, rows desc, force
        ) as named
        where files.file_id = named.file_id and files.force is null
        """
    )


def _mark_key_conflicts(connection: duckdb.DuckDBPyConnection, contract: Contract) -> None:
    """Copies of a key are compared whole, but only those of keys that do repeat. A missing key equals no other.

    A value that cannot be read differs from a blank one, except where it is only a warning and the row loads without.
    """
    key = ", ".join(["file_id", *(f'"{name}"' for name in contract.key)])
    columns = contract.loaded_columns
    unreadable = [f'"{column.as_given}"' for column in columns if column.as_given and column.bad_type == "critical"]
    content = ", ".join(["file_id", *(_name(column) for column in columns), *unreadable])
    same_key = " and ".join(f"typed.{name} = conflicting.{name}" for name in key.split(", "))
    connection.execute("alter table typed add column key_conflicts boolean default false")
    connection.execute(
        f"""
        update typed
        set key_conflicts = true
        from (
            select {key}
            from (
                select distinct {content}
                from typed
                semi join (select {key} from typed group by all having count(*) > 1)
                    using ({key})
            )
            group by all
            having count(*) > 1
        ) as conflicting
        where {same_key}
        """
    )
