"""Workbooks and Parquet files of a force's own systems: the same rows as from CSV, and what can't be read."""

import csv
import io
import os
import tempfile
import time
import zipfile
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb
import openpyxl
import pytest

from flows.contracts import Contract
from flows.stages.extract import Extracted, extract, find, workbook
from flows.stages.extract import read as read_module
from flows.stages.validate.typed import build_typed

SECRET = "Quentin Fictitious"

COLUMNS: list[dict[str, Any]] = [
    {"name": "ref", "type": "code", "headers": ["Event Ref"]},
    {"name": "officer", "type": "text", "personal": True},
    {"name": "place", "type": "text"},
    {"name": "number", "type": "int"},
    {"name": "share", "type": "decimal"},
    {"name": "seen_on", "type": "date"},
    {"name": "seen_at", "type": "time"},
    {"name": "is_open", "type": "flag"},
]
EVENTS = Contract.model_validate(
    {
        "source": "events",
        "system": "desk",
        "title": "Events of a made-up desk",
        "record_source": "force",
        "description": "One row per event of a made-up desk.",
        "owner": "Nobody in particular",
        "cadence": "daily",
        "delivery": {"kind": "changes", "naming": "dated"},
        "key": ["ref"],
        "columns": [{"description": f"The {column['name']} of an event", **column} for column in COLUMNS],
    }
)
HEADER = ["Event Ref", "Officer", "PLACE", "Number", "Share", "Seen on", "Seen at", "Is open"]


class Desk:
    """A landing folder and a scratch folder for one source."""

    def __init__(self, folder: Path) -> None:
        self.landing = folder / "landing"
        self.scratch = folder / "scratch"
        self.landing.mkdir()

    def put(self, name: str, content: bytes) -> Path:
        path = self.landing / name
        path.write_bytes(content)
        minute_ago = time.time() - 60
        os.utime(path, (minute_ago, minute_ago))
        return path

    def extract(self) -> Extracted:
        found = find(
            self.landing,
            {"events": EVENTS},
            known=lambda _: False,
            default_force="Here",
            folder_forces={},
            today=date(2024, 6, 30),
        )
        self.scratch.mkdir()
        return extract(EVENTS, found.arrivals, self.scratch, is_repeat=lambda *_: False)

    def ask(self, sql: str) -> list[tuple[Any, ...]]:
        with duckdb.connect(str(self.scratch / "scratch.duckdb"), read_only=True) as connection:
            return connection.execute(sql).fetchall()

    def typed(self) -> list[tuple[Any, ...]]:
        """The loaded columns as the contract's types, and the texts that could not be read."""
        with duckdb.connect(str(self.scratch / "scratch.duckdb")) as connection:
            build_typed(connection, EVENTS)
            return connection.execute(
                "select ref, place, number, share, seen_on, seen_at, is_open from typed order by row_id"
            ).fetchall()


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def xlsx(*rows: list[Any], before: Callable[[openpyxl.Workbook], None] = lambda _: None) -> bytes:
    """A workbook whose first sheet has these rows."""
    book = openpyxl.Workbook()
    for row in rows:
        book.worksheets[0].append(row)
    before(book)
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def parquet(select: str) -> bytes:
    """A Parquet file of what a query gives."""
    with tempfile.TemporaryDirectory() as folder, duckdb.connect() as connection:
        written = Path(folder) / "written.parquet"
        connection.execute("set timezone = 'Europe/London'")
        connection.execute(f"copy ({select}) to '{written}' (format parquet)")
        return written.read_bytes()


def text_csv(*rows: list[Any]) -> bytes:
    content = io.StringIO()
    csv.writer(content).writerows(rows)
    return content.getvalue().encode()


AT, NOON, MIDNIGHT = datetime(2024, 1, 30, 8, 7, 6), datetime(2024, 1, 30, 12), datetime(2024, 1, 30)
"""Times of a winter's day."""


def test_cells_are_the_values_they_show(desk: Desk) -> None:
    desk.put(
        "events_2024-01-31.xlsx",
        xlsx(
            HEADER,
            ["A1", SECRET, "Here", 531234.0, 0.5, date(2024, 1, 30), AT, True],
            [42, SECRET, 7, 3, 2, MIDNIGHT, NOON, "n"],
            [None, SECRET, " on\ttwo\nlines ", -1e15, 1e-7, "30/01/2024", "2024-01-30 08:07", 0],
            [None] * 8,
            ["A4", None, None, 1.5, None, AT, MIDNIGHT, None],
        ),
    )
    extracted = desk.extract()
    assert (extracted.rows, desk.ask("select problem_code, received from files")) == (4, [(None, 4)])
    assert desk.ask("select record_no, row_id, ref, place, number from received order by row_id") == [
        (2, 0, "A1", "Here", "531234"),
        (3, 1, "42", "7", "3"),
        (4, 2, None, " ontwolines ", "-1000000000000000"),
        (5, 3, "A4", None, "1.5"),
    ]
    assert desk.typed() == [
        ("A1", "Here", 531234, 0.5, date(2024, 1, 30), AT, True),
        ("42", "7", 3, 2.0, date(2024, 1, 30), NOON, False),
        (None, "ontwolines", -(10**15), 1e-7, date(2024, 1, 30), datetime(2024, 1, 30, 8, 7), False),
        # 1.5 is no whole number, and a time of day makes it no date; midnight is a time.
        ("A4", None, None, None, None, MIDNIGHT, None),
    ]


def test_values_of_parquet_are_those_that_were_written(desk: Desk) -> None:
    desk.put(
        "events_2024-01-31.parquet",
        parquet(
            """
            select * from (values
                ('A1', 'Quentin Fictitious', 'Here', 531234.0::double, 0.5, timestamp '2024-01-30', timestamp
                    '2024-01-30 08:07:06.789', true),
                ('A2', '', chr(9) || 'Caf' || chr(233) || chr(127), 'nan', 1e-7, timestamp '2024-01-30 12:00',
                    timestamp '2024-01-30', false),
                (null, null, null, -1e18, 3e20, null, null, null)
            ) as v("Event Ref", "Officer", "PLACE", "Number", "Share", "Seen on", "Seen at", "Is open")
            """
        ),
    )
    desk.put(
        "events_2024-02-01.parquet",
        parquet(
            """
            select 42 as ref, 'Here'::blob as place, 7::hugeint as number, 1.50::decimal(5, 2) as share,
              date '2024-01-30' as seen_on, timestamptz '2024-07-30 12:00+00' as seen_at, 1 as is_open,
              {'officer': 1} as other
            union all by name
            select 43 as ref, 'There' || chr(0) as place
            union all by name
            select 44 as ref
            """
        ),
    )
    extracted = desk.extract()
    assert extracted.rows == 5
    assert desk.ask("select problem_code, received, unknown_columns from files order by file_id") == [
        (None, 3, 0),
        (None, 3, 1),
    ]
    # A text with a NUL is malformed, as in CSV.
    assert desk.ask("from malformed") == [(2, 3)]
    assert desk.ask("select file_id, record_no, row_id from received order by row_id") == [
        (1, 2, 0), (1, 3, 1), (1, 4, 2), (2, 2, 3), (2, 4, 4)
    ]  # fmt: skip
    assert desk.typed() == [
        ("A1", "Here", 531234, 0.5, date(2024, 1, 30), AT, True),
        ("A2", "Café", None, 1e-7, None, MIDNIGHT, False),
        (None, None, -(10**18), 3e20, None, None, None),
        # Noon in UTC is one o'clock of a summer's day in London.
        ("42", "Here", 7, 1.5, date(2024, 1, 30), datetime(2024, 7, 30, 13), True),
        ("44", None, None, None, None, None, None),
    ]


def test_a_date_alone_is_no_time_in_parquet(desk: Desk) -> None:
    columns = "'x' as place, 1 as number, 1 as share, null as seen_on, true as is_open"
    desk.put("events_2024-01-31.parquet", parquet(f"select 'A1' as ref, date '2024-01-30' as seen_at, {columns}"))
    desk.extract()
    assert desk.ask("select seen_at from received") == [("2024-01-30",)]
    assert desk.typed()[0][5] is None


@pytest.mark.parametrize("ending", ["csv", "xlsx", "parquet"])
class TestHeaders:
    """What is said of headers holds for every format."""

    def put(self, desk: Desk, ending: str, header: list[str]) -> None:
        content = {
            "csv": lambda: text_csv(header, ["x"] * len(header)),
            "xlsx": lambda: xlsx(header, ["x"] * len(header)),
            # DuckDB writes no two columns of a name: they are told apart by the names that are given afterwards.
            "parquet": lambda: renamed(header),
        }
        desk.put(f"events_2024-01-31.{ending}", content[ending]())

    @pytest.mark.parametrize(
        ("header", "expected"),
        [
            (["IS_OPEN", *HEADER[:7]], (None, 0)),
            (HEADER[:1] + HEADER[2:], (None, 0)),
            ([*HEADER, "colour"], (None, 1)),
            (HEADER[:7], ("COLUMN_MISSING", None)),
            ([*HEADER[:7], "Open?"], ("COLUMN_MISSING", None)),
            ([*HEADER, "is open"], ("HEADER_DUPLICATED", None)),
            ([*HEADER, "ref"], ("HEADER_DUPLICATED", None)),
        ],
        ids=["reordered", "no personal column", "extra", "missing", "renamed", "duplicated", "by another name"],
    )
    def test_columns(self, desk: Desk, ending: str, header: list[str], expected: tuple[str | None, int | None]) -> None:
        self.put(desk, ending, header)
        desk.extract()
        assert desk.ask("select problem_code, unknown_columns from files") == [expected]

    def test_a_header_alone(self, desk: Desk, ending: str) -> None:
        content = {"csv": text_csv(HEADER), "xlsx": xlsx(HEADER), "parquet": renamed(HEADER, rows=0)}
        desk.put(f"events_2024-01-31.{ending}", content[ending])
        assert desk.extract().rows == 0
        assert desk.ask("select problem_code, received from files") == [(None, 0)]

    def test_personal_columns_reach_no_byte_of_the_scratch_folder(self, desk: Desk, ending: str) -> None:
        rows = [[f"A{n}", SECRET, "Here", n, 1, None, None, SECRET, None] for n in range(2000)]
        header = [*HEADER[:7], "Ethnicity"]
        content = {
            "csv": lambda: text_csv([*header, "Is open"], *rows),
            "xlsx": lambda: xlsx([*header, "Is open"], *rows),
            "parquet": lambda: parquet(
                f"select 'A' || range as ref, '{SECRET}' as officer, 'Here' as place, range as number, 1 as share,"
                f" null as seen_on, null as seen_at, '{SECRET}' as ethnicity, null as is_open from range(2000)"
            ),
        }
        desk.put(f"events_2024-01-31.{ending}", content[ending]())
        assert desk.extract().rows == 2000
        left = [path for path in desk.scratch.rglob("*") if path.is_file()]
        assert [path.name for path in left] == ["scratch.duckdb"]
        assert not any(word.encode() in left[0].read_bytes() for word in SECRET.split())


def renamed(header: list[str], rows: int = 1) -> bytes:
    """A Parquet file with these headers, also where two are the same.

    Columns are written under made-up names of the same length, which are then replaced.
    """
    names = [f"{place:02}".ljust(len(name), "~") for place, name in enumerate(header)]
    values = ", ".join(f"'x' as \"{name}\"" for name in names)
    content = parquet(f"select {values} from range({rows})")
    for name, wanted in zip(names, header, strict=True):
        content = content.replace(name.encode(), wanted.encode())
    return content


class TestWhatCannotBeRead:
    SHEET = xlsx(HEADER, ["A1"])
    ZIP = "zip"

    @pytest.mark.parametrize(
        ("name", "content", "code"),
        [
            ("x.xlsx", b"", "FILE_EMPTY"),
            ("x.xlsx", b"ref,place\nA1,x\n", "FILE_UNREADABLE"),
            ("x.xlsx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(512), "FILE_UNREADABLE"),
            ("x.xlsx", SHEET[:2000], "FILE_UNREADABLE"),
            ("x.xlsx", SHEET[: len(SHEET) // 2] + SHEET[len(SHEET) // 2 + 9 :], "FILE_UNREADABLE"),
            ("x.xlsx", xlsx(), "HEADER_MISSING"),
            ("x.xlsx", xlsx([" ", None]), "HEADER_MISSING"),
            ("x.csv", SHEET, "FILE_UNREADABLE"),
            ("x.parquet", b"", "FILE_EMPTY"),
            ("x.parquet", b"ref,place\nA1,x\n", "FILE_UNREADABLE"),
            ("x.parquet", b"PAR1" + bytes(20) + b"PAR1", "FILE_UNREADABLE"),
            ("x.parquet", SHEET, "FILE_UNREADABLE"),
        ],
        ids=lambda value: value if isinstance(value, str) else "",
    )
    def test_its_content(self, desk: Desk, name: str, content: bytes, code: str) -> None:
        desk.put(name.replace("x", "events_2024-01-31", 1), content)
        extracted = desk.extract()
        assert desk.ask("select problem_code, received from files") == [(code, None)]
        assert (extracted.rejected, extracted.rows, len(extracted.looked_at)) == (1, 0, 1)

    def test_a_zip_of_csv_is_no_workbook(self, desk: Desk) -> None:
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            archive.writestr("events_2024-01-31.csv", text_csv(HEADER))
        desk.put("events_2024-01-31.xlsx", packed.getvalue())
        desk.extract()
        assert desk.ask("select member, problem_code from files") == [(None, "FILE_UNREADABLE")]

    def test_parquet_that_is_damaged_in_the_middle(self, desk: Desk) -> None:
        content = bytearray(renamed(HEADER, rows=5000))
        content[4:400] = bytes(byte ^ 0x5A for byte in content[4:400])
        desk.put("events_2024-01-31.parquet", bytes(content))
        assert desk.extract().rows == 0
        assert desk.ask("select problem_code from files") == [("FILE_UNREADABLE",)]

    def test_a_parquet_field_of_more_than_16_mb(self, desk: Desk) -> None:
        columns = "null as number, null as share, null as seen_on, null as seen_at, null as is_open"
        for day, length in ((30, 16 << 20), (31, (16 << 20) + 1)):
            text = f"repeat('x', {length}) as place"
            desk.put(f"events_2024-01-{day}.parquet", parquet(f"select 'A1' as ref, {text}, {columns}"))
        desk.extract()
        assert desk.ask("select problem_code, received from files") == [(None, 1), ("FIELD_TOO_LONG", None)]

    def test_a_stray_cell_far_out_is_refused_before_it_takes_the_memory(
        self, desk: Desk, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def stray(book: openpyxl.Workbook) -> None:
            book.worksheets[0]["XFD1048576"] = "x"

        desk.put("events_2024-01-31.xlsx", xlsx(HEADER, ["A1"], before=stray))
        monkeypatch.setattr(workbook, "CalamineWorkbook", None)
        desk.extract()
        assert desk.ask("select problem_code from files") == [("FILE_TOO_LARGE",)]

    @pytest.mark.parametrize(("cell", "limit", "code"), [("CZ9", 104 * 9, None), ("CZ10", 104 * 9, "FILE_TOO_LARGE")])
    def test_a_wide_sheet_is_measured_by_its_rows(
        self, desk: Desk, monkeypatch: pytest.MonkeyPatch, cell: str, limit: int, code: str | None
    ) -> None:
        def wide(book: openpyxl.Workbook) -> None:
            book.worksheets[0][cell] = "x"

        desk.put("events_2024-01-31.xlsx", xlsx(HEADER, ["A1"], before=wide))
        monkeypatch.setattr(workbook, "MAX_CELLS", limit)
        desk.extract()
        assert desk.ask("select problem_code from files") == [(code,)]

    def test_a_workbook_that_expands_too_far(self, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
        desk.put("events_2024-01-31.xlsx", xlsx(HEADER, ["A1"]))
        monkeypatch.setattr(workbook, "MAX_EXPANDED_BYTES", 5000)
        desk.extract()
        assert desk.ask("select problem_code from files") == [("FILE_TOO_LARGE",)]

    def test_messages_say_what_to_do(self, desk: Desk) -> None:
        desk.put("events_2024-01-30.xlsx", b"x")
        desk.put("events_2024-01-31.parquet", b"x")
        desk.extract()
        messages = [message for (message,) in desk.ask("select problem_message from files")]
        assert len(messages) == 2
        assert all("; " in message for message in messages)


class TestTheSheetThatIsRead:
    def test_the_first(self, desk: Desk) -> None:
        def second(book: openpyxl.Workbook) -> None:
            book.create_sheet("Second").append(["nothing"])

        desk.put("events_2024-01-31.xlsx", xlsx(HEADER, ["A1"], before=second))
        desk.extract()
        assert desk.ask("select ref from received") == [("A1",)]

    def test_not_a_hidden_one(self, desk: Desk) -> None:
        def hidden(book: openpyxl.Workbook) -> None:
            book.create_sheet("Hidden", 0).append(["nothing"])
            book.worksheets[0].sheet_state = "hidden"

        desk.put("events_2024-01-31.xlsx", xlsx(HEADER, ["A1"], before=hidden))
        desk.extract()
        assert desk.ask("select ref from received") == [("A1",)]

    def test_blank_rows_and_columns_around_it_do_not_count(self, desk: Desk) -> None:
        rows = [
            [],
            [None, None, *HEADER, None],
            [],
            [None, None, "A1", None, "Here", None, None, None, None, None, "x"],
        ]
        desk.put("events_2024-01-31.xlsx", xlsx(*rows))
        desk.extract()
        assert desk.ask("select record_no, ref, place from received") == [(2, "A1", "Here")]


class TestDeliveries:
    def test_the_same_bytes_again_are_a_repeat(self, desk: Desk) -> None:
        content = xlsx(HEADER, ["A1"])
        desk.put("events_2024-01-31.xlsx", content)
        (desk.landing / "copy").mkdir()
        desk.put("copy/EVENTS_2024-01-31.XLSX", content)
        desk.put("events_2024-02-01.xlsx", content)
        extracted = desk.extract()
        assert (extracted.files, extracted.rows, extracted.repeats) == (2, 2, 1)

    def test_in_an_archive_they_match_nothing(self, desk: Desk) -> None:
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            archive.writestr("events_2024-01-31.xlsx", xlsx(HEADER))
            archive.writestr("events_2024-01-31.parquet", renamed(HEADER))
            archive.writestr("events_2024-01-31.csv", text_csv(HEADER))
        desk.put("a.zip", packed.getvalue())
        desk.extract()
        assert desk.ask("select member, problem_code from files") == [("events_2024-01-31.csv", None)]

    @pytest.mark.parametrize("ending", ["xlsx", "parquet"])
    def test_a_file_that_changes_while_it_is_read_waits(
        self, desk: Desk, monkeypatch: pytest.MonkeyPatch, ending: str
    ) -> None:
        content = {"xlsx": xlsx(HEADER, ["A1"]), "parquet": renamed(HEADER)}
        changing = desk.put(f"events_2024-01-31.{ending}", content[ending])
        desk.put("events_2024-02-01.csv", text_csv(HEADER, ["B1"] + [""] * 7))
        load = read_module._Extraction.load

        def change_and_load(*args: Any) -> None:
            os.utime(changing, (1, 1))
            load(*args)

        monkeypatch.setattr(read_module._Extraction, "load", change_and_load)
        extracted = desk.extract()
        assert extracted.waiting == [str(changing)]
        assert (extracted.files, extracted.rows) == (1, 1)
        assert desk.ask("select row_id, ref from received") == [(0, "B1")]

    @pytest.mark.parametrize("ending", ["xlsx", "parquet"])
    def test_a_file_that_is_gone_waits(self, desk: Desk, monkeypatch: pytest.MonkeyPatch, ending: str) -> None:
        content = {"xlsx": xlsx(HEADER, ["A1"]), "parquet": renamed(HEADER)}
        path = desk.put(f"events_2024-01-31.{ending}", content[ending])
        judge = read_module._Extraction.judge

        def vanish_and_judge(*args: Any) -> Any:
            path.unlink()
            return judge(*args)

        monkeypatch.setattr(read_module._Extraction, "judge", vanish_and_judge)
        extracted = desk.extract()
        assert (extracted.waiting, extracted.files) == ([str(path)], 0)
