"""Every format a value may come in, worked by hand, and the table `typed` that is made of them."""

from datetime import date, datetime
from typing import Any

import duckdb
import pytest

from flows.contracts import Column, ColumnType, Contract
from flows.stages.validate.typed import build_typed, text_expression, typed_expression

NO_BREAK = "\u00a0"


def wall(text: str) -> datetime:
    """A Europe/London wall time, which has no zone."""
    return datetime.fromisoformat(text)


READ: dict[ColumnType, list[tuple[str, object]]] = {
    "text": [
        ("On or near High Street", "On or near High Street"),
        (f" {NO_BREAK} O'Neil’s, 5 % off \\ {NO_BREAK}", "O'Neil’s, 5 % off \\"),
        (f"inner{NO_BREAK}space", f"inner{NO_BREAK}space"),
        ("NULL", "NULL"),
    ],
    "code": [("8N", "8N"), (" 008/06 ", "008/06"), ("é", "é")],
    "int": [
        ("0", 0),
        ("007", 7),
        ("-12", -12),
        ("+12", 12),
        ("531234.0", 531234),
        ("531234.000", 531234),
        ("9223372036854775807", 2**63 - 1),
        ("9223372036854775807.0", 2**63 - 1),
        ("-9223372036854775808", -(2**63)),
    ],
    "decimal": [
        ("-0.097562", -0.097562),
        ("51.5", 51.5),
        ("51", 51.0),
        ("+.5", 0.5),
        ("0.1234567890123456789", 0.12345678901234568),
        ("9" * 300, 1e300),
    ],
    "date": [
        ("2019-08-07", date(2019, 8, 7)),
        ("07/08/2019", date(2019, 8, 7)),
        ("2020-02-29", date(2020, 2, 29)),
        ("29/02/2000", date(2000, 2, 29)),
        ("0001-01-01", date(1, 1, 1)),
        ("9999-12-31", date(9999, 12, 31)),
    ],
    "month": [("2019-08", date(2019, 8, 1)), ("0999-12", date(999, 12, 1))],
    "time": [
        ("2019-08-07 10:11", wall("2019-08-07 10:11")),
        ("2019-08-07 10:11:12", wall("2019-08-07 10:11:12")),
        ("2019-08-07T10:11", wall("2019-08-07 10:11")),
        ("2019-08-07T10:11:12", wall("2019-08-07 10:11:12")),
        ("07/08/2019 10:11", wall("2019-08-07 10:11")),
        ("07/08/2019 10:11:12", wall("2019-08-07 10:11:12")),
        # Fractions are dropped, not rounded, however many digits they have.
        ("2019-08-07 10:11:12.9", wall("2019-08-07 10:11:12")),
        ("2019-12-31T23:59:59.9999999999", wall("2019-12-31 23:59:59")),
        ("07/08/2019 10:11:12.5", wall("2019-08-07 10:11:12")),
        ("2019-08-07T10:11:12.999999+01:00", wall("2019-08-07 10:11:12")),
        # 09:11 UTC is 10:11 in summer and 09:11 in winter.
        ("2019-08-07T09:11Z", wall("2019-08-07 10:11")),
        ("2019-08-07 09:11:12Z", wall("2019-08-07 10:11:12")),
        ("2019-12-07T09:11Z", wall("2019-12-07 09:11")),
        ("2019-08-07T10:11+01", wall("2019-08-07 10:11")),
        ("2019-08-07T10:11+0100", wall("2019-08-07 10:11")),
        ("2019-08-07T10:11:12+01:00", wall("2019-08-07 10:11:12")),
        ("2019-12-07T10:11+01:00", wall("2019-12-07 09:11")),
        ("2019-08-07T10:11-03:30", wall("2019-08-07 14:41")),
        ("07/08/2019 09:11Z", wall("2019-08-07 10:11")),
        ("2019-01-01T00:30+05:00", wall("2018-12-31 19:30")),
        # Spring: at 01:00 UTC on 31 March 2019 the clock goes from 01:00 to 02:00.
        ("2019-03-31T00:59:59Z", wall("2019-03-31 00:59:59")),
        ("2019-03-31T01:00:00Z", wall("2019-03-31 02:00")),
        ("2019-03-31T02:30+01:00", wall("2019-03-31 02:30")),
        # A time that the spring change skips stays as it was given.
        ("2019-03-31 01:30", wall("2019-03-31 01:30")),
        # Autumn: at 01:00 UTC on 27 October 2019 the clock goes from 02:00 back to 01:00, so 01:30 comes twice.
        ("2019-10-27T00:30:00Z", wall("2019-10-27 01:30")),
        ("2019-10-27T01:30:00Z", wall("2019-10-27 01:30")),
        ("2019-10-27T02:00:00Z", wall("2019-10-27 02:00")),
        ("2019-10-27 01:30", wall("2019-10-27 01:30")),
    ],
    "flag": [
        *[(text, True) for text in ("Y", "y", "true", "TRUE", "True", "1", f" Y{NO_BREAK}")],
        *[(text, False) for text in ("N", "n", "false", "FALSE", "False", "0")],
    ],
}

NOT_READ: dict[ColumnType, list[str]] = {
    "code": ["8 N", "8\tN", f"8{NO_BREAK}N", "8\u2003N", "8\nN"],
    "int": ["1.5", "1e5", "1_000", "1,000", "0x1F", "٣", "--1", "1.", ".0", "x", "- 1", "9223372036854775808"],
    "decimal": ["1e5", "nan", "inf", "-Infinity", "1_0.5", "1,5", "5.", ".", "-", "51.5N", "9" * 400, "1.5.2"],
    "date": [
        *["2019-8-7", "7/8/2019", "2019-02-29", "31/04/2019", "2019-13-01", "00/01/2019", "2019-00-10"],
        *["0000-01-01", "01/01/0000", "08-07-2019", "2019/08/07", "20190807", "07/08/19", "2019-08-07 00:00"],
        *["12019-08-07", "2019-08-07x", "today", "infinity"],
    ],
    "month": ["2019-8", "2019-13", "2019-00", "0000-01", "2019-08-01", "08/2019", "201908", "Aug 2019"],
    "time": [
        *["2019-08-07", "07/08/2019", "10:11", "2019-08-07 24:00", "2019-08-07 10:60", "2019-08-07 10:11:60"],
        *["2019-08-07 9:11", "2019-8-7 09:11", "2019-08-07 10:11 am", "2019-08-07 10", "2019-08-07  10:11"],
        *["2019-02-29 10:11", "2019-02-29T10:11Z", "31/04/2019 10:11", "07/08/2019T10:11", "2019-08-07t10:11"],
        *["2019-08-07T10:11z", "2019-08-07T10:11 Z", "2019-08-07T10:11 +01:00", "2019-08-07T10:11+1"],
        *["2019-08-07T10:11+01:60", "2019-08-07T10:11+15:00", "2019-08-07 10:11:12,5", "2019-08-07 10:11.5"],
        *["2019-08-07 10:11:12.", "2019-08-07 10:11 Europe/London", "2019-08-07 10:11 BST", "0000-01-01 10:11"],
    ],
    "flag": ["yes", "no", "J", "2", "01", "1.0", "T", "on"],
}

BLANKS = ["", " ", NO_BREAK, f" {NO_BREAK} "]


def read(column_type: ColumnType, text: str | None) -> object:
    column = Column(name="value", type=column_type, description="A value to read")
    trimmed = f"select {text_expression(column)} as value from (select $1 as value)"
    with duckdb.connect() as connection:
        row = connection.execute(f"select {typed_expression(column)} from ({trimmed})", [text]).fetchone()
    assert row
    return row[0]


@pytest.mark.parametrize("column_type", READ)
def test_reads_every_format(column_type: ColumnType) -> None:
    given = [text for text, _ in READ[column_type]]
    assert [(text, read(column_type, text)) for text in given] == READ[column_type]


@pytest.mark.parametrize("column_type", NOT_READ)
def test_reads_nothing_else(column_type: ColumnType) -> None:
    assert [text for text in NOT_READ[column_type] if read(column_type, text) is not None] == []


@pytest.mark.parametrize("column_type", READ)
def test_a_blank_is_missing(column_type: ColumnType) -> None:
    assert [read(column_type, text) for text in (*BLANKS, None)] == [None] * 5


def test_an_offset_is_read_alike_whatever_the_time_zone_of_the_session() -> None:
    column = Column(name="value", type="time", description="A time to read")
    with duckdb.connect() as connection:
        connection.execute("set timezone = 'Asia/Kathmandu'")
        found = connection.execute(
            f"select {typed_expression(column)} from (values ('2019-08-07T09:11Z'), ('2019-08-07 09:11')) t(value)"
        ).fetchall()
    assert found == [(wall("2019-08-07 10:11"),), (wall("2019-08-07 09:11"),)]


def contract(**changes: Any) -> Contract:
    described = {
        "source": "stops",
        "system": "made_up",
        "title": "A made-up source",
        "record_source": "force",
        "description": "A made-up source for a test",
        "owner": "Nobody",
        "cadence": "daily",
        "delivery": {"kind": "changes", "naming": "dated"},
        "key": ["ref"],
        "columns": [
            {"name": "ref", "type": "code", "description": "The reference", "required": True},
            {"name": "number", "type": "int", "description": "A whole number"},
            {"name": "order", "type": "text", "description": "A reserved word"},
            {"name": "driver", "type": "text", "description": "Name of a person", "personal": True},
        ],
    }
    return Contract.model_validate(described | changes)


def typed(described: Contract, files: list[tuple[Any, ...]], received: list[tuple[Any, ...]]) -> Any:
    """A connection in which `typed` has been built of `files` (id, force, slice, extract date) and `received`."""
    connection = duckdb.connect()
    connection.execute("create table files (file_id integer, force varchar, slice varchar, extract_date date)")
    connection.executemany("insert into files values (?, ?, ?, ?)", files)
    columns = ", ".join(f'"{column.name}" varchar' for column in described.loaded_columns)
    connection.execute(f"create table received (file_id integer, record_no bigint, row_id bigint, {columns})")
    marks = ", ".join("?" for _ in received[0])
    connection.executemany(f"insert into received values ({marks})", received)
    build_typed(connection, described)
    return connection


def test_columns_of_typed() -> None:
    with typed(
        contract(),
        [(1, "Sample Constabulary", None, date(2019, 8, 7))],
        [(1, 2, 0, " A1 ", "12.0", " x "), (1, 3, 1, "A 2", "twelve", None), (1, 4, 2, "A3", " ", "")],
    ) as connection:
        found = connection.execute("from typed order by row_id")
        assert [(name, str(kind)) for name, kind, *_ in found.description] == [
            ("row_id", "BIGINT"),
            ("file_id", "INTEGER"),
            ("record_no", "BIGINT"),
            ("file_force", "VARCHAR"),
            ("file_month", "DATE"),
            ("file_extract_date", "DATE"),
            ("ref", "VARCHAR"),
            ("ref__as_given", "VARCHAR"),
            ("number", "BIGINT"),
            ("number__as_given", "VARCHAR"),
            ("order", "VARCHAR"),
            ("key_conflicts", "BOOLEAN"),
        ]
        of_file = ("Sample Constabulary", None, date(2019, 8, 7))
        assert found.fetchall() == [
            (0, 1, 2, *of_file, "A1", None, 12, None, "x", False),
            (1, 1, 3, *of_file, None, "A 2", None, "twelve", None, False),
            (2, 1, 4, *of_file, "A3", None, None, None, None, False),
        ]


def test_key_conflicts() -> None:
    """Copies are compared after typing, in one file, and a blank or unreadable key is no copy of another.

    A copy with a value that cannot be read differs from one in which it is blank.
    """
    received = [
        (1, 2, 0, "SAME", "12", "x"),
        (1, 3, 1, " SAME", "12.0", "x "),
        (1, 4, 2, "DIFFERENT", "12", "x"),
        (1, 5, 3, "DIFFERENT", "13", "x"),
        (1, 6, 4, "DIFFERENT", "12", "x"),
        (1, 7, 5, "NULLS", None, "x"),
        (1, 8, 6, "NULLS", "0", "x"),
        (1, 9, 7, "OTHER_FILE", "1", "x"),
        (2, 2, 8, "OTHER_FILE", "2", "x"),
        (2, 3, 9, None, "1", "x"),
        (2, 4, 10, "", "2", "x"),
        (2, 5, 11, "not read", "3", "x"),
        (2, 6, 12, "not read", "4", "x"),
        (2, 7, 13, "UNREADABLE", "one", "x"),
        (2, 8, 14, "UNREADABLE", "two", "x"),
        (2, 9, 15, "case", "1", "x"),
        (2, 10, 16, "CASE", "2", "x"),
        (2, 11, 17, "BLANK", None, "x"),
        (2, 12, 18, "BLANK", "none", "x"),
        (2, 13, 19, "BROKEN", "none", "x"),
        (2, 14, 20, "BROKEN", "none", "x "),
    ]
    with typed(contract(), [(1, "F", None, None), (2, "F", None, None)], received) as connection:
        found = connection.execute("select row_id from typed where key_conflicts order by all").fetchall()
        assert [row_id for (row_id,) in found] == [2, 3, 4, 5, 6, 13, 14, 17, 18]


def test_key_conflicts_of_a_key_of_two_columns() -> None:
    received = [
        (1, 2, 0, "A", "1", "x"),
        (1, 3, 1, "A", "1", "y"),
        (1, 4, 2, "A", "2", "y"),
        (1, 5, 3, "A", None, "x"),
        (1, 6, 4, "A", None, "y"),
    ]
    with typed(contract(key=["ref", "number"]), [(1, "F", None, None)], received) as connection:
        found = connection.execute("select row_id from typed where key_conflicts order by all").fetchall()
        assert found == [(0,), (1,)]


def test_force_and_month_of_a_file() -> None:
    """The force is the most frequent one, the first in the alphabet of equals; it is written to `files` too."""
    described = contract(delivery={"kind": "slice", "naming": "police_uk", "suffix": "stops", "force_column": "order"})
    received = [
        (1, 2, 0, "A", "1", "Kent Police"),
        (1, 3, 1, "A", "1", "Essex Police"),
        (1, 4, 2, "A", "1", " Kent Police"),
        (2, 2, 3, "A", "1", "Kent Police"),
        (2, 3, 4, "A", "1", "Essex Police"),
        (2, 4, 5, "A", "1", ""),
        (2, 5, 6, "A", "1", ""),
        (2, 6, 7, "A", "1", ""),
        (3, 2, 8, "A", "1", " "),
    ]
    files = [(1, None, "2019-08", None), (2, None, "2019-09", None), (3, None, "2019-10", None)]
    with typed(described, files, received) as connection:
        forces = [(1, "Kent Police"), (2, "Essex Police"), (3, None)]
        assert connection.execute("select file_id, force from files order by all").fetchall() == forces
        found = connection.execute("select distinct file_id, file_force, file_month from typed order by all").fetchall()
        assert [(file_id, force) for file_id, force, _ in found] == forces
        assert [month for *_, month in found] == [date(2019, 8, 1), date(2019, 9, 1), date(2019, 10, 1)]
        assert "key_conflicts" not in [row[0] for row in connection.execute("describe typed").fetchall()]
