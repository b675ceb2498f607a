"""Every rule of every contract on a row that it must fail on and on one, next to it, that it must let pass."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import date
from functools import cache
from pathlib import Path

import duckdb
import pytest

from flows.contracts import MALFORMED, UNKNOWN_COLUMN, Contract, load_contracts
from flows.stages.extract import extract, find
from flows.stages.validate import validate
from tests.rules.fixtures import FOLDER, Fixture, Fixtures, gaps, judged, read

CONTRACTS = load_contracts()
LONG_AGO = 1_000_000_000
"""When a file was last changed, seconds since 1970: a young one would be waited for."""

CRITICAL = {
    "asb_incidents": {
        "STATUS_UNKNOWN",
        "QUALIFIER_UNKNOWN",
        "CREATED_AT_TOO_EARLY",
        "CREATED_AFTER_EXTRACT",
        "OCCURRED_AFTER_CREATED",
        "COORDINATE_HALF",
    },
    "crimes": {
        "CRIME_NUMBER_FORMAT",
        "STATUS_UNKNOWN",
        "CLASS_CODE_UNKNOWN",
        "CLASS_CODE_FORMAT",
        "CLASS_CODE_NOT_RECORDABLE",
        "CLASS_CODE_NOT_VALID",
        "SUB_CODE_UNKNOWN",
        "SUB_CODE_FORMAT",
        "SUB_CODE_NOT_VALID",
        "RECORDED_AT_TOO_EARLY",
        "RECORDED_AFTER_EXTRACT",
        "REPORTED_AFTER_RECORDED",
        "COMMITTED_SPAN_REVERSED",
        "COMMITTED_AFTER_RECORDED",
        "PREMISES_TYPE_UNKNOWN",
        "COORDINATE_HALF",
        "OUTCOME_CODE_UNKNOWN",
        "OUTCOME_21_TOO_EARLY",
        "OUTCOME_22_TOO_EARLY",
        "OUTCOME_BEFORE_RECORDED",
        "VICTIM_TYPE_UNKNOWN",
        "CIRCUMSTANCE_UNKNOWN",
    },
    "enforcement_actions": {
        "PROGRAMME_UNKNOWN",
        "STAGE_UNKNOWN",
        "INSTRUMENT_UNKNOWN",
        "HUB_MONTH_NOT_A_FIRST",
    },
    "engagement_activities": {
        "PROGRAMME_UNKNOWN",
        "ACTIVITY_TYPE_UNKNOWN",
        "DAYS_TOO_FEW",
        "ORGANISATION_TYPE_UNKNOWN",
        "ATTENDANCE_NEGATIVE",
        "ATTENDANCE_BASIS_UNKNOWN",
        "ARRESTS_NEGATIVE",
        "VEHICLES_SEIZED_NEGATIVE",
        "ITEMS_SEIZED_NEGATIVE",
    },
    "licensing_activities": {"ACTIVITY_TYPE_UNKNOWN", "REASON_UNKNOWN"},
    "police_uk_street": {
        "MONTH_NOT_OF_FILE",
        "CRIME_ID_FORMAT",
        "CRIME_TYPE_FROM_2013_05",
        "CRIME_TYPE_FROM_2011_09",
        "CRIME_TYPE_BEFORE_2011_09",
    },
    "prevent_referrals": {"RECORD_TYPE_UNKNOWN", "SECTOR_UNKNOWN", "CONCERN_UNKNOWN", "OUTCOME_UNKNOWN"},
    "public_order_events": {"EVENT_TYPE_UNKNOWN", "ESTIMATED_ATTENDANCE_NEGATIVE", "ARRESTS_NEGATIVE"},
    "roads_enforcement": {"NOTICE_TYPE_UNKNOWN", "OFFENCE_UNKNOWN", "DISPOSAL_UNKNOWN"},
    "support_bus_attendances": {"SEX_UNKNOWN", "NEED_UNKNOWN", "OUTCOME_UNKNOWN", "MINUTES_WITH_SERVICE_NEGATIVE"},
    "triage_contacts": {"S136_USED_NOT_CONSIDERED", "OUTCOME_UNKNOWN"},
    "vehicle_checks": {
        "PROGRAMME_UNKNOWN",
        "VEHICLE_CLASS_UNKNOWN",
        "OFFENCES_NEGATIVE",
        "OFFENCES_THOUGH_COMPLIANT",
    },
}
"""The critical rules that a contract states: lists of values, patterns, orders of dates. No other may quarantine a row.

To them come those that are made of types, required columns, the key and the force.
"""

NOT_JUDGED_BY_ROWS = {
    "licensing_activities": {"timeliness"},
    "police_uk_street": {"timeliness"},
    "prevent_referrals": set[str](),
    "support_bus_attendances": {"timeliness"},
    "triage_contacts": {"accuracy"},
    "vehicle_checks": {"timeliness"},
}
"""Dimensions that no row of a source can be judged in.

One date says nothing of how late a row is: whether its file is in time does. Of a triage contact there is only a time,
three flags and a code, and no other word of them to hold them against.
"""

Judged = Callable[[str], dict[Fixture, set[str]]]
of_each_source = pytest.mark.parametrize("source", CONTRACTS)


@cache
def fixtures_of(source: str) -> Fixtures:
    return read(FOLDER / f"{source}.yml")


@pytest.fixture(scope="module")
def judgement(tmp_path_factory: pytest.TempPathFactory) -> Judged:
    """What the rules say of all fixtures of a source, by one validation."""

    @cache
    def judge(source: str) -> dict[Fixture, set[str]]:
        return judged(CONTRACTS[source], fixtures_of(source), tmp_path_factory.mktemp(source))

    return judge


@of_each_source
def test_every_rule_has_rows_that_it_fails_on_and_rows_that_it_lets_pass(source: str) -> None:
    assert gaps(CONTRACTS[source], fixtures_of(source)) == []


@of_each_source
def test_the_base_breaks_no_rule_and_leaves_no_column_blank(source: str, judgement: Judged) -> None:
    contract, base = CONTRACTS[source], fixtures_of(source).base
    own_key = {*contract.key} if contract.delivery.kind == "changes" else set[str]()
    assert {*base} == {column.name for column in contract.loaded_columns} - own_key
    assert all(base.values()), "a column that is blank shows nothing"
    assert next(broken for fixture, broken in judgement(source).items() if fixture.code == "BASE") == set()


@pytest.mark.parametrize(
    ("source", "code"),
    [
        pytest.param(source, rule.code, id=f"{source}-{rule.code}")
        for source, contract in CONTRACTS.items()
        for rule in contract.all_rules
    ],
)
def test_rule(source: str, code: str, judgement: Judged) -> None:
    """A failing row breaks its rule, a passing one does not, and each breaks no other than those it names."""
    wrong = [
        f"{fixture.name}: breaks {sorted(broken) or 'no rule'}, and was to break {sorted(fixture.expected) or 'none'}"
        for fixture, broken in judgement(source).items()
        if fixture.code == code and broken != fixture.expected
    ]
    assert wrong == []


def described(**changes: object) -> Contract:
    return CONTRACTS["triage_contacts"].model_copy(update=changes)


def test_a_rule_without_fixtures_and_fixtures_without_a_rule_are_told_with_what_to_do() -> None:
    fixtures = fixtures_of("triage_contacts")
    given = dict(fixtures.rules)
    given["CONTACT_TOO_EARLY"] = {"fails": given["CONTACT_TOO_EARLY"]["fails"], "passes": []}
    given["OUTCOME_UNKNOWN"] = {"passes": [{"place": "here"}]}
    given["GONE"] = given.pop("OUTCOME_OVERDUE")
    where = "tests/rules/triage_contacts.yml"
    assert gaps(described(), Fixtures("triage_contacts", fixtures.base, fixtures.file, given)) == [
        f"OUTCOME_UNKNOWN has no row that it fails on: add to {where}, under rules, OUTCOME_UNKNOWN, fails, such a row",
        f"CONTACT_TOO_EARLY has no row that it lets pass: add to {where}, under rules, CONTACT_TOO_EARLY, passes, the "
        "row nearest to a failing one that must not fail",
        f"OUTCOME_OVERDUE has no row that it fails on: add to {where}, under rules, OUTCOME_OVERDUE, fails, such a row",
        f"OUTCOME_OVERDUE has no row that it lets pass: add to {where}, under rules, OUTCOME_OVERDUE, passes, the row "
        "nearest to a failing one that must not fail",
        f"{where} has fixtures of GONE, which is no rule of expectations/triage_contacts.yml: remove them, or give the "
        "rule the code that it had",
        f"{where} names the column place, which expectations/triage_contacts.yml does not load: correct "
        "OUTCOME_UNKNOWN, passes, number 1",
    ]


@of_each_source
def test_just_the_rules_that_the_specification_makes_critical_are(source: str) -> None:
    assert {rule.code for rule in CONTRACTS[source].rules if rule.severity == "critical"} == CRITICAL[source]


@of_each_source
def test_each_dimension_of_quality_is_judged_where_rows_can_be(source: str) -> None:
    every = {"completeness", "uniqueness", "consistency", "timeliness", "validity", "accuracy"}
    found = {rule.dimension for rule in CONTRACTS[source].all_rules}
    assert every - found == NOT_JUDGED_BY_ROWS.get(source, set())


# What the first stage finds: lines whose columns cannot be told apart, and columns that nobody knows.

HEADER = "contact_ref,contact_at,clinician_on_duty,s136_considered,s136_used,outcome,subject_name"
HEADER += ",subject_date_of_birth,nhs_number"
LINE = "A1,2019-08-07 10:00,Y,Y,Y,place_of_safety,Sample Person,,"


def found_in(folder: Path, content: str) -> dict[str, int]:
    """The two rules of the first stage → rows that fail them, of one file of triage contacts."""
    contract = CONTRACTS["triage_contacts"]
    path = folder / "triage_contacts_2019-08-07.csv"
    path.write_text(content, encoding="utf-8")
    os.utime(path, (LONG_AGO, LONG_AGO))
    found = find(
        folder,
        CONTRACTS,
        known=lambda _: False,
        default_force="Sample Constabulary",
        folder_forces={},
        today=date(2019, 8, 7),
    )
    scratch = folder / "scratch"
    scratch.mkdir()
    database = extract(contract, found.arrivals, scratch, is_repeat=lambda *_: False, hmac_key=b"").database
    validate(contract, database)
    with duckdb.connect(str(database), read_only=True) as connection:
        rows = connection.execute("select code, failed from rule_results").fetchall()
    return {code: failed for code, failed in rows if code in (MALFORMED, UNKNOWN_COLUMN)}


@pytest.mark.parametrize(
    ("line", "malformed"),
    [
        pytest.param(f"{LINE},", 1, id="a field too many"),
        pytest.param(LINE.removesuffix(","), 1, id="a field too few"),
        pytest.param(LINE.replace("Sample", "Sam\0ple"), 1, id="a NUL"),
        pytest.param(LINE.replace("Sample Person", '"Person, Sample"'), 0, id="a quoted comma"),
        pytest.param(LINE.replace("Sample Person", '"Sample\nPerson"'), 0, id="a quoted line break"),
        pytest.param("", 0, id="a blank line"),
    ],
)
def test_row_malformed(tmp_path: Path, line: str, malformed: int) -> None:
    content = f"{HEADER}\n{LINE}\n{line.replace('A1', 'A2')}\n"
    assert found_in(tmp_path, content) == {MALFORMED: malformed, UNKNOWN_COLUMN: 0}


@pytest.mark.parametrize(
    ("header", "unknown"),
    [
        pytest.param("officer", 2, id="a column that nobody knows"),
        pytest.param("", 0, id="a column without a header"),
    ],
)
def test_column_unknown(tmp_path: Path, header: str, unknown: int) -> None:
    content = f"{HEADER},{header}\n{LINE},x\n{LINE.replace('A1', 'A2')},x\n"
    assert found_in(tmp_path, content) == {MALFORMED: 0, UNKNOWN_COLUMN: unknown}


def test_a_header_in_another_spelling_is_known(tmp_path: Path) -> None:
    content = f"{HEADER.replace('contact_at', ' Contact  AT')}\n{LINE}\n"
    assert found_in(tmp_path, content) == {MALFORMED: 0, UNKNOWN_COLUMN: 0}
