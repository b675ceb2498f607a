"""No personal value gets in: every byte that a run writes, sends or prints is searched for those of its deliveries.

Everything is made to say as much as it can: Python's, Prefect's and dbt's logs are at their most talkative, and what is
cleared up at the end of a run is kept.
"""

import csv
import io
import json
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path

import duckdb
import openpyxl
import pytest

from flows.sample import PERSONAL_MARKERS, TEST_HMAC_KEY, write_sample
from tests.faults import crimes
from tests.faults.channels import Inbox, listening
from tests.faults.commands import safercity
from tests.faults.crimes import MARKER, Row, row, rows
from tests.faults.sandbox import Sandbox
from tests.faults.street import Files

PERSONAL = [MARKER, "21/11/1881", "22/12/1882", "1881-11-21", "1882-12-22"]
"""What no personal value in the deliveries of crimes is without, in its own spelling or as it would be typed."""

SLIPPED = "Wzkqjmadeup"
"""Stands in columns that are not personal, in rows that are bad because of it. What is read holds it as it holds every
value that is to be judged, until the run ends; and nothing else does."""

TALKATIVE = """
import logging, os, shutil
from pathlib import Path

os.environ |= {"PREFECT_LOGGING_LEVEL": "DEBUG", "PREFECT_SERVER_LOGGING_LEVEL": "DEBUG", "PREFECT_DEBUG_MODE": "true"}
logging.basicConfig(level=logging.DEBUG)

from dbt.cli.main import dbtRunner
from flows import runs

invoke, clear_up, left = dbtRunner.invoke, runs._clear_up, iter(range(9))

def invoke_and_log_all(runner, arguments, **given):
    return invoke(runner, ["debug" if level in ("none", "warn") else level for level in arguments], **given)

def keep_and_clear_up(settings):
    for folder in (settings.paths.scratch, settings.paths.spill, settings.paths.building):
        if folder.exists():
            shutil.copytree(folder, settings.data / "kept" / f"{next(left)}-{folder.name}")
    clear_up(settings)

dbtRunner.invoke, runs._clear_up = invoke_and_log_all, keep_and_clear_up

from flows.cli import main
main()
"""


def bad_files() -> Files:
    """Personal values where nobody expects them, in files and rows that are quarantined or rejected for it."""
    day = "2019-06-03"
    name = crimes.PERSONAL["victim_name"]
    coded = ["status", "class_code", "sub_code", "premises_type", "outcome_code", "victim_type", "circumstance"]
    name_and_more = f"{SLIPPED} Invented"
    slipped: list[Row] = [row(600, day, crime_number=f"{SLIPPED}/1"), row(601, day, operation=name_and_more)]
    for number, column in enumerate(coded):
        slipped += [row(610 + number, day, **{column: name_and_more}), row(630 + number, day, **{column: SLIPPED})]
    lines = crimes.text(rows(day, 700, 40)).decode()
    too_many = lines.replace("CR/00720/19,", f"CR/00720/19,{name},").replace("CR/00721/19,", "CR/00721/19,\0,")
    return {
        "crimes_2019-06-07.csv": crimes.text([*rows(day, 500, 80), *slipped]),
        "crimes_2019-06-08.csv": too_many.encode(),
        "crimes_2019-06-09.csv": lines.replace(f'"{MARKER}', f'{MARKER}"', 3).encode(),
        "crimes_2019-06-10.csv": lines.partition("\n")[2].encode(),
        "crimes_2019-06-11.csv": lines.replace(MARKER, f"{MARKER}é").encode("cp1252"),
        "crimes_2019-06-12.csv": lines.encode("utf-16"),
        "crimes_2019-06-13.csv": f'{lines}"{name}'.encode(),
        "crimes_2019-06-14.csv": lines.replace("suspect_name", "alias of the suspect", 1).encode(),
        "crimes_2019-06-15.csv": lines.replace("premises,", "victim_name,", 1).encode(),
        "crimes_2019-06-16.csv": lines.replace("533400", SLIPPED).encode(),
        "crimes_2019-06-17.csv": lines[:-500].encode(),
    }


def as_parquet(content: bytes, folder: Path) -> bytes:
    """A CSV file as a Parquet file, all of it text."""
    text, parquet = folder / "file.csv", folder / "file.parquet"
    text.write_bytes(content)
    duckdb.sql(f"copy (from read_csv('{text}', all_varchar = true)) to '{parquet}' (format parquet)")
    return parquet.read_bytes()


def as_workbook(content: bytes) -> bytes:
    """A CSV file as the first sheet of a workbook, all of it text."""
    book, file = openpyxl.Workbook(), io.BytesIO()
    for record in csv.reader(io.StringIO(content.decode(), newline="")):
        book.worksheets[0].append(record)
    book.save(file)
    return file.getvalue()


FATES = {
    "07": "accepted",
    "08": "accepted",
    "09": "accepted",
    "10": "COLUMN_MISSING",
    "11": "accepted",
    "12": "ENCODING",
    "13": "QUOTE_UNCLOSED",
    "14": "accepted",
    "15": "HEADER_DUPLICATED",
    "16": "TOO_MANY_BAD_ROWS",
    "17": "accepted",
    "18": "accepted",
    "19": "accepted",
}
"""Day of the extract → what became of the bad file."""


def test_no_personal_value_is_anywhere(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> None:
    write_sample(sandbox.landing / "sample", scale=0.02, through=date(2018, 12, 31))
    sandbox.deliver(crimes.first_extracts() | crimes.second_extracts() | bad_files())
    sound = crimes.text(rows("2019-06-03", 700, 40))
    sandbox.deliver(
        {
            "crimes_2019-06-18.parquet": as_parquet(sound, tmp_path_factory.mktemp("parquet")),
            "crimes_2019-06-19.xlsx": as_workbook(sound),
        }
    )
    with listening(Inbox()) as inbox:
        sandbox.given = {"alerts": {"urls": [inbox.url]}, "hmac_key": TEST_HMAC_KEY}
        ended = safercity(sandbox, "run", program=TALKATIVE)
    assert ended.returncode == 3, ended.stderr[-2000:]
    written = sandbox.folder / "written"
    written.mkdir()
    (written / "stdout").write_text(ended.stdout, encoding="utf-8")
    (written / "stderr").write_text(ended.stderr, encoding="utf-8")
    (written / "alerts").write_text(json.dumps(inbox.posted), encoding="utf-8")
    assert "CLASS_CODE_UNKNOWN" in json.dumps(inbox.posted)
    searched = {str(path.relative_to(sandbox.folder)) for path in files_below(sandbox.data)}
    fates = "select right(extract_date::varchar, 2), coalesce(reason_code, state) from ledger.deliveries"
    assert dict(sandbox.warehouse(f"{fates} where extract_date between '2019-06-01' and '2019-06-30'")) == FATES
    for expected in (
        "warehouse/prefect/prefect.db",
        "warehouse/dbt/logs/dbt.log",
        "kept/0-scratch/crimes/scratch.duckdb",
    ):
        assert f"data/{expected}" in searched
    (sandbox.data / "kept").rename(sandbox.folder / "kept")
    assert list(found_below(sandbox.folder / "kept", PERSONAL)) == []
    for folder in (sandbox.data, written):
        assert list(found_below(folder, [*PERSONAL, SLIPPED, *PERSONAL_MARKERS])) == []


def test_the_search_finds_what_there_is(tmp_path: Path) -> None:
    (tmp_path / "log").write_bytes(b"\0\xff" + MARKER.upper().encode("utf-16-le"))
    (tmp_path / "dates").write_text("born 1881-11-21", encoding="utf-8")
    (tmp_path / "sound").write_text("born 1981-11-21", encoding="utf-8")
    with duckdb.connect(str(tmp_path / "a.duckdb")) as connection:
        connection.execute("create schema deep; create table deep.nested (n int, notes map(varchar, varchar)[])")
        connection.execute("insert into deep.nested select 1, [map {'status': ?}] from range(5000)", [MARKER])
        connection.execute("create table plain as select 'nothing' as word")
        connection.execute(f"copy deep.nested to '{tmp_path / 'b.parquet'}' (format parquet, compression zstd)")
    assert sorted(found_below(tmp_path, PERSONAL)) == [
        "a.duckdb: bytes",
        "a.duckdb: table deep.nested, 5000 rows",
        "b.parquet: 5000 rows",
        "b.parquet: bytes",
        "dates: bytes",
        "log: bytes",
    ]


def found_below(folder: Path, words: Sequence[str]) -> Iterator[str]:
    """Where below a folder one of the words stands: in the bytes of a file, or in rows that are compressed there."""
    spelled = [word.lower().encode(encoding) for word in words for encoding in ("utf-8", "utf-16-le")]
    for path in files_below(folder):
        name = path.relative_to(folder)
        if path.suffix == ".duckdb":
            yield from (f"{name}: table {table}, {count} rows" for table, count in found_in_database(path, words))
        elif path.suffix == ".parquet":
            with duckdb.connect() as connection:
                if count := rows_with(words, connection, f"read_parquet('{path}')"):
                    yield f"{name}: {count} rows"
        content = path.read_bytes().lower()
        if any(word in content for word in spelled):
            yield f"{name}: bytes"


def found_in_database(path: Path, words: Sequence[str]) -> Iterator[tuple[str, int]]:
    with duckdb.connect() as connection:
        connection.execute(f"attach '{path}' as searched (read_only)")
        tables = connection.execute(
            "select schema_name || '.' || table_name from duckdb_tables() where database_name = 'searched' order by all"
        ).fetchall()
        for (table,) in tables:
            if count := rows_with(words, connection, f"searched.{table}"):
                yield table, count


def rows_with(words: Sequence[str], connection: duckdb.DuckDBPyConnection, table: str) -> int:
    """How many rows of a table hold one of the words in any column, however deep."""
    found = " or ".join(f"contains(lower(searched_row::varchar), '{word.lower()}')" for word in words)
    return connection.execute(f"select count(*) from {table} as searched_row where {found}").fetchall()[0][0]


def files_below(folder: Path) -> list[Path]:
    """All files, in order; a link is followed by whoever it leads to."""
    return sorted(path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
