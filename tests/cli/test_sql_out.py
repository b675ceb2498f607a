"""sql --out: an answer as CSV, Parquet or a workbook: whole, marked, and with nothing in it that is executed."""

import csv
from datetime import datetime
from pathlib import Path
from typing import Any
from unittest.mock import patch

import duckdb
import openpyxl
import pytest

from flows import audit_log, releases
from flows.operate import answers
from tests.cli.conftest import Safercity
from tests.faults.sandbox import Sandbox

COUNTS = """
    select month, offences, change_pct from marts.all_crime_performance
    where record_source = 'police_uk' and force = 'City of London Police' order by month;
"""

DANGEROUS = "select unnest(['=1+1', '+1', '-1', '@x', '\t=1', 'a=1', null]) as text, -1 as number"


def lines(file: Path) -> list[list[str]]:
    """The lines of a CSV file."""
    with file.open(encoding="utf-8", newline="") as opened:
        return list(csv.reader(opened))


def sheet(file: Path, name: str = "Answer") -> list[list[Any]]:
    """The cells of a sheet, each as its value and the type that Excel takes it for."""
    return [
        [None if cell.value is None else (cell.value, cell.data_type) for cell in row]
        for row in openpyxl.load_workbook(file)[name].iter_rows()
    ]


class TestKinds:
    """The same answer as each kind of file."""

    def test_csv(self, safercity: Safercity, published: Sandbox, tmp_path: Path) -> None:
        ended = safercity(published, "sql", COUNTS, "--out", "answer.csv")
        assert ended.out == f"Wrote 3 rows to {tmp_path / 'answer.csv'}; they are OFFICIAL.\n"
        assert lines(tmp_path / "answer.csv") == [
            ["month", "offences", "change_pct"],
            ["2019-01-01", "8", ""],
            ["2019-02-01", "5", "-37.5"],
            ["2019-03-01", "6", "20.0"],
        ]

    def test_parquet_has_its_types_and_its_marking(
        self, safercity: Safercity, published: Sandbox, tmp_path: Path
    ) -> None:
        safercity(published, "sql", COUNTS, "--out", "answer.parquet")
        file = tmp_path / "answer.parquet"
        read = duckdb.execute(f"from '{file}'")
        assert [str(column[1]) for column in read.description or []] == ["DATE", "BIGINT", "DOUBLE"]
        assert [row[1:] for row in read.fetchall()] == [(8, None), (5, -37.5), (6, 20.0)]
        told = duckdb.execute(f"select decode(key), decode(value) from parquet_kv_metadata('{file}')").fetchall()
        release = releases.current(published.paths)
        assert release is not None
        assert dict(told) == {"marking": "OFFICIAL", "release": release.release_id}

    def test_workbook(self, safercity: Safercity, published: Sandbox, tmp_path: Path) -> None:
        safercity(published, "sql", COUNTS, "--as-of", "2019-05-30", "--out", "answer.xlsx")
        marking, told, heads, *rows = sheet(tmp_path / "answer.xlsx")
        assert marking == [("OFFICIAL", "s"), None, None]
        assert told[0][0].endswith(", as of 2019-05-30; 2 rows; written 2024-01-31")
        assert heads == [("month", "s"), ("offences", "s"), ("change_pct", "s")]
        assert rows == [
            [(datetime(2019, 1, 1), "d"), (8, "n"), None],
            [(datetime(2019, 2, 1), "d"), (5, "n"), (-37.5, "n")],
        ]
        book = openpyxl.load_workbook(tmp_path / "answer.xlsx")
        for page in book.worksheets:
            assert page.oddHeader is not None
            assert page.oddHeader.center is not None
            assert page.oddHeader.center.text == "&BOFFICIAL"
        assert [cell.value for cell in book["Query"]["A"]][2].startswith("select month, offences")

    def test_every_type_in_a_workbook(self, safercity: Safercity, published: Sandbox, tmp_path: Path) -> None:
        query = """
            select timestamp '2019-08-07 10:11:12' as moment, 1.5::decimal(3, 1) as price, 'nan'::double as nothing,
              true as yes, ['a', 'b'] as list, 9007199254740993 as long, date '1850-01-01' as old, 1 as a, 2 as a
        """
        safercity(published, "sql", query, "--out", "answer.xlsx")
        *_, heads, values = sheet(tmp_path / "answer.xlsx")
        assert [head[0] for head in heads][-2:] == ["a", "a_1"]
        assert values == [
            (datetime(2019, 8, 7, 10, 11, 12), "d"), (1.5, "n"), ("nan", "s"), (True, "b"), ("a, b", "s"),
            ("9007199254740993", "s"), ("1850-01-01", "s"), (1, "n"), (2, "n"),
        ]  # fmt: skip

    def test_for_scripts(self, safercity: Safercity, published: Sandbox, tmp_path: Path) -> None:
        told = safercity(published, "sql", COUNTS, "--out", "answer.CSV", "--json").json
        assert told == {"file": str(tmp_path / "answer.CSV"), "rows": 3, "marking": "OFFICIAL"}

    def test_no_rows(self, safercity: Safercity, published: Sandbox, tmp_path: Path) -> None:
        for kind in answers.KINDS:
            assert safercity(published, "sql", "from marts.coverage where false", "--out", f"none{kind}").code == 0
        assert len(lines(tmp_path / "none.csv")) == 1
        assert len(sheet(tmp_path / "none.xlsx")) == 3


class TestFormulas:
    """What a spreadsheet would execute is text."""

    def test_csv(self, safercity: Safercity, published: Sandbox, tmp_path: Path) -> None:
        safercity(published, "sql", DANGEROUS, "--out", "answer.csv")
        texts = ["'=1+1", "'+1", "'-1", "'@x", "'\t=1", "a=1", ""]
        assert lines(tmp_path / "answer.csv")[1:] == [[text, "-1"] for text in texts]

    def test_workbook(self, safercity: Safercity, published: Sandbox, tmp_path: Path) -> None:
        safercity(published, "sql", DANGEROUS, "--out", "answer.xlsx")
        found = sheet(tmp_path / "answer.xlsx")[3:]
        assert [row[0] for row in found[:4]] == [(text, "s") for text in ("=1+1", "+1", "-1", "@x")]
        assert {row[1] for row in found} == {(-1, "n")}


class TestRefused:
    """Nothing is written, and nothing is left of what was begun."""

    @pytest.mark.parametrize(
        ("arguments", "said"),
        [
            (["select 1", "--out", "answer.txt"], "end it with .csv or .parquet or .xlsx"),
            (["select 1", "--out", "answer"], "end it with"),
            (["select 1", "--out", "nowhere/answer.csv"], "make it first"),
            (["selec 1", "--out", "answer.csv"], "syntax error"),
            (["select 1; select 2", "--out", "answer.csv"], "give one query, not several"),
            (["from read_csv('/etc/passwd')", "--out", "answer.csv"], "disabled by configuration"),
            (["select 1) to '/tmp/other.csv'; --", "--out", "answer.csv"], "syntax error"),
            (["from range(1048574)", "--out", "answer.xlsx"], "the answer has 1,048,574 rows and 1 columns"),
            (["select repeat('x', 32768) as long", "--out", "answer.xlsx"], "a text in column 1 has 32,768 characters"),
        ],
    )
    def test_what_cannot_be(self, arguments: list[str], said: str, safercity: Safercity, published: Sandbox) -> None:
        ended = safercity(published, "sql", *arguments)
        assert ended.code == 2
        assert said in ended.err
        assert list(Path.cwd().iterdir()) == []

    def test_a_file_that_exists_stays_until_it_may_go(
        self, safercity: Safercity, published: Sandbox, tmp_path: Path
    ) -> None:
        file = tmp_path / "answer.csv"
        file.write_text("mine", encoding="utf-8")
        ended = safercity(published, "sql", "select 1 as one", "--out", "answer.csv")
        assert (ended.code, ended.error) == (2, f"{file} exists; give another name, or --overwrite")
        assert safercity(published, "sql", "selec 1", "--out", "answer.csv", "--overwrite").code == 2
        assert file.read_text(encoding="utf-8") == "mine"
        assert safercity(published, "sql", "select 1 as one", "--out", "answer.csv", "--overwrite").code == 0
        assert lines(file) == [["one"], ["1"]]

    def test_a_disk_that_fails_leaves_no_half_file(
        self, safercity: Safercity, published: Sandbox, tmp_path: Path
    ) -> None:
        def fail(connection: Any, columns: Any, new: Path) -> None:
            new.write_text("half a", encoding="utf-8")
            raise OSError("No space left on device")

        with patch.object(answers, "_write_csv", fail):
            ended = safercity(published, "sql", "select 1", "--out", "answer.csv")
        assert (ended.code, ended.error) == (
            1,
            f"{tmp_path / 'answer.csv'} could not be written: No space left on device",
        )
        assert list(tmp_path.iterdir()) == []


def test_what_goes_out_is_logged_first(safercity: Safercity, published_copy: Sandbox, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    safercity(published_copy, "sql", "select 'x' as x", "--out", str(folder / "answer.csv"))
    last = list(audit_log.read(published_copy.paths))[-1]
    assert (last.act, last.what) == ("disclose", f"sql to {folder / 'answer.csv'}: select '…' as x")
    published_copy.paths.audit_log.write_text("scribbled\n", encoding="utf-8")
    assert safercity(published_copy, "sql", "select 1", "--out", str(folder / "other.csv")).code == 1
    assert [file.name for file in folder.iterdir()] == ["answer.csv"]
