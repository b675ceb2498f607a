"""Drift: what is said of columns and values that are not as the contract says, and what of them may be shown."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from flows.contracts import Contract
from flows.stages.extract.drift import HeaderDrift, header_drift
from tests.faults.sandbox import Sandbox
from tests.faults.street import CITY, row, rows, street
from tests.faults.things import CONTRACT, HEADER, delivery, things

THINGS = Contract.model_validate(CONTRACT)


def header(**changes: str | None) -> list[str]:
    """The header of things, some of its columns under another name, or gone. `changes` with _ for a space."""
    names = [changes.get(name.replace(" ", "_"), name) for name in HEADER.split(",")]
    return [name for name in names if name is not None]


def told(names: list[str]) -> list[tuple[str, str | None, str | None]]:
    return [(item.kind, item.column, item.found) for item in header_drift(names, THINGS)]


def test_a_header_as_the_contract_says_is_no_drift_in_whatever_order() -> None:
    assert told(header()) == []
    assert told([*reversed(header()), " "]) == []


@pytest.mark.parametrize(
    ("names", "drift"),
    [
        ([*header(), "Colour"], [("new", None, "Colour")]),
        ([*header(), "Max Mustermann: 1.5.1980"], [("new", None, "‹24 characters›")]),
        ([*header(), "x" * 61], [("new", None, "‹61 characters›")]),
        (header(Note=None), [("not_supplied", "note", None)]),
        (header(Person_name=None), [("not_supplied", "person_name", None)]),
        (header(Note="Notes"), [("renamed", "note", "Notes")]),
        (header(Price=None), [("missing", "price", None)]),
        (header(Count="Counts"), [("renamed", "count", "Counts")]),
        (header(Count="Counter"), [("renamed", "count", "Counter")]),
        (header(Thing_ref="Thing reference", Status="Outcome"), [("renamed", "thing_ref", "Thing reference"),
                                                               ("missing", "status", None)]),
    ],
)  # fmt: skip
def test_what_a_header_shows(names: list[str], drift: list[tuple[str, str | None, str | None]]) -> None:
    assert told(names) == drift


def test_a_less_alike_name_is_a_renamed_column_only_beside_the_same_neighbour() -> None:
    assert told(header(Started_on="Started")) == [("renamed", "started_on", "Started")]
    assert told(header(Started_on="Start day")) == [("renamed", "started_on", "Start day")]
    assert told([*header(Started_on=None, Person_born="Start day"), "Person born"]) == [("missing", "started_on", None)]


def test_a_first_line_that_is_data_is_not_shown() -> None:
    names = ["T1", "found", "2019-08-07 10:11", "2019-08-01", "1", "1", "Y", "Left by MARKER", "MARKER", "1980-01-01"]
    assert {item.found for item in header_drift(names, THINGS)} == {None}


def test_what_is_suggested_makes_the_contract_right() -> None:
    [renamed] = header_drift([*header(Seen_at="Seen at time"), "Colour"], THINGS)  # it lacks one: no other is shown
    assert renamed == HeaderDrift(
        "renamed", "seen_at", "Seen at time", "- name: seen_at\n  headers: [Last seen, Seen at time]"
    )
    [hidden] = header_drift([*header(), "Colour: red"], THINGS)
    assert hidden == HeaderDrift("new", None, "‹11 characters›", None)
    [shape] = header_drift([*header(), "Shape (2D)"], THINGS)
    assert shape.suggestion
    columns = [*CONTRACT["columns"], *yaml.safe_load(shape.suggestion)]
    amended = Contract.model_validate(CONTRACT | {"columns": columns})
    assert header_drift([*header(), "Shape (2D)"], amended) == ()
    [missing] = header_drift(header(Price=None), THINGS)
    assert missing.suggestion == "- name: price\n  supplied: false"


@pytest.fixture
def sandbox(tmp_path: Path) -> Sandbox:
    (tmp_path / "contracts").mkdir()
    return Sandbox(tmp_path, contracts=things(tmp_path / "contracts"))


def ledger(sandbox: Sandbox) -> list[tuple[Any, ...]]:
    """File, kind, column, found, rows and record of all drift."""
    return sandbox.warehouse(
        "select file_name, kind, column_name, found, row_count, record_no from ledger.drift"
        " inner join ledger.deliveries using (delivery_id) order by all"
    )


def test_a_column_of_another_type_is_told_with_the_type_that_reads_all_of_it(sandbox: Sandbox) -> None:
    whole = [f"T{number},found,,,{number},,,,," for number in range(40)]
    parts = [f"P{number},found,,,{number}.5,,,,," for number in range(10)]
    words = [f"W{number},found,,,about {number},,,,," for number in range(10)]
    sandbox.deliver(
        {
            "things_2019-08-01.csv": delivery(*whole, *parts),
            "things_2019-08-02.csv": delivery(*whole, *parts[:9]),  # too few
            "things_2019-08-03.csv": delivery(*whole, "T41,found,,,1,,,,,", *parts),  # too small a share
            "things_2019-08-04.csv": delivery(*whole, *words),
        }
    )
    sandbox.load()
    assert ledger(sandbox) == [
        ("things_2019-08-01.csv", "retyped", "count", "decimal", 10, None),
        ("things_2019-08-04.csv", "retyped", "count", "text", 10, None),
    ]
    assert sandbox.warehouse("select distinct suggestion from ledger.drift where found = 'decimal'") == [
        ("- name: count\n  type: decimal",)
    ]


def test_a_new_value_of_a_forces_own_source_travels_as_its_length(sandbox: Sandbox) -> None:
    sandbox.deliver(
        {
            "things_2019-08-01.csv": delivery(
                "T1,found,,,,,,,,", "T2,MARKER,,,,,,,,", "T3,stolen,,,,,,,,", "T4,MARKER,,,,,,,,"
            )
        }
    )
    sandbox.load()
    assert ledger(sandbox) == [
        ("things_2019-08-01.csv", "new_value", "status", "‹6 characters›", 1, 4),
        ("things_2019-08-01.csv", "new_value", "status", "‹6 characters›", 2, 3),
    ]
    assert sandbox.warehouse("select distinct suggestion from ledger.drift") == [
        ("- code: STATUS_UNKNOWN\n  kwargs:\n    column: status\n    value_set: [found, lost, <the value>]",)
    ]


def test_a_rejected_file_tells_its_drift_and_an_amended_contract_takes_it_back(sandbox: Sandbox) -> None:
    renamed = HEADER.replace("Count", "Counts")
    sandbox.deliver({"things_2019-08-01.csv": delivery("T1,found,,,1,,,,,", header=renamed)})
    assert [file.reason_code for file in sandbox.load().rejected] == ["COLUMN_MISSING"]
    assert ledger(sandbox) == [("things_2019-08-01.csv", "renamed", "count", "Counts", None, None)]
    [(suggestion,)] = sandbox.warehouse("select suggestion from ledger.drift")
    [amendment] = yaml.safe_load(suggestion)
    columns = [column | amendment if column["name"] == "count" else column for column in CONTRACT["columns"]]
    sandbox.contracts = {"things": Contract.model_validate(CONTRACT | {"columns": columns})}
    assert sandbox.load().rejected == []
    assert ledger(sandbox) == []


def test_a_new_value_of_open_data_is_shown_where_its_row_is_loaded(tmp_path: Path) -> None:
    sandbox = Sandbox(tmp_path)
    outcomes = [
        row("2019-01", 90, Last_outcome_category="Sent to the Moon's court"),
        row("2019-01", 91, Last_outcome_category="<b>bold</b>"),
        row("2019-01", 92, Crime_type="A name that slipped in"),
    ]
    sandbox.deliver(street("2019-01", [*rows("2019-01", 3), *outcomes]))
    sandbox.load()
    found = sandbox.warehouse(
        "select force, kind, column_name, found, row_count, record_no from ledger.drift"
        " inner join ledger.deliveries using (delivery_id) order by record_no"
    )
    assert found == [
        (CITY, "new_value", "last_outcome", "Sent to the Moon's court", 1, 5),
        (CITY, "new_value", "last_outcome", "‹11 characters›", 1, 6),
        # Its row is kept out, and so is the value.
        (CITY, "new_value", "crime_type", "‹22 characters›", 1, 7),
    ]
    [(suggestion,)] = sandbox.warehouse("select suggestion from ledger.drift where record_no = 5")
    [rule] = yaml.safe_load(suggestion)
    assert rule["code"] == "OUTCOME_UNKNOWN"
    assert rule["kwargs"]["value_set"][-2:] == ["Under investigation", "Sent to the Moon's court"]
