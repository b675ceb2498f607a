"""What a scratch file holds after `extract`: files, rows, malformed records, and nothing else."""

from __future__ import annotations

import gzip
import os
import re
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest

from flows.contracts import Column, Contract, Delivery, load_contracts
from flows.errors import SaferCityError
from flows.stages.extract import Arrival, Extracted, LandingFile, Problem, extract, find
from flows.stages.extract import read as read_module
from flows.stages.extract import tables as tables_module

STREET = load_contracts()["police_uk_street"]
STREET_HEADER = (
    "Crime ID,Month,Reported by,Falls within,Longitude,Latitude,Location,LSOA code,LSOA name,Crime type,"
    "Last outcome category,Context"
)
SECRET = "Quentin Fictitious"
TODAY = date(2024, 6, 30)


def contract(**delivery: Any) -> Contract:
    """A small made-up source with a personal column and one that is not supplied."""
    columns: list[dict[str, Any]] = [
        {"name": "ref", "headers": ["Event Ref", "Reference"]},
        {"name": "seen_by", "personal": True, "headers": ["Officer"]},
        {"name": "place"},
        {"name": "note", "supplied": False},
    ]
    return Contract(
        source="events",
        system="desk",
        title="Events of a made-up desk",
        record_source="force",
        description="One row per event of a made-up desk.",
        owner="Nobody in particular",
        cadence="daily",
        delivery=Delivery.model_validate({"kind": "changes", "naming": "dated"} | delivery),
        key=("ref",),
        columns=tuple(Column(type="text", description=f"The {c['name']} of an event", **c) for c in columns),
    )


EVENTS = contract()


def age(path: Path) -> None:
    """Make a file look as if it had kept still for a minute."""
    minute_ago = time.time() - 60
    os.utime(path, (minute_ago, minute_ago))


class Desk:
    """A landing folder and a scratch folder for one source."""

    def __init__(self, folder: Path, of: Contract = EVENTS) -> None:
        self.landing = folder / "landing"
        self.scratch = folder / "scratch"
        self.of = of
        self.landing.mkdir()

    def put(self, name: str, content: str | bytes) -> Path:
        path = self.landing / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        age(path)
        return path

    def put_zip(self, name: str, members: dict[str, str | bytes]) -> Path:
        path = self.put(name, b"")
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for member, content in members.items():
                archive.writestr(member, content)
        age(path)
        return path

    def arrivals(self) -> list[Arrival]:
        found = find(
            self.landing,
            {self.of.source: self.of},
            known=lambda _: False,
            default_force="Here",
            folder_forces={},
            today=TODAY,
        )
        return found.arrivals

    def extract(self, is_repeat: Callable[[Arrival, str], bool] = lambda *_: False, **how: Any) -> Extracted:
        self.scratch.mkdir()
        return extract(self.of, self.arrivals(), self.scratch, is_repeat=is_repeat, **how)

    def ask(self, sql: str) -> list[tuple[Any, ...]]:
        with duckdb.connect(str(self.scratch / "scratch.duckdb"), read_only=True) as connection:
            return connection.execute(sql).fetchall()


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


@pytest.fixture
def street(tmp_path: Path) -> Desk:
    return Desk(tmp_path, STREET)


def test_a_file_becomes_rows(desk: Desk) -> None:
    path = desk.put("events_2024-01-31_r2.csv", "ref,seen_by,place,note\nA1,x,Here,\nA2,x,,n\n")
    extracted = desk.extract()
    assert extracted == Extracted(
        database=desk.scratch / "scratch.duckdb",
        files=1,
        rows=2,
        repeats=0,
        rejected=0,
        waiting=[],
        looked_at=[LandingFile.at(path)],
    )
    assert not extracted.looked_at[0].unsettled
    assert desk.ask("from received order by row_id") == [
        (1, 2, 0, "A1", "Here", None),
        (1, 3, 1, "A2", None, "n"),
    ]
    assert desk.ask("from malformed") == []
    ((*facts, content_hash, code, message, unknown, received),) = desk.ask("from files")
    assert facts == [
        1,
        str(path),
        None,
        "events_2024-01-31_r2.csv",
        path.stat().st_size,
        "Here",
        None,
        date(2024, 1, 31),
        2,
    ]
    assert len(content_hash) == 64
    assert (code, message, unknown, received) == (None, None, 0, 2)


def test_the_columns_and_types_of_the_tables(desk: Desk) -> None:
    desk.extract()
    described = "select column_name, data_type from duckdb_columns() where table_name = '{}' order by column_index"
    assert desk.ask(described.format("received")) == [
        ("file_id", "INTEGER"),
        ("record_no", "BIGINT"),
        ("row_id", "BIGINT"),
        ("ref", "VARCHAR"),
        ("place", "VARCHAR"),
        ("note", "VARCHAR"),
    ]
    assert desk.ask(described.format("malformed")) == [("file_id", "INTEGER"), ("record_no", "BIGINT")]
    assert desk.ask(described.format("files")) == [
        ("file_id", "INTEGER"),
        ("path", "VARCHAR"),
        ("member", "VARCHAR"),
        ("file_name", "VARCHAR"),
        ("size", "BIGINT"),
        ("force", "VARCHAR"),
        ("slice", "VARCHAR"),
        ("extract_date", "DATE"),
        ("revision", "INTEGER"),
        ("content_hash", "VARCHAR"),
        ("problem_code", "VARCHAR"),
        ("problem_message", "VARCHAR"),
        ("unknown_columns", "INTEGER"),
        ("received", "BIGINT"),
    ]


def test_nothing_but_the_database_is_left(desk: Desk) -> None:
    desk.put("events_2024-01-31.csv.gz", gzip.compress(b"ref,place\nA1,x\n"))
    desk.put("events_2024-02-01.csv", 'ref,place\nA1,"x\ny"\n')
    desk.put_zip("a.zip", {"events_2024-02-02.csv": "ref,place\nA1,x\n", "events_2024-02-03.csv": b"\x81"})
    desk.extract()
    assert [path.name for path in desk.scratch.iterdir()] == ["scratch.duckdb"]
    assert desk.ask("select count(*), count(*) filter (problem_code is null) from files") == [(4, 3)]


def test_files_of_every_form_are_rows_of_one_table_in_order(street: Desk) -> None:
    def text(month: str, rows: int, end: str = "\n") -> bytes:
        lines = [f"id-{month}-{row},{month},Made-up Force,,,,,,,Drugs,," for row in range(rows)]
        return end.join([STREET_HEADER, *lines, ""]).encode()

    reordered = "Month,Crime type,Reported by,Crime ID,Falls within,Longitude,Latitude,Location,LSOA code,LSOA name"
    reordered += ",Last outcome category,Context"
    street.put("2023-01/2023-01-x-street.csv", text("2023-01", 3))
    street.put("2023-02/2023-02-x-street.csv.gz", gzip.compress(text("2023-02", 2, "\r\n")))
    street.put("2023-03/2023-03-x-street.csv", text("2023-03", 2, "\r"))
    street.put("2023-04/2023-04-x-street.csv", reordered + '\n2023-04,"Drugs",Made-up Force,"id-2023-04-0",,,,,,,,')
    street.put_zip(
        "2023-12.zip",
        {"2023-05/2023-05-x-street.csv": text("2023-05", 2), "2023-06/2023-06-x-street.csv": text("2023-06", 1)},
    )
    extracted = street.extract()
    assert (extracted.files, extracted.rows, extracted.rejected) == (6, 11, 0)
    expected = [
        (month, number + 2, f"id-{month}-{number}", month, "Made-up Force", "Drugs", None)
        for month, rows in [
            ("2023-01", 3),
            ("2023-02", 2),
            ("2023-03", 2),
            ("2023-04", 1),
            ("2023-05", 2),
            ("2023-06", 1),
        ]
        for number in range(rows)
    ]
    rows = street.ask(
        "select slice, record_no, crime_id, month, reported_by, crime_type, context"
        " from received join files using (file_id) order by row_id"
    )
    assert rows == expected
    assert street.ask("select min(row_id), max(row_id), count(distinct row_id) from received") == [(0, 10, 11)]
    assert [row[0] for row in street.ask("select member from files where member is not null order by file_id")] == [
        "2023-05/2023-05-x-street.csv",
        "2023-06/2023-06-x-street.csv",
    ]


def test_windows_1252_is_read(desk: Desk) -> None:
    desk.put("events_2024-01-31.csv", "ref,place\nA1,Café “€”\n".encode("cp1252"))
    desk.extract()
    assert desk.ask("select place from received") == [("Café “€”",)]


def test_many_batches_keep_order_and_numbers(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(read_module, "_BATCH_BYTES", 40)
    monkeypatch.setattr(read_module, "_AHEAD_FILES", 2)
    for day in range(1, 21):
        quoted = '"x\ny"' if day % 3 == 0 else "xy"
        rows = "".join(f"{day}-{row},{quoted}\n" for row in range(day % 5))
        desk.put(f"events_2024-01-{day:02}.csv", f"ref,place\n{rows}{'1,2,3' if day % 4 == 0 else ''}")
    told: list[tuple[int, int]] = []
    desk.extract(progress=lambda done, total: told.append((done, total)))
    expected = [(day, row + 2, f"{day}-{row}", "xy") for day in range(1, 21) for row in range(day % 5)]
    assert desk.ask("select file_id, record_no, ref, place from received order by row_id") == expected
    assert desk.ask("select row_id from received order by row_id") == [(n,) for n in range(len(expected))]
    assert desk.ask("from malformed order by all") == [(day, day % 5 + 2) for day in (4, 8, 12, 16, 20)]
    assert told[-1] == (20, 20)
    assert [done for done, _ in told] == sorted(done for done, _ in told)


class TestHeaders:
    @pytest.mark.parametrize(
        "header",
        [
            "ref,place",
            "REF,Place",
            " Event Ref , place",
            "event__ref,place",
            "Event\u00a0 _Ref,place",
            '"Event\nRef","place"',
            "\ufeffreference,place",
            "ref\x01,place",
        ],
    )
    def test_spellings(self, desk: Desk, header: str) -> None:
        desk.put("events_2024-01-31.csv", f"{header}\nA1,Here\n")
        desk.extract()
        assert desk.ask("select ref, place, note from received") == [("A1", "Here", None)]

    def test_columns_are_found_by_name_in_any_place(self, desk: Desk) -> None:
        desk.put("events_2024-01-31.csv", "colour,,place,Officer,,Reference,\nred,?,Here,x,?,A1,?\n")
        desk.extract()
        assert desk.ask("select ref, place from received") == [("A1", "Here")]
        assert desk.ask("select unknown_columns, received from files") == [(1, 1)]

    @pytest.mark.parametrize(
        "header",
        ["ref,place,ref", "ref,place,PLACE ", "ref,Reference,place", "ref,place,x y,X_Y", "ref,place,Officer,seen by"],
    )
    def test_a_duplicate_rejects(self, desk: Desk, header: str) -> None:
        desk.put("events_2024-01-31.csv", f"{header}\nA1,Here,c,d\n")
        desk.extract()
        assert desk.ask("select problem_code, received from files") == [("HEADER_DUPLICATED", None)]

    def test_a_missing_column_rejects_and_only_the_contracts_names_are_told(self, desk: Desk) -> None:
        desk.put("events_2024-01-31.csv", f"{SECRET},Officer\nA1,b\n")
        extracted = desk.extract()
        ((code, message, received, unknown),) = desk.ask(
            "select problem_code, problem_message, received, unknown_columns from files"
        )
        assert (code, received, unknown) == ("COLUMN_MISSING", None, None)
        assert "ref, place" in message
        assert SECRET not in message
        assert (extracted.rejected, extracted.rows) == (1, 0)
        assert extracted.looked_at[0].unsettled

    @pytest.mark.parametrize(
        ("content", "code"),
        [
            (b"", "FILE_EMPTY"),
            (b"\n\r\n \n", "HEADER_MISSING"),
            (b"\xef\xbb\xbf", "HEADER_MISSING"),
            ("ref,place\nA1,x\n".encode("utf-16-le"), "HEADER_UNREADABLE"),
            (b"ref,place\nA1,\x81\xe9\n", "ENCODING"),
            (b'ref,place\nA1,"x\n', "QUOTE_UNCLOSED"),
            (b'ref,"place\nA1,x\n', "QUOTE_UNCLOSED"),
        ],
    )
    def test_files_that_cannot_be_read(self, desk: Desk, content: bytes, code: str) -> None:
        desk.put("events_2024-01-31.csv", content)
        desk.put("events_2024-02-01.csv", "ref,place\nA1,x\n")
        extracted = desk.extract()
        assert desk.ask("select problem_code, received from files order by file_id") == [(code, None), (None, 1)]
        assert desk.ask("select file_id, ref from received") == [(2, "A1")]
        assert (extracted.files, extracted.rejected, extracted.rows) == (2, 1, 1)

    def test_a_header_alone_is_fine_for_changes(self, desk: Desk) -> None:
        desk.put("events_2024-01-31.csv", "ref,place")
        desk.extract()
        assert desk.ask("select problem_code, received from files") == [(None, 0)]

    @pytest.mark.parametrize("tail", ["", "\n", "\r\n", "\n\n"])
    def test_a_header_alone_rejects_a_slice(self, street: Desk, tail: str) -> None:
        street.put("2023-01-x-street.csv", f"{STREET_HEADER}{tail}")
        street.extract()
        assert street.ask("select problem_code, received from files") == [("NO_ROWS", 0)]

    def test_unless_the_contract_allows_it(self, tmp_path: Path) -> None:
        desk = Desk(tmp_path, contract(kind="slice", naming="police_uk", suffix="events", empty_allowed=True))
        desk.put("2023-01-x-events.csv", "ref,place\n")
        desk.extract()
        assert desk.ask("select problem_code, received from files") == [(None, 0)]

    def test_a_slice_of_malformed_records_has_rows(self, street: Desk) -> None:
        street.put("2023-01-x-street.csv", f"{STREET_HEADER}\n1,2\n")
        street.extract()
        assert street.ask("select problem_code, received from files") == [(None, 1)]
        assert street.ask("from malformed") == [(1, 2)]


def test_record_numbers_count_records_and_not_lines(desk: Desk) -> None:
    desk.put("events_2024-01-31.csv", '\n"ref","place"\n\nA,"x\ny"\n\n  \nB\nC,1,2\nD,z\x00\nE,"v\tw"\n')
    desk.extract()
    assert desk.ask("select record_no, row_id, ref, place from received order by row_id") == [
        (2, 0, "A", "xy"),
        (6, 1, "E", "vw"),
    ]
    assert desk.ask("select record_no from malformed order by all") == [(3,), (4,), (5,)]
    assert desk.ask("select received from files") == [(5,)]


def test_a_single_column(tmp_path: Path) -> None:
    columns = [column for column in EVENTS.columns if column.name != "place"]
    desk = Desk(tmp_path, EVENTS.model_copy(update={"columns": tuple(columns)}))
    desk.put("events_2024-01-31.csv", 'ref\nA\n \n""\nB\n')
    desk.extract()
    assert desk.ask("select record_no, ref from received order by row_id") == [(2, "A"), (3, None), (4, "B")]


def test_a_misnamed_file_is_in_the_files_with_its_hash(desk: Desk) -> None:
    desk.put("events.csv", "ref,place\nA1,x\n")
    desk.put("events_2024-01-31.csv", "ref,place\nA1,x\n")
    desk.put("events_2999-01-31.csv", "ref,place\nA1,x\n")
    extracted = desk.extract()
    rows = desk.ask("select problem_code, received, extract_date, content_hash from files order by file_id")
    assert [row[:3] for row in rows] == [
        ("NAME_DATE", None, None),
        (None, 1, date(2024, 1, 31)),
        ("EXTRACT_IN_FUTURE", None, date(2999, 1, 31)),
    ]
    assert len({row[3] for row in rows}) == 1
    assert (extracted.rejected, extracted.rows, extracted.repeats) == (2, 1, 0)


class TestRepeats:
    TEXT = "ref,place\nA1,x\n"

    def test_the_same_delivery_in_another_place_or_form_is_a_repeat(self, desk: Desk) -> None:
        paths = [
            desk.put_zip("a.zip", {"in/events_2024-01-31.csv": self.TEXT}),
            desk.put("events_2024-01-31.csv", self.TEXT),
            desk.put("sub/EVENTS_2024-01-31.csv.gz", gzip.compress(self.TEXT.encode())),
        ]
        extracted = desk.extract()
        assert (extracted.files, extracted.rows, extracted.repeats) == (1, 1, 2)
        assert desk.ask("select member from files") == [("in/events_2024-01-31.csv",)]
        assert [file.path for file in extracted.looked_at] == paths

    def test_another_date_revision_or_content_is_another_delivery(self, desk: Desk) -> None:
        for name in ("events_2024-01-31.csv", "events_2024-01-31_r2.csv", "events_2024-02-01.csv"):
            desk.put(name, self.TEXT)
        desk.put("sub/events_2024-01-31.csv", self.TEXT + "A2,y\n")
        extracted = desk.extract()
        assert (extracted.files, extracted.rows, extracted.repeats) == (4, 5, 0)

    def test_what_the_ledger_knows_is_in_no_table(self, desk: Desk) -> None:
        desk.put("events_2024-01-31.csv", self.TEXT)
        desk.put("events_2024-02-01.csv", "ref,place\nB1,x\n")
        desk.put("events_2024-02-02.csv", b"\x81")
        asked: list[tuple[str, str]] = []

        def is_repeat(arrival: Arrival, content_hash: str) -> bool:
            asked.append((arrival.file_name, content_hash))
            return arrival.file_name != "events_2024-02-01.csv"

        extracted = desk.extract(is_repeat)
        assert (extracted.files, extracted.rows, extracted.repeats, extracted.rejected) == (1, 1, 2, 0)
        assert desk.ask("select file_name, file_id from files") == [("events_2024-02-01.csv", 2)]
        assert desk.ask("select file_id, record_no, row_id, ref from received") == [(2, 2, 0, "B1")]
        assert asked[1] == ("events_2024-02-01.csv", desk.ask("select content_hash from files")[0][0])
        assert len(extracted.looked_at) == 3

    def test_a_copy_with_a_wrong_name_does_not_hide_the_file(self, desk: Desk) -> None:
        desk.put("events_2024-01-31 (1).csv", self.TEXT)
        desk.put("events_2024-01-31.csv", self.TEXT)
        extracted = desk.extract()
        assert (extracted.rows, extracted.rejected, extracted.repeats) == (1, 1, 0)

    @pytest.mark.parametrize("content", ["", "<html>404 Not Found</html>\n", STREET_HEADER, f"{STREET_HEADER}\r\n"])
    def test_a_file_that_does_not_say_whose_it_is_is_reported_for_each_force(self, street: Desk, content: str) -> None:
        for name in ("a/2023-01-kent-street.csv", "b/2023-01-essex-street.csv", "c/2023-01-kent-street.csv"):
            street.put(name, content)
        extracted = street.extract()
        assert (extracted.files, extracted.rejected, extracted.repeats) == (2, 2, 1)

    def test_a_renamed_copy_of_a_sound_slice_is_a_repeat(self, street: Desk) -> None:
        for name in ("2023-01-city-of-london-street.csv", "2023-01-col-street.csv"):
            street.put(name, f"{STREET_HEADER}\n,2023-01,Made-up Force,,,,,,,Drugs,,\n")
        extracted = street.extract()
        assert (extracted.files, extracted.rows, extracted.repeats) == (1, 1, 1)

    def test_a_rejected_file_is_reported_once(self, desk: Desk) -> None:
        desk.put("a/events_2024-01-31.csv", "nothing\n")
        desk.put("b/events_2024-01-31.csv", "nothing\n")
        extracted = desk.extract()
        assert (extracted.files, extracted.rejected, extracted.repeats) == (1, 1, 1)


class TestFilesThatChange:
    def change(self, path: Path) -> None:
        path.write_text("ref,place\nB1,as many rows as before\n")

    @pytest.mark.parametrize("content", ["ref,place\nA1,x\n", 'ref,place\nA1,"x\ny"\n'])
    def test_a_file_that_changes_after_it_was_hashed_waits(
        self, desk: Desk, monkeypatch: pytest.MonkeyPatch, content: str
    ) -> None:
        desk.put("events_2024-01-30.csv", "ref,place\nA0,x\n")
        changing = desk.put("events_2024-01-31.csv", content)
        copy = desk.put("sub/events_2024-01-31.csv", content)
        desk.put("zzz/events_2024-02-01.csv", "ref,place\nC1,x\n")
        load = read_module._Extraction.load

        def change_and_load(*args: Any) -> None:
            self.change(changing)
            load(*args)

        monkeypatch.setattr(read_module._Extraction, "load", change_and_load)
        extracted = desk.extract()
        assert extracted.waiting == [str(changing), str(copy)]
        assert [file.path.name for file in extracted.looked_at] == ["events_2024-01-30.csv", "events_2024-02-01.csv"]
        assert (extracted.files, extracted.rows, extracted.repeats) == (2, 2, 0)
        assert desk.ask("select row_id, ref from received order by row_id") == [(0, "A0"), (1, "C1")]
        assert desk.ask("select file_id from files order by file_id") == [(1,), (4,)]

    @pytest.mark.parametrize("content", ["ref,place\nA1,x\n", "nothing\n"])
    def test_a_file_that_is_gone_before_its_header_is_read_waits(
        self, desk: Desk, monkeypatch: pytest.MonkeyPatch, content: str
    ) -> None:
        path = desk.put("events_2024-01-31.csv", content)
        judge = read_module._Extraction.judge

        def vanish_and_judge(*args: Any) -> Any:
            path.unlink()
            return judge(*args)

        monkeypatch.setattr(read_module._Extraction, "judge", vanish_and_judge)
        extracted = desk.extract()
        assert (extracted.waiting, extracted.looked_at, extracted.files) == ([str(path)], [], 0)

    def test_of_an_archive_that_changes_every_member_waits(self, desk: Desk) -> None:
        path = desk.put_zip("a.zip", {f"events_2024-01-0{day}.csv": f"ref,place\n{day},x\n" for day in (1, 2)})
        arrivals = desk.arrivals()
        path.write_bytes(path.read_bytes() + b"x")
        desk.scratch.mkdir()
        extracted = extract(EVENTS, arrivals, desk.scratch, is_repeat=lambda *_: False)
        assert extracted.waiting == [f"{path} › events_2024-01-0{day}.csv" for day in (1, 2)]
        assert extracted.looked_at == []


class TestPersonalData:
    HEADER = "ref,Officer,place,Ethnicity"

    def texts(self) -> dict[str, bytes]:
        rows = "".join(f"A{n},{SECRET},Here,{SECRET}\n" for n in range(2000))
        plain = f"{self.HEADER}\n{rows}"
        return {
            "plain": plain.encode(),
            "quoted": plain.replace(SECRET, f'"{SECRET}\n{SECRET}"').encode(),
            "malformed": (plain + f"{SECRET}\n{SECRET},{SECRET}\n{SECRET},\0,,\n").encode(),
            "unclosed": (plain + f'A,"{SECRET}').encode(),
            "duplicated": f"ref,place,{SECRET},{SECRET}\n1,2,{SECRET},4\n".encode(),
            "missing": f"{SECRET}\n{SECRET}\n".encode(),
            "windows": plain.replace("Here", "Caf\xe9").encode("cp1252"),
        }

    def test_it_reaches_no_byte_of_the_scratch_folder(self, desk: Desk) -> None:
        for day, text in enumerate(self.texts().values(), start=1):
            desk.put(f"events_2024-01-0{day}.csv", text)
            desk.put(f"events_2024-02-0{day}.csv.gz", gzip.compress(text))
            desk.put_zip(f"{day}.zip", {f"events_2024-03-0{day}.csv": text})
        extracted = desk.extract()
        assert (extracted.files, extracted.rejected) == (21, 9)
        assert extracted.rows == 12 * 2000
        assert desk.ask("select distinct place from received order by all") == [("Café",), ("Here",)]
        left = [path for path in desk.scratch.rglob("*") if path.is_file()]
        assert [path.name for path in left] == ["scratch.duckdb"]
        for word in SECRET.split():
            assert not any(word.encode() in path.read_bytes() for path in left)

    def test_neither_way_writes_any_of_it(self, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
        written: list[bytes] = []
        add, stage = tables_module.Scratch.add_rewritten, tables_module.Scratch.stage

        def watch(tables: Any, *args: Any) -> None:
            written.extend(path.read_bytes() for path in args if isinstance(path, Path))
            add(tables, *args)

        def watch_copies(tables: Any, texts: Any, header: Any) -> None:
            written.extend(path.read_bytes() for _, path in texts if not path.is_symlink())
            stage(tables, texts, header)

        monkeypatch.setattr(tables_module.Scratch, "add_rewritten", watch)
        monkeypatch.setattr(tables_module.Scratch, "stage", watch_copies)
        for day, text in enumerate(self.texts().values(), start=1):
            desk.put(f"events_2024-01-0{day}.csv", text)
        desk.extract()
        assert len(written) == 2 * 2 + 1
        assert sum(b"A1999" in content for content in written) == 3
        assert not any(SECRET.encode() in content for content in written)

    @pytest.mark.parametrize("name", ["events_2024-01-31.csv", "events_2024-01-31.csv.gz"])
    def test_a_failure_of_duckdb_is_told_without_it(
        self, desk: Desk, monkeypatch: pytest.MonkeyPatch, name: str
    ) -> None:
        text = f'ref,place\nA1,"{SECRET}\nx"\n'.encode()
        desk.put(name, gzip.compress(text) if name.endswith(".gz") else text)
        monkeypatch.setattr(tables_module, "_CSV", "delim = ',', header = false, types = {'no such column': 'bigint'}")
        with pytest.raises(SaferCityError, match="DuckDB failed on") as caught:
            desk.extract()
        error: BaseException | None = caught.value
        while error:
            assert SECRET not in str(error)
            assert not isinstance(error, duckdb.Error)
            error = error.__cause__ or error.__context__
        assert not [path for path in desk.scratch.rglob("*") if path.suffix in (".csv", ".good", ".malformed")]


def test_a_group_that_duckdb_cannot_read_goes_the_exact_way(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.put("events_2024-01-01.csv", "ref,place\nA1,x\n")
    desk.put("events_2024-01-02.csv", "place,ref\ny,B1\n")
    monkeypatch.setattr(tables_module.Scratch, "stage", lambda *_: None)
    desk.extract()
    assert desk.ask("select file_id, record_no, row_id, ref, place from received order by row_id") == [
        (1, 2, 0, "A1", "x"),
        (2, 2, 1, "B1", "y"),
    ]


def test_paths_that_duckdb_would_take_for_patterns(tmp_path: Path) -> None:
    folder = tmp_path / "a[b]*{c}'\"é"
    folder.mkdir()
    desk = Desk(folder)
    desk.put("x[1]*/events_2024-01-31.csv", "ref,place\nA1,x\n")
    desk.put("x1/events_2024-02-01.csv.gz", gzip.compress(b'ref,place\nA2,"x\ny"\n'))
    odd = Path(os.fsdecode(os.fsencode(desk.landing) + b"/caf\xe9"))
    odd.mkdir()
    (odd / "events_2024-02-02.csv").write_text("ref,place\nA3,x\n")
    desk.extract()
    assert desk.ask("select ref, place from received order by ref") == [("A1", "x"), ("A2", "xy"), ("A3", "x")]
    ((shown,),) = desk.ask("select path from files where extract_date = '2024-02-02'")
    assert shown.endswith("caf\\xe9/events_2024-02-02.csv")


def test_messages_say_what_to_do(desk: Desk) -> None:
    contents = [b"", b"\n", b"\x81\xe9", b"x\n", b"ref,ref\n", b"\0\n", b'ref,place\n"', b"PK\x03\x04"]
    for day, content in enumerate(contents, start=1):
        desk.put(f"events_2024-01-{day:02}.csv", content)
    desk.put("events_x.csv", "")
    desk.extract()
    problems = [Problem(*row) for row in desk.ask("select problem_code, problem_message from files")]
    assert len({problem.code for problem in problems}) == 9
    for problem in problems:
        assert re.fullmatch(r"[A-Z_]+", problem.code)
        assert re.search(r"; |, or ", problem.message)


def test_memory_stays_bounded(tmp_path: Path) -> None:
    """A plain file of 200 MB and an odd one of 50 MB, read with 200 MB for DuckDB, take less than 450 MB in all.

    Measured: 320 MB, of which Python with its libraries takes 100 before any work (the peak of the process itself:
    getrusage would count the memory of the test process that started it). Without a bound on DuckDB, or with
    a text held in memory as a whole, it is more than the 450.
    """
    script = f"""
import sys
from pathlib import Path
sys.path.insert(0, {str(Path(__file__).parents[2])!r})
from datetime import date
from flows.contracts import Contract
from flows.stages.extract import extract, find
contract = Contract.model_validate_json({EVENTS.model_dump_json()!r})
folder = Path({str(tmp_path)!r})
(folder / "landing").mkdir()
places = {{1: ("x" * 500, 200), 2: ('"' + "x" * 500 + chr(10) + '"', 50)}}
for day, (place, thousands) in places.items():
    with (folder / "landing" / f"events_2024-01-0{{day}}.csv").open("w") as text:
        text.write("ref,place" + chr(10))
        for start in range(0, thousands * 1000, 1000):
            text.write("".join(f"{{row}},{{place}}" + chr(10) for row in range(start, start + 1000)))
found = find(folder / "landing", {{"events": contract}}, known=lambda _: False, default_force="Here",
             folder_forces={{}}, today=date(2024, 6, 30))
(folder / "scratch").mkdir()
extracted = extract(contract, found.arrivals, folder / "scratch", is_repeat=lambda *_: False, threads=2,
                    memory_limit="200MB")
print(extracted.rows, int(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0]) // 1024)
print([path.name for path in (folder / "scratch").iterdir()])
"""
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    counts, left = ran.stdout.splitlines()
    rows, megabytes = map(int, counts.split())
    assert rows == 250_000
    assert megabytes < 450
    assert left == "['scratch.duckdb']"
