"""A source of keyed changes with personal columns, from file to raw: only its contract is new, no stage knows of it.

Values with MARKER in them stand in personal columns, in columns that nobody knows, in codes that are none and in
malformed lines. None of them may be anywhere after the load.
"""

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any
from unittest.mock import patch

import duckdb
import pytest

from flows.contracts import Contract
from flows.runs import Summary
from flows.stages import load
from tests.faults.sandbox import Sandbox
from tests.faults.things import delivery, things

COLUMNS = [
    "delivery_id",
    "record_no",
    "thing_ref",
    "status",
    "seen_at",
    "started_on",
    "count",
    "price",
    "is_open",
    "note",
]


@pytest.fixture
def sandbox(tmp_path: Path) -> Sandbox:
    contracts = tmp_path / "expectations"
    contracts.mkdir()
    return Sandbox(tmp_path, contracts=things(contracts), today=date(2019, 8, 31))


def counts(summary: Summary) -> dict[str, Any]:
    """File name → why it was rejected, or received, accepted and quarantined."""
    return {f.file_name: f.reason_code or (f.received, f.accepted, f.quarantined) for f in summary.files}


def test_typed_values_reach_raw_and_personal_columns_do_not(sandbox: Sandbox) -> None:
    sandbox.deliver(
        {
            "things_2019-08-07.csv": delivery(
                " T1 ,found,07/08/2019 10:11,2019-08-01,531234.0,1.50,Y, left on a bench ,MARKER One,01/02/1980",
                "T2,lost,2019-08-07T10:11:12+00:00,,,,n,,MARKER Two,",
            )
        }
    )
    assert counts(sandbox.load()) == {"things_2019-08-07.csv": (2, 2, 0)}
    with duckdb.connect(str(sandbox.paths.warehouse), read_only=True) as connection:
        described = connection.execute("describe raw.things").fetchall()
    assert [(name, kind) for name, kind, *_ in described] == list(
        zip(
            COLUMNS,
            ["BIGINT", "BIGINT", "VARCHAR", "VARCHAR", "TIMESTAMP", "DATE", "BIGINT", "DOUBLE", "BOOLEAN", "VARCHAR"],
            strict=True,
        )
    )
    assert sandbox.warehouse(
        "select * exclude (delivery_id) replace (seen_at::varchar as seen_at) from raw.things order by record_no"
    ) == [
        (2, "T1", "found", "2019-08-07 10:11:00", date(2019, 8, 1), 531234, 1.5, True, "left on a bench"),
        (3, "T2", "lost", "2019-08-07 11:11:12", None, None, None, False, None),
    ]
    assert sandbox.warehouse("select force, slice, extract_date, revision, state from ledger.deliveries") == [
        ("City of London Police", None, date(2019, 8, 7), 1, "accepted")
    ]


def test_a_quarantined_row_keeps_its_values_but_what_may_be_a_name(sandbox: Sandbox) -> None:
    sandbox.deliver(
        {
            "things_2019-08-07.csv": delivery(
                "T1,MARKER Smith,2019-08-07 10:11,2019-08-01,1,1,Y,,MARKER,",
                "T2,stolen,2019-08-07 10:11,2019-08-01,-3,1,Y,,MARKER,",
                "T3,found,2019-08-07,2019-02-30,many,1,maybe,,MARKER,",
                "T4,found,MARKER,30 MARKER 2019,1-2,1,MARKER,,MARKER,",
            )
        }
    )
    sandbox.load()
    found = sandbox.warehouse("select record_no, rules, record from quarantine.rows order by record_no")
    assert [(number, rules) for number, rules, _ in found] == [
        (2, ["STATUS_TYPE"]),
        (3, ["COUNT_NEGATIVE", "STATUS_UNKNOWN"]),
        (4, ["COUNT_TYPE", "IS_OPEN_TYPE", "SEEN_AT_TYPE", "STARTED_ON_TYPE"]),
        (5, ["COUNT_TYPE", "IS_OPEN_TYPE", "SEEN_AT_TYPE", "STARTED_ON_TYPE"]),
    ]
    for _, _, record in found:
        assert list(record) == COLUMNS[2:]
    assert found[0][2]["status"] == "‹12 characters›"
    assert found[0][2]["seen_at"] == "2019-08-07 10:11"
    # A word that is no status is hidden, though it is a code: it may be a name.
    assert found[1][2]["status"] == "‹6 characters›"
    assert found[1][2]["count"] == "-3"
    assert found[2][2] == {
        "thing_ref": "T3",
        "status": "found",
        "seen_at": "2019-08-07",
        "started_on": "2019-02-30",
        "count": "‹4 characters›",
        "price": "1",
        "is_open": "‹5 characters›",
        "note": None,
    }
    assert [found[3][2][name] for name in ("seen_at", "started_on", "count", "is_open")] == [
        "‹6 characters›",
        "‹14 characters›",
        "1-2",
        "‹6 characters›",
    ]


def test_copies_of_a_key_that_differ_are_all_quarantined(sandbox: Sandbox) -> None:
    sandbox.deliver(
        {
            "things_2019-08-07.csv": delivery(
                "T1,found,,,1,,,,MARKER One,",
                "T1,found,,,2,,,,MARKER One,",
                "T2,found,,,1,,,,MARKER One,",
                "T2,found,,,1.0,,,,MARKER Two,",
                "T3,lost,,,1,,,,,",
            )
        }
    )
    assert counts(sandbox.load()) == {"things_2019-08-07.csv": (5, 3, 2)}
    assert sandbox.warehouse("select record_no, rules from quarantine.rows order by record_no") == [
        (2, ["KEY_REPEATED"]),
        (3, ["KEY_REPEATED"]),
    ]
    # The copies of T2 differ in a personal column only, and in spelling.
    assert sandbox.warehouse("select record_no, thing_ref from raw.things order by 1") == [
        (4, "T2"),
        (5, "T2"),
        (6, "T3"),
    ]


def test_warnings_load_the_row(sandbox: Sandbox) -> None:
    sandbox.deliver({"things_2019-08-07.csv": delivery("T1,found,,2019-08-08,,cheap,,,,")})
    summary = sandbox.load()
    assert sandbox.warehouse("select started_on, price, thing_ref from raw.things") == [(None, None, "T1")]
    assert {(rule.code, rule.owner) for rule in summary.failed_rules} == {
        ("BEGAN_AFTER_EXTRACT", "Clerk of days"),
        ("PRICE_TYPE", "Keeper of things"),
    }


def test_revisions_later_extracts_and_folders_of_forces_are_deliveries_of_their_own(sandbox: Sandbox) -> None:
    sandbox.given = {"force": "Force of Nowhere", "folder_forces": {"elsewhere": "Force of Elsewhere"}}
    one, two = delivery("T1,found,,,1,,,,,"), delivery("T1,lost,,,1,,,,,")
    sandbox.deliver(
        {
            "things_2019-08-07.csv": one,
            "things_2019-08-07_r2.csv": two,
            "things_2019-08-08.csv": one,
            "elsewhere/things_2019-08-07.csv": one,
            "copy/things_2019-08-07.csv": one,
            "copy/things_2019-08-08.csv": two,
        }
    )
    summary = sandbox.load()
    assert summary.repeats == 1
    found = sandbox.warehouse(
        "select force, extract_date, revision, state, reason_code from ledger.deliveries order by all"
    )
    nowhere, elsewhere = "Force of Nowhere", "Force of Elsewhere"
    # `copy` comes before the files beside it, so of the two that claim the 8th its file stands.
    assert found == [
        (elsewhere, date(2019, 8, 7), 1, "accepted", None),
        (nowhere, date(2019, 8, 7), 1, "accepted", None),
        (nowhere, date(2019, 8, 7), 2, "accepted", None),
        (nowhere, date(2019, 8, 8), 1, "accepted", None),
        (nowhere, date(2019, 8, 8), 1, "rejected", "EXTRACT_CONFLICT"),
    ]


def test_what_rejects_a_file_and_what_does_not(sandbox: Sandbox) -> None:
    no_status = "Thing ref,Seen at,Started on,Count,Price,Is open,Note,Person name,Person born"
    sandbox.deliver(
        {
            "things_2019-08-01.csv": delivery(),
            "things_2019-08-02.csv": delivery("T1,,,,,,,,", header=no_status),
            "things_2019-08-03.csv": delivery(
                "T1,found,2019-08-03 10:11,,,,", header="THING_REF,status,Last  Seen,Started on,Count,Price,is open"
            ),
            "things_2019-08-04.csv": delivery(
                "T1,found,,,,,,,,,MARKER",
                header="Thing ref,Status,Seen at,Started on,Count,Price,Is open,Note,Person name,Person born,MARKER",
            ),
            "things_2019-09-01.csv": delivery("T1,found,,,,,,,,"),
            "things_2019-08-05_r1.csv": delivery("T1,found,,,,,,,,"),
            "things.csv": delivery("T1,found,,,,,,,,"),
        }
    )
    summary = sandbox.load()
    assert counts(summary) == {
        "things.csv": "NAME_DATE",
        "things_2019-08-01.csv": (0, 0, 0),
        "things_2019-08-02.csv": "COLUMN_MISSING",
        "things_2019-08-03.csv": (1, 1, 0),
        "things_2019-08-04.csv": (1, 1, 0),
        "things_2019-08-05_r1.csv": "NAME_REVISION",
        "things_2019-09-01.csv": "EXTRACT_IN_FUTURE",
    }
    assert [rule.code for rule in summary.failed_rules] == ["COLUMN_UNKNOWN"]
    assert sandbox.warehouse("select seen_at::varchar, note from raw.things where seen_at is not null") == [
        ("2019-08-03 10:11:00", None)
    ]


def test_a_file_of_the_future_is_judged_again_when_its_day_has_come(sandbox: Sandbox) -> None:
    """It waits in the ledger as rejected; its own words say that it can be supplied again."""
    sandbox.deliver({"things_2019-09-01.csv": delivery("T1,found,,,,,,,,")})
    assert counts(sandbox.load()) == {"things_2019-09-01.csv": "EXTRACT_IN_FUTURE"}
    sandbox.today = date(2019, 9, 1)
    sandbox.deliver({"again/things_2019-09-01.csv": delivery("T1,found,,,,,,,,")})
    assert counts(sandbox.load()) == {"things_2019-09-01.csv": (1, 1, 0)}


def test_no_value_that_may_be_personal_is_anywhere(sandbox: Sandbox) -> None:
    header = "Thing ref,Status,Seen at,Started on,Count,Price,Is open,Note,Person name,Person born,Another column"
    sandbox.deliver(
        {
            "things_2019-08-07.csv": delivery(
                "T1,found,,,1,,,,MARKER One,MARKER,MARKER",
                "T2,MARKER Two,,,1,,,,MARKER One,MARKER,MARKER",
                "T3,found,,,1,,,,MARKER,too,many,MARKER,fields",
                "MARKER,few",
                'T4,found,,,1,,,,"MARKER ""quoted"" 4",,"MARKER',
                'on two lines"',
                header=header,
            ),
            "things_2019-08-08.csv": b"\xffThing ref,MARKER\n\x81\n",
            "things_2019-08-09.csv": delivery('T1,found,,,1,,,,"MARKER never closed,', header=header),
        }
    )
    scratch: list[bytes] = []
    real = load.load

    def spying(contract: Contract, connection: Any, database: Path, *given: Any, **named: Any) -> Any:
        with duckdb.connect(str(database), read_only=True) as opened:
            scratch.append(everything(opened))
        scratch.extend(path.read_bytes() for path in database.parent.rglob("*") if path.is_file())
        return real(contract, connection, database, *given, **named)

    with patch.object(load, "load", spying):
        summary = sandbox.load()
    assert counts(summary) == {
        "things_2019-08-07.csv": (5, 2, 3),
        "things_2019-08-08.csv": "ENCODING",
        "things_2019-08-09.csv": "QUOTE_UNCLOSED",
    }
    # Extract keeps the text of a status until the load has judged it; nothing else of the marked text is even there.
    assert b"MARKER Two" in scratch[0]
    assert scratch[0].replace(b"MARKER Two", b"").count(b"MARKER") == 0
    with duckdb.connect(str(sandbox.paths.warehouse), read_only=True) as connection:
        assert b"MARKER" not in everything(connection)
    assert "MARKER" not in repr(summary)
    assert "MARKER" not in repr(sandbox.artifacts)
    for path in sandbox.data.rglob("*"):
        if path.is_file():
            assert b"MARKER" not in path.read_bytes(), path


def everything(connection: duckdb.DuckDBPyConnection) -> bytes:
    """All tables of a database as text."""
    tables = connection.execute("select schema_name, table_name from duckdb_tables()").fetchall()
    return "\n".join(
        f"{name} {connection.execute(f'from {schema}.{name}').fetchall()}" for schema, name in tables
    ).encode()


def test_bad_rows_go_to_quarantine_whole_however_many_at_once(sandbox: Sandbox, tmp_path: Path) -> None:
    kept = []
    for at_once in (1, 2, 3, 100_000):
        another = replace(sandbox, folder=tmp_path / str(at_once))
        good = [f"T{number},found,,,1,,,,," for number in range(30)]
        bad = [",found,,,1,,,,,", "T90,lost in space,,,x,,,,,", "T91,,,,,,,,,"]
        another.deliver({"things_2019-08-07.csv": delivery(*good[:3], *bad, *good[3:], bad[0])})
        with patch.object(load, "QUARANTINED_AT_ONCE", at_once):
            another.load()
        kept.append(another.warehouse("select record_no, rules, messages, record from quarantine.rows order by all"))
    assert [row[0] for row in kept[0]] == [5, 6, 7, 35]
    assert all(len(rules) == len(messages) > 0 for _, rules, messages, _ in kept[0])
    assert kept[0][1][1] == sorted(kept[0][1][1])
    assert kept[1:] == kept[:1] * 3
