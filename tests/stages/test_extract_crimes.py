"""The force's own crimes from file to raw: every bad file and bad row has an outcome and a code of its own.

Values with MARKER in them stand in personal columns, and where a name may slip in. None of them may be anywhere after
the load.
"""

import gzip
import io
import logging
import os
import re
import zipfile
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import openpyxl
import pytest

from flows.contracts import load_contracts
from flows.runs import Summary
from tests.faults.sandbox import Sandbox

CRIMES = load_contracts()["crimes"]
COLUMNS = [column.name for column in CRIMES.columns]
HEADER = ",".join(COLUMNS)
SOUND = {"status": "recorded", "class_code": "8N", "recorded_at": "2019-06-01 10:00", "victim_name": "MARKER One"}


def row(number: str = "CRIME/1", **values: str) -> str:
    values = {"crime_number": number} | SOUND | values
    return ",".join(values.get(column, "") for column in COLUMNS)


def delivery(*lines: str, header: str = HEADER) -> bytes:
    return "\n".join([header, *lines, ""]).encode()


def packed(members: dict[str, bytes], *, encrypted: bool = False) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, member in members.items():
            archive.writestr(name, member)
    archived = bytearray(content.getvalue())
    if encrypted:
        # The flag that says so, in the header of the member and in the directory.
        archived[6] |= 1
        archived[archived.index(b"PK\x01\x02") + 8] |= 1
    return bytes(archived)


def bomb() -> bytes:
    """An archive whose directory says that it expands to 8 GB."""
    archived = bytearray(packed({f"crimes_2019-06-{day}.csv": b"x" * 1000 for day in (29, 30)}))
    for entry in re.finditer(rb"PK\x01\x02", bytes(archived)):
        archived[entry.start() + 24 : entry.start() + 28] = (0xFFFF_FFF0).to_bytes(4, "little")
    return bytes(archived)


def xlsx(*lines: str) -> bytes:
    book = openpyxl.Workbook()
    for line in lines:
        book.worksheets[0].append(line.split(","))
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


@pytest.fixture
def sandbox(tmp_path: Path) -> Sandbox:
    return Sandbox(tmp_path, contracts={"crimes": CRIMES}, today=date(2024, 8, 31))


def counts(summary: Summary) -> dict[str, Any]:
    """File name → why it was rejected, or received, accepted and quarantined."""
    return {f.file_name: f.reason_code or (f.received, f.accepted, f.quarantined) for f in summary.files}


def quarantined(sandbox: Sandbox) -> dict[int, list[str]]:
    return dict(sandbox.warehouse("select record_no, rules from quarantine.rows order by all"))


def left_behind(sandbox: Sandbox, summary: Summary, caplog: pytest.LogCaptureFixture) -> bytes:
    """All that the load wrote, told and logged."""
    written = [path.read_bytes() for path in sandbox.data.rglob("*") if path.is_file()]
    return b"\n".join([*written, f"{summary!r} {sandbox.artifacts!r} {caplog.text}".encode()])


BAD_FILES: dict[str, tuple[bytes, Any]] = {
    "crimes_2020-01-01.csv": (b"", "FILE_EMPTY"),
    "crimes_2020-01-02.csv": (delivery(), (0, 0, 0)),
    "crimes_2020-01-03.csv": (delivery(row(), row("CRIME/2")[:20])[:-1], (2, 1, 1)),
    "crimes_2020-01-04.csv": (bytes(range(256)) * 50, "ENCODING"),
    "crimes_2020-01-05.csv": (delivery(row()).replace(b",", b";"), "COLUMN_MISSING"),
    "crimes_2020-01-06.csv": (delivery(row(), row("CRIME/2", street='"MARKER')), "QUOTE_UNCLOSED"),
    "crimes_2020-01-07.csv": (delivery(header=HEADER.replace("status,", "")), "COLUMN_MISSING"),
    "crimes_2020-01-08.csv": (delivery(header=HEADER.replace("status,", "state,")), "COLUMN_MISSING"),
    "crimes_2020-01-09.csv": (delivery(row() + ",", header=HEADER + ",Ward "), "HEADER_DUPLICATED"),
    "crimes_2020-01-10.csv": (delivery(row() + ",MARKER", header=HEADER + ",Extra"), (1, 1, 0)),
    "crimes_2020-01-11.csv": (
        delivery(",".join(reversed(row().split(","))), header=",".join(reversed(COLUMNS))),
        (1, 1, 0),
    ),
    "crimes_2020-01-12.csv": (delivery(row()).decode().encode("utf-16"), "ENCODING"),
    "crimes_2020-01-13.csv": (delivery(row()).decode().encode("utf-16-be"), "HEADER_UNREADABLE"),
    "crimes_2020-01-14.csv": (delivery(row(), row("CRIME/2", street="a\0b")), (2, 1, 1)),
    "crimes_2020-01-15.csv": (delivery(row(street="x" * 10_000_000)), (1, 1, 0)),
    "crimes_2020-01-16.csv": (delivery(row(summary="MARKER" * 3_000_000)), "FIELD_TOO_LONG"),
    "crimes_2020-01-17.csv": (gzip.compress(delivery(row())), "FILE_UNREADABLE"),
    "crimes_2020-01-18.csv.gz": (gzip.compress(delivery(row()))[:-9], "FILE_UNREADABLE"),
    "crimes_2020-01-19.xlsx": (packed({"crimes_2020-01-19.csv": delivery(row())}), "FILE_UNREADABLE"),
    "crimes_2020-01-20.parquet": (delivery(row()), "FILE_UNREADABLE"),
    "crimes_2020-01-21_r1.csv": (delivery(row()), "NAME_REVISION"),
    "crimes_2020-02-30.csv": (delivery(row()), "NAME_DATE"),
    "crimes.csv": (delivery(row()), "NAME_DATE"),
    "crimes (1).csv": (delivery(row()), "NAME_DATE"),
    "crimes_2024-09-01.csv": (delivery(row()), "EXTRACT_IN_FUTURE"),
    "out.zip": (packed({"../crimes_2020-03-01.csv": delivery(row())}), "ARCHIVE_UNSAFE"),
    "bomb.zip": (bomb(), "ARCHIVE_EXPANSION"),
    "nested.zip": (packed({"crimes_2020-03-02.zip": packed({})}), "ARCHIVE_NESTED"),
    "torn.zip": (packed({"crimes_2020-03-03.csv": delivery(row())})[:-30], "ARCHIVE_UNREADABLE"),
    "locked.zip": (packed({"crimes_2020-03-04.csv": delivery(row())}, encrypted=True), "FILE_UNREADABLE"),
}


def test_every_bad_file_has_its_outcome_and_the_others_load(sandbox: Sandbox, caplog: pytest.LogCaptureFixture) -> None:
    sandbox.deliver({name: content for name, (content, _) in BAD_FILES.items()})
    (sandbox.landing / "loop").symlink_to(sandbox.landing)
    (sandbox.landing / "crimes_2020-04-01.csv").symlink_to("nowhere")
    with caplog.at_level(logging.DEBUG):
        summary = sandbox.load()
    expected = {name: outcome for name, (_, outcome) in BAD_FILES.items()}
    expected["crimes_2020-03-04.csv"] = expected.pop("locked.zip")
    assert counts(summary) == expected
    assert summary.unmatched == ["crimes_2020-04-01.csv"]
    assert summary.exit_code == 3
    assert b"MARKER" not in left_behind(sandbox, summary, caplog)
    # Nothing of it is new a second time, whatever its time of change says.
    for path in sandbox.landing.iterdir():
        if path.is_file():
            os.utime(path, (2, 2))
    again = sandbox.load()
    assert (counts(again), again.exit_code, again.repeats) == ({}, 0, len(BAD_FILES) - 4)


def test_a_file_that_is_not_to_be_read_or_not_finished_leaves_the_others_alone(sandbox: Sandbox) -> None:
    sandbox.deliver({"crimes_2020-01-01.csv": delivery(row()), "crimes_2020-01-02.csv.part": delivery(row())})
    (sandbox.landing / "crimes_2020-01-03.csv").mkdir()
    summary = sandbox.load()
    assert counts(summary) == {"crimes_2020-01-01.csv": (1, 1, 0)}
    assert summary.unmatched == ["crimes_2020-01-03.csv"]
    assert summary.waiting == ["crimes_2020-01-02.csv.part"]


def test_misnamed_files_and_empty_ones_are_told_one_by_one(sandbox: Sandbox) -> None:
    """Two names for the same bytes: where a name says no day, each is a file to be renamed; a day's file is one."""
    sandbox.deliver(
        {
            "crimes.csv": b"",
            "crimes_june.csv": b"",
            "crimes_2019-06-30.csv": b"",
            "crimes_2019-06-30.csv.gz": gzip.compress(b""),
            "copy/crimes_2019-06-30.csv": b"",
            "crimes_2019-07-31.csv": delivery(),
            "crimes_2019-07-31.csv.gz": gzip.compress(delivery()),
        }
    )
    summary = sandbox.load()
    assert counts(summary) == {
        "crimes.csv": "NAME_DATE",
        "crimes_june.csv": "NAME_DATE",
        "crimes_2019-06-30.csv": "FILE_EMPTY",
        "crimes_2019-07-31.csv": (0, 0, 0),
    }
    assert (summary.repeats, len(summary.files)) == (3, 4)
    assert sandbox.warehouse("select count(distinct delivery_id), count(*) from ledger.deliveries") == [(4, 4)]


def test_bad_rows_are_quarantined_under_their_codes_and_the_rest_loads(
    sandbox: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    bad = {
        2: (row("CRIME/1", class_code="28A"), ["CLASS_CODE_NOT_VALID"]),
        3: (
            row("CRIME/2", committed_from="2019-05-02 10:00", committed_to="2019-05-01 10:00"),
            ["COMMITTED_SPAN_REVERSED"],
        ),
        4: (row("CRIME/3", recorded_at="31/06/2019 10:00"), ["RECORDED_AT_TYPE"]),
        5: (row("CRIME/4", status="MARKER", premises_type="MARKER"), ["PREMISES_TYPE_UNKNOWN", "STATUS_UNKNOWN"]),
        6: (row("CRIME/5", class_code="MARKER"), ["CLASS_CODE_FORMAT", "CLASS_CODE_UNKNOWN"]),
        7: (row("CRIME/6", class_code="8U9"), ["CLASS_CODE_FORMAT", "CLASS_CODE_UNKNOWN"]),
        8: (row("CRIME/7", class_code="199Z"), ["CLASS_CODE_UNKNOWN"]),
        9: (row("CRIME/8"), ["KEY_REPEATED"]),
        10: (row("CRIME/8", status="cancelled"), ["KEY_REPEATED"]),
        11: (row("MARKER"), []),
        12: (row("CRIME/9", sub_code="MARKER", ward="MARKER ward"), ["SUB_CODE_FORMAT", "SUB_CODE_UNKNOWN"]),
        13: (row("CRIME/10") + ",MARKER", ["ROW_MALFORMED"]),
        14: (row("CRIME/11", easting="MARKER", northing="181000", alcohol="MARKER"), ["ALCOHOL_TYPE", "EASTING_TYPE"]),
    }
    good = [row(f"GOOD/{number}", ward="MARKER ward" if number == 1 else "") for number in range(60)]
    lines = [line.replace("MARKER,recorded", "PERSON/1,recorded") for line, _ in bad.values()]
    sandbox.deliver({"crimes_2019-06-30.csv": delivery(*lines, *good)})
    with caplog.at_level(logging.DEBUG):
        summary = sandbox.load()
    assert quarantined(sandbox) == {number: codes for number, (_, codes) in bad.items() if codes}
    assert counts(summary) == {"crimes_2019-06-30.csv": (73, 61, 12)}
    assert summary.exit_code == 0
    records = dict(sandbox.warehouse("select record_no, record from quarantine.rows"))
    assert records[5]["status"] == records[5]["premises_type"] == records[6]["class_code"] == "‹6 characters›"
    # The form of a class is enough to keep it: it can be replayed when the reference has it.
    assert records[8]["class_code"] == "199Z"
    assert records[12]["ward"] == "‹11 characters›"
    assert records[4]["recorded_at"] == "31/06/2019 10:00"
    assert records[13] is None
    assert set(records[2]) == {column.name for column in CRIMES.loaded_columns}
    assert b"MARKER" not in left_behind(sandbox, summary, caplog)


def test_what_was_rejected_is_judged_again_when_the_reference_data_changes(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    from flows import reference

    sandbox.deliver({"crimes_2019-06-30.csv": delivery(*(row(f"CRIME/{n}", class_code="8Z") for n in range(10)))})
    assert counts(sandbox.load()) == {"crimes_2019-06-30.csv": "TOO_MANY_BAD_ROWS"}
    assert counts(sandbox.load()) == {}
    seeds = sandbox.folder / "seeds"
    seeds.mkdir()
    for path in reference.SEEDS_DIR.iterdir():
        (seeds / path.name).write_bytes(path.read_bytes())
    with (seeds / "offences.csv").open("a", encoding="utf-8") as offences:
        offences.write("8Z,,Made up,Made up,Made up,,violence,V,true,,,verified\n")
    monkeypatch.setattr(reference, "SEEDS_DIR", seeds)
    assert counts(sandbox.load()) == {"crimes_2019-06-30.csv": (10, 10, 0)}
    assert sandbox.warehouse("select state, count(*) from ledger.deliveries group by all") == [("accepted", 1)]


def test_every_spelling_of_a_delivery_gives_the_same_rows(sandbox: Sandbox) -> None:
    """Headers of another system, both forms of dates, Windows-1252, CRLF, and each format."""
    spelt = Sandbox(
        sandbox.folder / "spelt",
        contracts={
            "crimes": CRIMES.model_copy(
                update={
                    "columns": tuple(
                        column.model_copy(update={"headers": ("Crime Ref No",)})
                        if column.name == "crime_number"
                        else column
                        for column in CRIMES.columns
                    )
                }
            )
        },
        today=sandbox.today,
    )
    line = row(street="Café Row", committed_from="01/06/2019 09:00", easting="531234", northing="181000", alcohol="Y")
    other = row(
        street="Café Row", committed_from="2019-06-01T08:00Z", easting="531234.0", northing="181000", alcohol="true"
    )
    header = HEADER.upper().replace("_", " ").replace("CRIME NUMBER", "crime ref no")
    with duckdb.connect() as connection:
        columns = ", ".join(
            f"nullif('{value}', '') as {name}" for name, value in zip(COLUMNS, line.split(","), strict=True)
        )
        connection.execute(f"copy (select {columns}) to '{sandbox.folder / 'x.parquet'}'")
    spelt.deliver(
        {
            "crimes_2019-06-01.csv": delivery(line),
            "crimes_2019-06-02.csv": f"{header}\r\n{other}".encode("cp1252"),
            "crimes_2019-06-03.csv": b"\xef\xbb\xbf" + delivery(other, header=header),
            "crimes_2019-06-04.csv.gz": gzip.compress(delivery(line, header=header)),
            "a.zip": packed({"folder/crimes_2019-06-05.csv": delivery(line)}),
            "crimes_2019-06-06.xlsx": xlsx(header, other),
            "crimes_2019-06-07.parquet": (sandbox.folder / "x.parquet").read_bytes(),
        }
    )
    summary = spelt.load()
    assert counts(summary) == {file.file_name: (1, 1, 0) for file in summary.files}
    assert len(summary.files) == 7
    loaded = ", ".join(column.name for column in CRIMES.loaded_columns)
    assert spelt.warehouse(f"select count(*) from raw.crimes group by {loaded}") == [(7,)]
    assert spelt.warehouse("select distinct street, committed_from::varchar, easting, alcohol from raw.crimes") == [
        ("Café Row", "2019-06-01 09:00:00", 531234, True)
    ]
