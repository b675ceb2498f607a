"""Every real street-level file that is at hand is read, and row for row as Python's csv module reads it."""

from __future__ import annotations

import csv
import gzip
import zipfile
from datetime import date
from pathlib import Path

import duckdb
import pytest

from flows.contracts import load_contracts
from flows.stages.extract import Extracted, Landing, extract, find

REAL = Path(__file__).parents[3] / "shared" / "real"
FOLDERS = ("police_uk", "police_uk_revised")
MONTHS = ("2014-02", "2014-03")
STREET = load_contracts()["police_uk_street"]

pytestmark = pytest.mark.skipif(
    not REAL.is_dir(), reason=f"real files are not part of the repository and are not at hand in {REAL}"
)


def look(folder: Path) -> Landing:
    return find(
        folder,
        {STREET.source: STREET},
        known=lambda _: False,
        default_force="Here",
        folder_forces={},
        today=date(2026, 1, 1),
    )


def read(path: Path) -> list[list[str]]:
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "rt", encoding="utf-8", newline="") as text:
        return list(csv.reader(text))[1:]


@pytest.fixture(scope="module")
def landing() -> Landing:
    found = look(REAL)
    assert len(found.arrivals) == len([path for path in REAL.rglob("*-street.csv*") if path.is_file()])
    return found


@pytest.fixture(scope="module")
def extracted(landing: Landing, tmp_path_factory: pytest.TempPathFactory) -> Extracted:
    return extract(STREET, landing.arrivals, tmp_path_factory.mktemp("scratch"), is_repeat=lambda *_: False)


def test_nothing_is_rejected_or_malformed(landing: Landing, extracted: Extracted) -> None:
    assert (extracted.files, extracted.rejected, extracted.repeats) == (len(landing.arrivals), 0, 0)
    assert extracted.waiting == []
    with duckdb.connect(str(extracted.database), read_only=True) as scratch:
        assert scratch.execute("from malformed").fetchall() == []
        assert scratch.execute("select count(*), min(row_id), max(row_id) from received").fetchall() == [
            (extracted.rows, 0, extracted.rows - 1)
        ]


def test_each_record_is_what_the_csv_module_reads(landing: Landing, extracted: Extracted) -> None:
    columns = ", ".join(f"coalesce({column.name}, '')" for column in STREET.loaded_columns)
    with duckdb.connect(str(extracted.database), read_only=True) as scratch:
        counted = dict(scratch.execute("select path, received from files").fetchall())
        for arrival in landing.arrivals[::4]:
            expected = read(arrival.file.path)
            rows = scratch.execute(
                f"select {columns}, record_no from received join files using (file_id) where path = ? order by row_id",
                [arrival.path],
            ).fetchall()
            assert [list(row[:-1]) for row in rows] == expected
            assert [row[-1] for row in rows] == list(range(2, len(expected) + 2))
            assert counted[arrival.path] == len(expected)


def test_a_second_publication_is_a_delivery_of_its_own(landing: Landing) -> None:
    dates: dict[str, list[date | None]] = {}
    for arrival in landing.arrivals:
        dates.setdefault(arrival.file_name, []).append(arrival.extract_date)
    assert {name: days for name, days in dates.items() if len(days) > 1} == {
        "2017-02-city-of-london-street.csv": [date(2017, 4, 30), date(2018, 12, 31)],
        "2017-03-city-of-london-street.csv": [date(2017, 5, 31), date(2018, 12, 31)],
        "2017-04-city-of-london-street.csv": [date(2017, 6, 30), date(2018, 12, 31)],
    }


def test_packed_into_an_archive_it_is_the_same(landing: Landing, extracted: Extracted, tmp_path: Path) -> None:
    chosen = [arrival for arrival in landing.arrivals if arrival.slice in MONTHS]
    (tmp_path / "landing").mkdir()
    with zipfile.ZipFile(tmp_path / "landing" / "2014-12.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for arrival in chosen:
            name = arrival.file_name.removesuffix(".gz")
            opened = gzip.open if arrival.file_name.endswith(".gz") else open
            with opened(arrival.file.path, "rb") as text:
                archive.writestr(f"{arrival.slice}/{name}", text.read())
    packed = look(tmp_path / "landing")
    assert [arrival.extract_date for arrival in packed.arrivals] == [date(2014, 12, 31)] * len(chosen)
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    again = extract(STREET, packed.arrivals, scratch, is_repeat=lambda *_: False)
    columns = ", ".join(column.name for column in STREET.loaded_columns)
    sums = f"""
        select content_hash, files.received, bit_xor(hash(record_no, {columns}))
        from files join received using (file_id)
        where slice in {MONTHS}
        group by all order by all
    """
    with (
        duckdb.connect(str(again.database), read_only=True) as one,
        duckdb.connect(str(extracted.database), read_only=True) as other,
    ):
        of_archive = one.execute(sums).fetchall()
        assert len(of_archive) == len(chosen) > 4
        assert of_archive == other.execute(sums).fetchall()
