"""Rules of every kind on rows made by hand: which rows fail, how many, and what happens when a rule can't be judged."""

import json
import logging
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import duckdb
import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import DBAPIError

from flows.contracts import MALFORMED, UNKNOWN_COLUMN, Contract, load_contracts
from flows.errors import SaferCityError, UsageError
from flows.stages.validate import RuleResult, suite, validate
from flows.stages.validate.gx_on_duckdb import connection_to
from flows.stages.validate.suite import Verdict, asset_name, suites
from tests.rules.scratch_file import scratch_file

CONTRACTS = load_contracts()
STREET = CONTRACTS["police_uk_street"]

FAILS_ON = "select code, list(row_id order by row_id) from failures group by code"


def contract(*rules: dict[str, Any], **changes: Any) -> Contract:
    """A small source of keyed changes with a column of each type and one personal column."""
    columns = [
        {"name": "ref", "type": "code", "required": True},
        {"name": "colour", "type": "text"},
        {"name": "number", "type": "int"},
        {"name": "low", "type": "decimal"},
        {"name": "high", "type": "decimal", "bad_type": "warning"},
        {"name": "started_on", "type": "date"},
        {"name": "seen_at", "type": "time", "required": True},
        {"name": "is_open", "type": "flag"},
        {"name": "person", "type": "text", "personal": True},
    ]
    described = {
        "source": "things",
        "system": "made_up",
        "title": "Made-up things",
        "record_source": "force",
        "description": "Made-up things for a test",
        "owner": "Owner of things",
        "cadence": "daily",
        "delivery": {"kind": "changes", "naming": "dated"},
        "key": ["ref"],
        "columns": [{"description": f"The {column['name']} of a thing", **column} for column in columns],
        "rules": [
            {"severity": "critical", "dimension": "validity", "message": "Made-up rule", **rule} for rule in rules
        ],
    }
    return Contract.model_validate(described | changes)


def things(*rows: dict[str, Any]) -> list[dict[str, Any]]:
    """Rows that break no generated rule, changed as given."""
    return [{"ref": f"T{place}", "seen_at": "2019-08-07 10:11", **row} for place, row in enumerate(rows)]


def query(database: Path, sql: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(database)) as connection:
        return connection.execute(sql).fetchall()


def failures(database: Path) -> dict[str, list[int]]:
    return dict(query(database, FAILS_ON))


def failed(results: Iterable[RuleResult]) -> dict[str, int]:
    return {result.code: result.failed for result in results if result.failed}


GOOD = {
    "crime_id": "0" * 63 + "a",
    "month": "2019-08",
    "reported_by": "Sample Constabulary",
    "falls_within": "Sample Constabulary",
    "longitude": "-0.1",
    "latitude": "51.5",
    "location": "On or near Sample Street",
    "lsoa_code": "E01000001",
    "lsoa_name": "Sample 001A",
    "crime_type": "Burglary",
    "last_outcome": "Under investigation",
}


# Rules that a contract generates


def test_rules_made_from_types_required_columns_and_the_key(tmp_path: Path) -> None:
    rows = things(
        {},
        {"ref": ""},
        {"ref": "T 2"},
        {"seen_at": None},
        {"seen_at": "2019-08-07"},
        {"number": "one", "low": "1e5", "high": "x", "started_on": "2019-02-29", "is_open": "maybe"},
        {"ref": "TWICE", "number": "1"},
        {"ref": "TWICE", "number": "2"},
        {"ref": "COPY", "number": "1"},
        {"ref": "COPY", "number": "1.0"},
    )
    results = validate(contract(), database := scratch_file(tmp_path, contract(), rows))
    assert failures(database) == {
        "REF_MISSING": [1],
        "REF_TYPE": [2],
        "SEEN_AT_MISSING": [3],
        "SEEN_AT_TYPE": [4],
        "NUMBER_TYPE": [5],
        "LOW_TYPE": [5],
        "HIGH_TYPE": [5],
        "STARTED_ON_TYPE": [5],
        "IS_OPEN_TYPE": [5],
        "KEY_REPEATED": [6, 7],
    }
    severities = {result.code: result.severity for result in results}
    assert severities["HIGH_TYPE"] == "warning"
    assert {severities[code] for code in ("LOW_TYPE", "KEY_REPEATED", "SEEN_AT_MISSING")} == {"critical"}


# Rules that a contract states


def judged(folder: Path, rules: Iterable[dict[str, Any]], *rows: dict[str, Any]) -> list[list[int]]:
    """The rows that fail each rule; Great Expectations' count is held against them by the stage itself."""
    described = contract(*({"code": f"RULE_{place}", **rule} for place, rule in enumerate(rules)))
    database = scratch_file(folder, described, things(*rows))
    results = validate(described, database)
    found = failures(database)
    assert failed(results) == {code: len(ids) for code, ids in found.items()}
    assert set(found) <= {rule.code for rule in described.rules}
    return [found.get(rule.code, []) for rule in described.rules]


ODD = [
    *["it's", "'", "''", '"', "100%", "100%%", "%s", "%(x)s", "%%", "a\\b", "\\\\", "\\d", "\\'", "$1", "?", ":name"],
    *[";", "--", "{x}", "naïve", "ＡＢ", "👮", "a;b", "select", "tab\there", "line\nbreak"],
]


def test_odd_text_in_a_set_of_values(tmp_path: Path) -> None:
    """Each odd text alone fails a set of all the others, and all fail where none of them is allowed."""
    rows: list[dict[str, Any]] = [{"colour": text} for text in (*ODD, "red", None)]
    rules = [
        {
            "expectation": "expect_column_values_to_be_in_set",
            "kwargs": {"column": "colour", "value_set": [text for text in (*ODD, "red") if text != missing]},
        }
        for missing in ODD
    ]
    none = {"expectation": "expect_column_values_to_not_be_in_set", "kwargs": {"column": "colour", "value_set": ODD}}
    all_of_them = [*range(len(ODD))]
    assert judged(tmp_path, [*rules, none], *rows) == [*([place] for place in all_of_them), all_of_them]


REGEXES = {
    r"^\d+$": {"12"},
    r"^\w+\s\w+$": {"two words"},
    r"^[^']+'s$": {"it's"},
    r"^100%$": {"100%"},
    r"^%%$": {"%%"},
    r"^a\\b$": {"a\\b"},
    r"^\$1\?$": {"$1?"},
    r"^naïve|👮$": {"naïve", "👮"},
    r"^\p{Lu}{2}$": {"ÉÀ"},
    r":name": {":name"},
    r"^%\(x\)s$": {"%(x)s"},
    r"(?i)^RED$": {"red"},
}


def test_odd_text_in_a_regex(tmp_path: Path) -> None:
    texts = [*sorted(set().union(*REGEXES.values())), None]
    rules = [
        {"expectation": "expect_column_values_to_match_regex", "kwargs": {"column": "colour", "regex": regex}}
        for regex in REGEXES
    ]
    failing = [
        [place for place, text in enumerate(texts) if text is not None and text not in matching]
        for matching in REGEXES.values()
    ]
    assert judged(tmp_path, rules, *({"colour": text} for text in texts)) == failing


ROWS = [
    {"number": "0", "low": "1", "high": "2", "started_on": "2019-01-31", "colour": "red"},
    {"number": "1", "low": "2", "high": "2", "started_on": "2019-02-01", "colour": "green"},
    {"number": "2", "low": "3", "high": "2", "started_on": "28/02/2019", "colour": "red"},
    {"number": "3", "low": None, "high": "2", "started_on": "2019-03-01", "colour": None},
    {"number": None, "low": "1", "high": None, "started_on": None, "colour": None},
]

EXPECTATIONS: list[tuple[str, dict[str, Any], list[int]]] = [
    ("values_to_be_between", {"column": "number", "min_value": 1, "max_value": 2}, [0, 3]),
    ("values_to_be_between", {"column": "number", "min_value": 1}, [0]),
    ("values_to_be_between", {"column": "number", "max_value": 1, "strict_max": True}, [1, 2, 3]),
    ("values_to_be_between", {"column": "high", "min_value": 2.5}, [0, 1, 2, 3]),
    ("values_to_be_between", {"column": "started_on", "min_value": date(2019, 2, 1)}, [0]),
    ("values_to_be_between", {"column": "started_on", "max_value": date(2019, 2, 28)}, [3]),
    ("values_to_be_in_set", {"column": "number", "value_set": [1]}, [0, 2, 3]),
    ("values_to_be_in_set", {"column": "number", "value_set": [1, 2]}, [0, 3]),
    ("values_to_not_be_in_set", {"column": "number", "value_set": [0]}, [0]),
    ("values_to_be_null", {"column": "number"}, [0, 1, 2, 3]),
    ("values_to_not_be_null", {"column": "number"}, [4]),
    ("values_to_be_unique", {"column": "colour"}, [0, 2]),
    ("value_lengths_to_be_between", {"column": "colour", "max_value": 4}, [1]),
    ("value_lengths_to_equal", {"column": "colour", "value": 5}, [0, 2]),
    ("values_to_not_match_regex", {"column": "colour", "regex": "^r"}, [0, 2]),
    ("values_to_match_regex_list", {"column": "colour", "regex_list": ["^r", "x"]}, [1]),
    ("values_to_match_like_pattern", {"column": "colour", "like_pattern": "gr%"}, [0, 2]),
    (
        "pair_values_a_to_be_greater_than_b",
        {"column_A": "high", "column_B": "low", "or_equal": True, "ignore_row_if": "either_value_is_missing"},
        [2],
    ),
]


def test_expectations(tmp_path: Path) -> None:
    """Missing values are left alone, but by the expectations about them."""
    rules = [{"expectation": f"expect_column_{name}", "kwargs": kwargs} for name, kwargs, _ in EXPECTATIONS]
    assert judged(tmp_path, rules, *ROWS) == [failing for *_, failing in EXPECTATIONS]


CONDITIONS: list[tuple[dict[str, Any], list[int]]] = [
    ({"breaks": "number > 1"}, [2, 3]),
    ({"breaks": "number is null"}, [4]),
    ({"breaks": "number > 1 or number = 0"}, [0, 2, 3]),
    ({"breaks": "started_on > file_extract_date"}, []),
    ({"breaks": "number > 0", "when": "number < 3"}, [1, 2]),
    ({"breaks": "number > 0", "when": "number < 2 or number = 3"}, [1, 3]),
    ({"breaks": "file_force like '%''s' or file_force <> 'Sample Constabulary' or number = 3"}, [3]),
    (
        {
            "expectation": "expect_column_values_to_be_in_set",
            "kwargs": {"column": "colour", "value_set": ["blue"]},
            "when": "number < 2 or started_on is null",
        },
        [0, 1],
    ),
]


def test_conditions_in_sql(tmp_path: Path) -> None:
    """A condition that is NULL is not met: the row does not fail, or the rule does not hold for it."""
    rules = [rule for rule, _ in CONDITIONS]
    assert judged(tmp_path, rules, *ROWS) == [failing for _, failing in CONDITIONS]


def test_two_rules_alike_but_for_their_codes_and_reserved_words(tmp_path: Path) -> None:
    rule = {"expectation": "expect_column_values_to_not_be_null", "kwargs": {"column": "order"}}
    described = contract(
        {"code": "ONE", **rule},
        {"code": "TWO", **rule, "severity": "info", "owner": "Somebody else"},
        {"code": "THREE", **rule, "when": "\"select\" = 'x'", "severity": "warning"},
        columns=[
            {"name": "ref", "type": "code", "description": "The reference"},
            {"name": "order", "type": "text", "description": "A reserved word"},
            {"name": "select", "type": "text", "description": "A reserved word"},
        ],
    )
    rows = [{"ref": "A", "select": "x"}, {"ref": "B"}, {"ref": "C", "order": "y"}]
    database = scratch_file(tmp_path, described, rows)
    results = {result.code: result for result in validate(described, database)}
    assert failures(database) == {"ONE": [0, 1], "TWO": [0, 1], "THREE": [0]}
    assert (results["ONE"].severity, results["TWO"].severity) == ("critical", "info")
    assert (results["ONE"].owner, results["TWO"].owner) == ("Owner of things", "Somebody else")
    assert (results["THREE"].checked, results["THREE"].severity) == (1, "warning")


# What is written


def test_rule_results_per_file(tmp_path: Path) -> None:
    described = contract(
        {"code": "RED", "breaks": "colour = 'red'", "when": "number = 1", "severity": "warning"},
        {"code": "NO_COLOUR", "expectation": "expect_column_values_to_not_be_null", "kwargs": {"column": "colour"}},
    )
    rows = things(
        {"colour": "red", "number": "1"},
        {"colour": "red", "number": "1"},
        {"colour": "red"},
        {"colour": None, "number": "1"},
        {"colour": "blue", "number": "1", "file_id": 2},
        {"colour": None, "file_id": 2},
    )
    database = scratch_file(
        tmp_path,
        described,
        rows,
        files=[{}, {"unknown_columns": 2}, {}, {"problem_code": "ENCODING", "received": None}, {"received": 0}],
        malformed=[2, 3, 3, 3],
    )
    results = {result.code: result for result in validate(described, database)}

    per_file = "select code, file_id, checked, failed from rule_results where code = any({}) order by code, file_id"
    assert query(database, per_file.format(["RED", "NO_COLOUR"])) == [
        ("NO_COLOUR", 1, 4, 1),
        ("NO_COLOUR", 2, 2, 1),
        ("RED", 1, 3, 2),
        ("RED", 2, 1, 0),
    ]
    assert query(database, per_file.format([MALFORMED, UNKNOWN_COLUMN])) == [
        (UNKNOWN_COLUMN, 1, 4, 0),
        (UNKNOWN_COLUMN, 2, 3, 3),
        (UNKNOWN_COLUMN, 3, 3, 0),
        (MALFORMED, 1, 4, 0),
        (MALFORMED, 2, 3, 1),
        (MALFORMED, 3, 3, 3),
    ]
    assert (results["RED"].checked, results["RED"].failed) == (4, 2)
    assert (results[MALFORMED].severity, results[MALFORMED].dimension) == ("critical", "validity")
    assert (results[MALFORMED].checked, results[MALFORMED].failed) == (10, 4)
    assert (results[UNKNOWN_COLUMN].severity, results[UNKNOWN_COLUMN].dimension) == ("warning", "consistency")
    assert list(results) == [rule.code for rule in described.all_rules] + [MALFORMED, UNKNOWN_COLUMN]
    assert [tuple(row[:2]) for row in query(database, "describe rule_results")] == [
        ("code", "VARCHAR"),
        ("severity", "VARCHAR"),
        ("dimension", "VARCHAR"),
        ("message", "VARCHAR"),
        ("owner", "VARCHAR"),
        ("file_id", "INTEGER"),
        ("checked", "BIGINT"),
        ("failed", "BIGINT"),
    ]
    assert [tuple(row[:2]) for row in query(database, "describe failures")] == [
        ("code", "VARCHAR"),
        ("row_id", "BIGINT"),
    ]


def test_running_again_gives_the_same_and_leaves_the_file_alone_and_closed(tmp_path: Path) -> None:
    described = contract({"code": "RED", "breaks": "colour = 'red'"})
    database = scratch_file(tmp_path, described, things({"colour": "red"}, {}))
    first = validate(described, database), failures(database)
    assert (validate(described, database), failures(database)) == first
    assert [path.name for path in tmp_path.iterdir()] == [database.name]


@pytest.mark.parametrize(
    "name", ["a b.duckdb", "100%.duckdb", "q?x=1.duckdb", "#1.duckdb", "$HOME.duckdb", "é'@:.duckdb"]
)
def test_any_path(tmp_path: Path, name: str) -> None:
    described = contract({"code": "RED", "breaks": "colour = 'red'"})
    database = scratch_file(tmp_path, described, things({"colour": "red"}), name=name)
    validate(described, database)
    assert failures(database) == {"RED": [0]}
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_great_expectations_can_not_write(tmp_path: Path) -> None:
    arguments = connection_to(scratch_file(tmp_path, contract(), []), {})
    engine = create_engine(arguments["connection_string"], **arguments["kwargs"])
    with engine.connect() as connection, pytest.raises(DBAPIError, match="read-only"):
        connection.execute(text("create table another (number integer)"))
    engine.dispose()


# Suites


@pytest.mark.parametrize("described", [*CONTRACTS.values(), contract()], ids=lambda described: described.source)
def test_each_rule_stands_in_the_suites_once(described: Contract) -> None:
    """With its own severity and facts, on its own table or view, and naming no personal column."""
    expectations = [
        (asset, expectation, expectation.meta or {})
        for asset, members in suites(described).items()
        for expectation in members.expectations
    ]
    assert Counter(meta["code"] for *_, meta in expectations) == Counter(rule.code for rule in described.all_rules)
    rules = {rule.code: rule for rule in described.all_rules}
    personal = {column.name for column in described.columns if column.personal}
    for asset, expectation, meta in expectations:
        rule = rules[meta["code"]]
        assert asset == asset_name(rule)
        assert expectation.severity.value == rule.severity
        assert meta == {
            "code": rule.code,
            "severity": rule.severity,
            "dimension": rule.dimension,
            "owner": described.rule_owner(rule),
            "message": rule.message,
        }
        configuration = expectation.configuration
        assert rule.breaks or configuration.type == rule.expectation
        assert rule.breaks or rule.kwargs.items() <= configuration.kwargs.items()
        assert personal.isdisjoint(str(value) for value in configuration.kwargs.values())


# Values stay where they are

SECRET = "Jane Sample-Marker"


def test_no_value_leaves_through_the_results(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    described = contract(
        {
            "code": "COLOUR_UNKNOWN",
            "expectation": "expect_column_values_to_be_in_set",
            "kwargs": {"column": "colour", "value_set": ["red"]},
        },
        {"code": "ORDER", "expectation": "expect_column_values_to_be_unique", "kwargs": {"column": "colour"}},
        {"code": "BROKEN", "breaks": "colour <> 'red'"},
    )
    seen: list[str] = []
    verdict_of = suite._verdict

    def overhear(result: Any) -> Verdict:
        seen.append(json.dumps(result.to_json_dict()))
        return verdict_of(result)

    monkeypatch.setattr(suite, "_verdict", overhear)
    rows = things({"colour": SECRET}, {"colour": SECRET}, {"number": SECRET}, {"ref": SECRET})
    results = validate(described, scratch_file(tmp_path, described, rows))
    assert failed(results) == {"COLOUR_UNKNOWN": 2, "ORDER": 2, "BROKEN": 2, "NUMBER_TYPE": 1, "REF_TYPE": 1}
    assert len(seen) == len(described.all_rules)
    assert '"unexpected_count": 2' in "".join(seen)
    assert SECRET not in "".join(seen)
    assert SECRET not in str(results)


def test_no_personal_column_is_read(tmp_path: Path) -> None:
    database = scratch_file(tmp_path, contract(), things({"person": SECRET}))
    validate(contract(), database)
    assert query(database, "select table_name from duckdb_columns() where column_name ilike '%person%'") == []
    assert SECRET.encode() not in database.read_bytes()
    with pytest.raises(UsageError, match="the condition of the rule NAMED is no SQL"):
        validate(contract({"code": "NAMED", "breaks": "person is null"}), database)


# Rules that can't be judged


@pytest.mark.parametrize(
    "rule",
    [
        {"expectation": "expect_column_values_to_match_regex", "kwargs": {"column": "colour", "regex": "["}},
        {"expectation": "expect_column_values_to_be_between", "kwargs": {"column": "colour", "min_value": 1}},
        {"expectation": "expect_table_row_count_to_equal", "kwargs": {"value": 1}},
        {"expectation": "expect_column_max_to_be_between", "kwargs": {"column": "number", "max_value": 1}},
        {"breaks": "colour::integer = 1"},
        {"breaks": "number = 1", "when": "colour::integer = 1"},
    ],
)
def test_a_rule_that_raises_fails_the_run_without_quoting(
    tmp_path: Path, rule: dict[str, Any], capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    described = contract({"code": "UNSOUND", **rule}, {"code": "SOUND", "breaks": "number = 1"})
    database = scratch_file(tmp_path, described, things({"colour": SECRET}))
    with pytest.raises(SaferCityError, match="things: the rule UNSOUND could not be judged") as caught:
        validate(described, database)
    assert SECRET not in str(caught.value)
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
    assert capfd.readouterr() == ("", "")
    assert [record.name for record in caplog.records if record.name.startswith("great_expectations")] == []
    assert SECRET not in caplog.text
    assert [path.name for path in tmp_path.iterdir()] == [database.name]
    query(database, "create table another (number integer)")


RAISED, CALM = {"raised_exception": True}, {"raised_exception": False}


@pytest.mark.parametrize("exception_info", [RAISED, {"one metric": CALM, "another": RAISED}])
def test_an_error_counts_even_beside_a_result(exception_info: dict[str, Any]) -> None:
    """Great Expectations tells of an error for the expectation as a whole, or for each metric."""
    result = SimpleNamespace(
        expectation_config=SimpleNamespace(meta={"code": "RED"}),
        result={"element_count": 1, "unexpected_count": 0, "unexpected_index_query": "select 1"},
        exception_info={"one metric": CALM, "another": CALM},
    )
    assert suite._is_judged(result)
    assert suite._verdict(result) == Verdict(code="RED", failed=0, query="select 1")
    result.exception_info = exception_info
    assert not suite._is_judged(result)


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ({"expectation": "expect_column_values_to_be_nice", "kwargs": {"column": "colour"}}, "RULE is no expectation"),
        ({"expectation": "expect_column_values_to_be_in_set", "kwargs": {"colum": "x"}}, "RULE is no expectation"),
        ({"breaks": "colour ="}, "condition of the rule RULE is no SQL"),
        ({"breaks": "color = 'red'"}, "condition of the rule RULE is no SQL"),
        ({"breaks": "number = 1", "when": "nummer = 2"}, "condition of the rule RULE is no SQL"),
    ],
)
def test_a_rule_that_is_none_says_so(tmp_path: Path, rule: dict[str, Any], message: str) -> None:
    described = contract({"code": "RULE", **rule})
    database = scratch_file(tmp_path, described, things({}))
    with pytest.raises(UsageError, match=message):
        validate(described, database)
    query(database, "create table another (number integer)")


@pytest.mark.parametrize("found", ["select row_id from typed", "select row_id from typed where false"])
def test_failing_rows_must_number_what_was_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, found: str) -> None:
    described = contract({"code": "RED", "breaks": "colour = 'red'"})
    database = scratch_file(tmp_path, described, things({"colour": "red"}, {}))
    monkeypatch.setattr("flows.stages.validate.judge", lambda *_: [Verdict(code="RED", failed=1, query=found)])
    with pytest.raises(SaferCityError, match="counted 1 rows that fail the rule RED, but its query finds"):
        validate(described, database)


def test_an_expectation_whose_query_finds_other_rows_is_refused(tmp_path: Path) -> None:
    """Great Expectations counts without the rows to be ignored, and leaves them in the query."""
    rule = {
        "expectation": "expect_column_pair_values_to_be_equal",
        "kwargs": {"column_A": "high", "column_B": "low", "ignore_row_if": "either_value_is_missing"},
    }
    with pytest.raises(SaferCityError, match=r"counted 2 rows that fail the rule RULE_0, but its query finds 4"):
        judged(tmp_path, [rule], *ROWS)


def test_an_error_of_duckdb_is_not_quoted(tmp_path: Path) -> None:
    database = scratch_file(tmp_path, contract(), things({"colour": SECRET}))
    query(database, "alter table files drop column extract_date")
    with pytest.raises(
        SaferCityError, match=r"things: DuckDB failed on .*scratch.duckdb \(BinderException\)"
    ) as caught:
        validate(contract(), database)
    assert "extract_date" not in str(caught.value)
    assert caught.value.__suppress_context__


# Cost

APART = """
import socket, sys
from pathlib import Path
from flows.contracts import Contract
from flows.stages.validate import validate

def forbidden(*_):
    raise RuntimeError("a socket was opened")

socket.socket.connect = socket.getaddrinfo = forbidden
contract = Contract.model_validate_json(sys.argv[1])
databases = [Path(name) for name in sys.argv[2:]]
"""


def run_apart(folder: Path, described: Contract, code: str, *databases: Path) -> str:
    """Run code in a process of its own, with no file in its home and temporary folder and sockets forbidden."""
    home = folder / "home"
    home.mkdir()
    places = dict.fromkeys(("HOME", "TMPDIR"), str(home))
    ended = subprocess.run(
        [sys.executable, "-c", APART + code, described.model_dump_json(), *map(str, databases)],
        cwd=home,
        env={**places, "PATH": os.environ["PATH"], "PYTHONPATH": str(Path(__file__).parents[2])},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ended.returncode, ended.stderr) == (0, "")
    assert list(home.rglob("*")) == []
    return ended.stdout


def test_a_source_without_rows_costs_no_great_expectations(tmp_path: Path) -> None:
    """All files rejected, and a file whose every line is malformed."""
    rejected = scratch_file(
        tmp_path, STREET, [], files=[{"problem_code": "ENCODING", "received": None}], name="a.duckdb"
    )
    malformed = scratch_file(tmp_path, STREET, [], malformed=[1, 1], name="b.duckdb")
    said = run_apart(
        tmp_path,
        STREET,
        """
print([[(r.code, r.checked, r.failed) for r in validate(contract, database)] for database in databases])
print({"great_expectations", "sqlalchemy", "pandas"} & set(sys.modules))
""",
        rejected,
        malformed,
    )
    assert said == f"{[[], [(MALFORMED, 2, 2), (UNKNOWN_COLUMN, 2, 0)]]}\nset()\n"
    for table in ("typed", "failures", "rule_results"):
        assert query(rejected, f"select count(*) from {table}") == [(0,)]


def test_writes_no_file_says_nothing_and_calls_nobody(tmp_path: Path) -> None:
    database = scratch_file(tmp_path, STREET, [GOOD | {"crime_type": "Arson"}], files=[{"slice": "2019-08"}])
    assert run_apart(tmp_path, STREET, "validate(contract, *databases)", database) == ""
    assert failures(database) == {"CRIME_TYPE_FROM_2013_05": [0]}


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the peak of memory is read from Linux's /proc")
def test_memory_stays_bounded_when_every_row_fails(tmp_path: Path) -> None:
    """300,000 rows fail 27 rules each.

    The libraries alone take 240 MB; the run was measured at 410 MB (and 670 MB for a million rows). With the lists of
    failing rows in Great Expectations' results one single rule took 880 MB.
    """
    in_set = {"expectation": "expect_column_values_to_be_in_set", "kwargs": {"column": "colour", "value_set": ["red"]}}
    described = contract(
        *({"code": f"SET_{number}", **in_set} for number in range(10)),
        *({"code": f"BREAKS_{number}", "breaks": "number is null"} for number in range(10)),
    )
    database = scratch_file(tmp_path, described, [])
    # Each key comes twice with differing content, and no number, date, time or flag can be read.
    query(
        database,
        """
        insert into received by name
        select
            1 as file_id,
            place + 2 as record_no,
            place as row_id,
            'R' || (place // 2) as ref,
            md5(place::varchar) as colour,
            'n' || place as number,
            'l' || place as low,
            'h' || place as high,
            'd' || place as started_on,
            's' || place as seen_at,
            'o' || place as is_open
        from range(300_000) rows(place)
        """,
    )
    said = run_apart(
        tmp_path,
        described,
        """
failed = [result.failed for result in validate(contract, *databases) if result.failed]
peak = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM:"))
print(len(failed), set(failed), int(peak.split()[1]) // 1024)
""",
        database,
    )
    *counts, megabytes = said.split()
    assert counts == ["27", "{300000}"]
    assert int(megabytes) < 600
