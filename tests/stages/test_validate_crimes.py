"""The contract of the force's own crimes: which rows break which rule, each side of every limit, and what is read."""

import csv
import io
import os
from collections import defaultdict
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from flows.contracts import load_contracts
from flows.stages.extract import extract, find
from flows.stages.validate import validate

CRIMES = load_contracts()["crimes"]
EXTRACT_DATE = date(2024, 6, 30)
SOUND = {"status": "recorded", "class_code": "8N", "recorded_at": "2019-06-01 10:00"}

CASES: list[tuple[dict[str, str], set[str]]] = [
    ({}, set()),
    # What a crime number looks like.
    ({"crime_number": "A/1-2"}, set()),
    ({"crime_number": "A" * 25}, set()),
    ({"crime_number": "A123"}, {"CRIME_NUMBER_FORMAT"}),
    ({"crime_number": "A" * 26}, {"CRIME_NUMBER_FORMAT"}),
    ({"crime_number": "a1234"}, {"CRIME_NUMBER_FORMAT"}),
    ({"crime_number": "/1234"}, {"CRIME_NUMBER_FORMAT"}),
    ({"crime_number": "A 1234"}, {"CRIME_NUMBER_TYPE"}),
    ({"crime_number": ""}, {"CRIME_NUMBER_MISSING"}),
    # Status.
    ({"status": "cancelled"}, set()),
    ({"status": "transferred"}, set()),
    ({"status": "Recorded"}, {"STATUS_UNKNOWN"}),
    ({"status": ""}, {"STATUS_MISSING"}),
    # Classes: 28A ended on 31 March 2017, and 28E began the day after.
    ({"class_code": "37.2"}, set()),
    ({"class_code": "37/2"}, set()),
    ({"class_code": ""}, {"CLASS_CODE_MISSING"}),
    ({"class_code": "8Z"}, {"CLASS_CODE_UNKNOWN"}),
    ({"class_code": "8n"}, {"CLASS_CODE_UNKNOWN", "CLASS_CODE_FORMAT"}),
    ({"class_code": "AF"}, {"CLASS_CODE_NOT_RECORDABLE"}),
    ({"class_code": "1/4.1/4.10/4.2"}, {"CLASS_CODE_NOT_RECORDABLE"}),
    ({"class_code": "28A", "recorded_at": "2017-03-31 23:59:59"}, set()),
    ({"class_code": "28A", "recorded_at": "2017-04-01 00:00"}, {"CLASS_CODE_NOT_VALID"}),
    ({"class_code": "28E", "recorded_at": "2017-03-31 23:59:59"}, {"CLASS_CODE_NOT_VALID"}),
    ({"class_code": "28E", "recorded_at": "2017-04-01 00:00"}, set()),
    # It was 31 March in UTC, and 1 April in London.
    ({"class_code": "28E", "recorded_at": "2017-03-31T23:30:00Z"}, set()),
    # Pairs: 008/06 lies in 8N; 125/12 was valid in 9A to the end of 2023; 28A has no pairs.
    ({"sub_code": "008/06"}, set()),
    ({"sub_code": "008/99"}, {"SUB_CODE_UNKNOWN"}),
    ({"sub_code": "Fictitious"}, {"SUB_CODE_UNKNOWN", "SUB_CODE_FORMAT"}),
    ({"class_code": "105A", "sub_code": "008/06"}, {"SUB_CODE_UNKNOWN"}),
    ({"class_code": "9A", "sub_code": "125/12", "recorded_at": "2023-12-31 23:59"}, set()),
    ({"class_code": "9A", "sub_code": "125/12", "recorded_at": "2024-01-01 00:00"}, {"SUB_CODE_NOT_VALID"}),
    ({"class_code": "28A", "sub_code": "any-code", "recorded_at": "2016-06-01 10:00"}, set()),
    # When it was recorded.
    ({"recorded_at": ""}, {"RECORDED_AT_MISSING"}),
    ({"recorded_at": "2019-06-01"}, {"RECORDED_AT_TYPE"}),
    ({"recorded_at": "2019-02-29 10:00"}, {"RECORDED_AT_TYPE"}),
    ({"recorded_at": "01/06/2019 24:00"}, {"RECORDED_AT_TYPE"}),
    ({"recorded_at": "2000-01-01 00:00"}, set()),
    ({"recorded_at": "1999-12-31 23:59:59"}, {"RECORDED_AT_TOO_EARLY"}),
    ({"recorded_at": "2024-06-30 23:59:59"}, set()),
    ({"recorded_at": "2024-07-01 00:00"}, {"RECORDED_AFTER_EXTRACT"}),
    ({"recorded_at": "2024-06-30T23:30:00Z"}, {"RECORDED_AFTER_EXTRACT"}),
    # The order of its times.
    ({"reported_at": "2019-06-01 10:00"}, set()),
    ({"reported_at": "2019-06-01 10:00:01"}, {"REPORTED_AFTER_RECORDED"}),
    ({"committed_from": "2019-06-01 10:00", "committed_to": "2019-06-01 10:00"}, set()),
    ({"committed_from": "2019-05-01 10:00", "committed_to": "2019-05-01 09:59"}, {"COMMITTED_SPAN_REVERSED"}),
    ({"committed_from": "2019-06-01 10:01"}, {"COMMITTED_AFTER_RECORDED"}),
    ({"committed_to": "2019-07-01 10:00"}, set()),
    ({"committed_from": "31/04/2019 10:00"}, {"COMMITTED_FROM_TYPE"}),
    # Where.
    ({"ward": "Tower"}, set()),
    ({"ward": "Bishopsgate Street"}, {"WARD_UNKNOWN"}),
    ({"premises_type": "licensed"}, set()),
    ({"premises_type": "pub"}, {"PREMISES_TYPE_UNKNOWN"}),
    ({"easting": "531234.0", "northing": "181000"}, set()),
    ({"easting": "531234"}, {"COORDINATE_HALF"}),
    ({"northing": "181000"}, {"COORDINATE_HALF"}),
    ({"easting": "531234.5", "northing": "181000"}, {"EASTING_TYPE"}),
    ({"easting": "530460", "northing": "179900"}, set()),
    ({"easting": "534350", "northing": "182710"}, set()),
    ({"easting": "530459", "northing": "181000"}, {"COORDINATE_OUTSIDE_FORCE"}),
    ({"easting": "531234", "northing": "182711"}, {"COORDINATE_OUTSIDE_FORCE"}),
    # Outcomes.
    ({"outcome_code": "1A", "outcome_at": "2019-06-01 10:00"}, set()),
    ({"outcome_code": "18", "outcome_at": "2019-06-01 09:59"}, {"OUTCOME_BEFORE_RECORDED"}),
    ({"outcome_code": "18", "outcome_at": "2019-06-02"}, {"OUTCOME_AT_TYPE"}),
    ({"outcome_code": "18"}, {"OUTCOME_HALF"}),
    ({"outcome_at": "2019-06-02 10:00"}, {"OUTCOME_HALF"}),
    ({"outcome_code": "22", "outcome_at": "2019-06-02 10:00"}, set()),
    ({"outcome_code": "22"}, {"OUTCOME_HALF"}),
    (
        {"outcome_code": "22", "recorded_at": "2019-03-01 10:00", "outcome_at": "2019-03-31 23:59:59"},
        {"OUTCOME_22_TOO_EARLY"},
    ),
    ({"outcome_code": "22", "recorded_at": "2019-03-01 10:00", "outcome_at": "2019-04-01 00:00"}, set()),
    (
        {"outcome_code": "21", "recorded_at": "2015-03-01 10:00", "outcome_at": "2015-12-31 23:59:59"},
        {"OUTCOME_21_TOO_EARLY"},
    ),
    ({"outcome_code": "21", "recorded_at": "2015-03-01 10:00", "outcome_at": "2016-01-01 00:00"}, set()),
    *(
        ({"outcome_code": code, "outcome_at": "2019-06-02 10:00"}, {"OUTCOME_CODE_UNKNOWN"})
        for code in ("0", "23", "4A", "1B", "01", "A1")
    ),
    # Factors and coding.
    ({"alcohol": "y", "domestic_abuse": "FALSE", "drugs": "1"}, set()),
    ({"alcohol": "maybe"}, {"ALCOHOL_TYPE"}),
    ({"victim_type": "emergency_worker", "circumstance": "by_staff"}, set()),
    ({"victim_type": "officer"}, {"VICTIM_TYPE_UNKNOWN"}),
    ({"circumstance": "unknown"}, {"CIRCUMSTANCE_UNKNOWN"}),
    ({"method_tags": "gym; pickpocket ;"}, set()),
    ({"method_tags": "gym;Pickpocket"}, {"METHOD_TAG_UNKNOWN"}),
    ({"operation": "TUNDRA"}, set()),
    ({"operation": "OPERATION TUNDRA"}, {"OPERATION_TYPE"}),
]


def judged(folder: Path, rows: list[dict[str, str]]) -> Path:
    """The scratch file of one delivery, validated; a row without a crime number gets one."""
    names = [column.name for column in CRIMES.columns]
    content = io.StringIO()
    writer = csv.DictWriter(content, names)
    writer.writeheader()
    writer.writerows({"crime_number": f"CASE/{place}", **SOUND, **row} for place, row in enumerate(rows))
    path = folder / f"crimes_{EXTRACT_DATE}.csv"
    path.write_text(content.getvalue(), encoding="utf-8", newline="")
    os.utime(path, (1, 1))
    found = find(
        folder,
        {"crimes": CRIMES},
        known=lambda _: False,
        default_force="Sample Constabulary",
        folder_forces={},
        today=EXTRACT_DATE,
    )
    scratch = folder / "scratch"
    scratch.mkdir()
    database = extract(CRIMES, found.arrivals, scratch, is_repeat=lambda *_: False).database
    validate(CRIMES, database)
    return database


def query(database: Path, sql: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(database), read_only=True) as connection:
        return connection.execute(sql).fetchall()


@pytest.fixture(scope="module")
def codes(tmp_path_factory: pytest.TempPathFactory) -> dict[int, set[str]]:
    """Row id → the rules that the row breaks, of every case."""
    database = judged(tmp_path_factory.mktemp("crimes"), [changes for changes, _ in CASES])
    found: dict[int, set[str]] = defaultdict(set)
    for code, row_id in query(database, "select code, row_id from failures"):
        found[row_id].add(code)
    return found


@pytest.mark.parametrize(
    ("row_id", "expected"),
    [
        pytest.param(row_id, expected, id="-".join(f"{k}={v}" for k, v in changes.items()) or "sound")
        for row_id, (changes, expected) in enumerate(CASES)
    ],
)
def test_the_rules_that_a_row_breaks(codes: dict[int, set[str]], row_id: int, expected: set[str]) -> None:
    assert codes.get(row_id, set()) == expected


def test_every_rule_of_the_contract_has_a_case() -> None:
    """Types of plain columns are tried in the typed read; of the rest each rule must fail on some row."""
    tried = set().union(*(expected for _, expected in CASES)) | {"KEY_REPEATED"}
    assert {rule.code for rule in CRIMES.all_rules if not rule.code.endswith("_TYPE")} - tried == set()


def test_only_these_rules_let_a_row_go_on() -> None:
    assert {rule.code for rule in CRIMES.all_rules if rule.severity != "critical"} == {
        "WARD_UNKNOWN",
        "COORDINATE_OUTSIDE_FORCE",
        "OUTCOME_HALF",
        "METHOD_TAG_UNKNOWN",
    }


def test_values_are_read_in_one_spelling(tmp_path: Path) -> None:
    rows = [
        {"class_code": " 37/2 ", "ward": "bridge AND Bridge Without", "recorded_at": "01/06/2019 10:00:30"},
        {"class_code": "8N", "ward": "TOWER", "recorded_at": "2019-06-01T10:00:30.999+02:00"},
        {"class_code": "4.10", "ward": "Fleet Street", "recorded_at": "2019-03-31 01:30"},
    ]
    found = query(judged(tmp_path, rows), "select class_code, ward, ward__as_given, recorded_at from typed")
    assert found == [
        ("37.2", "Bridge", None, datetime(2019, 6, 1, 10, 0, 30)),
        ("8N", "Tower", None, datetime(2019, 6, 1, 9, 0, 30)),
        # 4.10 is a class of its own; half past one was skipped in London, and stays as it was given.
        ("4.10", None, "Fleet Street", datetime(2019, 3, 31, 1, 30)),
    ]


def test_copies_of_a_number_are_compared_before_any_other_rule(tmp_path: Path) -> None:
    """Copies that differ are all quarantined, also where one of them breaks another rule; equal ones are not."""
    rows = [
        {"crime_number": "SAME/1", "ward": "Tower", "victim_name": "One Fictitious"},
        {"crime_number": "SAME/1", "ward": "tower", "victim_name": "Two Fictitious"},
        {"crime_number": "OTHER/1"},
        {"crime_number": "OTHER/1", "status": "cancelled"},
        {"crime_number": "BROKEN/1"},
        {"crime_number": "BROKEN/1", "status": "gone"},
        {"crime_number": "GARBLED/1"},
        {"crime_number": "GARBLED/1", "committed_from": "yesterday"},
    ]
    database = judged(tmp_path, rows)
    found = query(database, "select row_id from failures where code = 'KEY_REPEATED' order by all")
    assert [row_id for (row_id,) in found] == [2, 3, 4, 5, 6, 7]
