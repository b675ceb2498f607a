"""Each source of a force's own records, from a file to verdicts: every rule on rows that break it and rows that don't.

For each source there is a row that breaks no rule and leaves no column blank, and what changes of it break which
rules. What the delivery specification says of the columns is written here once more, by hand.
"""

from __future__ import annotations

import csv
import hmac
import os
from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb
import pytest

from flows.contracts import load_contracts
from flows.stages.extract import extract, find
from flows.stages.validate import validate

CONTRACTS = load_contracts()
EXTRACT_DATE = date(2019, 8, 7)
KEY = b"a key for this test only"
PERSONAL = "Sample Person"
"""In every personal column of a file."""
LONG_AGO = 1_000_000_000
"""When the file was last changed, seconds since 1970: a young one would be waited for."""

Row = dict[str, str]


@dataclass(frozen=True)
class Case:
    """What is known of one source.

    `good` holds its loaded columns but the key. `changes` are made to it, a row each, and break the rules named.
    `lists` has the columns with a list of values, the values parted by bars. `unreadable` gives each column that can
    have a wrong type a value that has. `required` and `personal` are columns.
    """

    key: str
    good: Row
    changes: list[tuple[Row, set[str]]]
    lists: Row
    unreadable: Row
    required: set[str]
    personal: set[str]

    @property
    def rows(self) -> list[tuple[Row, set[str]]]:
        """Every row with the codes of the rules that it breaks; the last two are blank and unreadable."""
        return [
            (self.good, set()),
            *((self.good | change, codes) for change, codes in self.changes),
            (dict.fromkeys(self.good, ""), {f"{name.upper()}_MISSING" for name in self.required - {self.key}}),
            (self.good | self.unreadable, {f"{name.upper()}_TYPE" for name in self.unreadable}),
        ]


WARDS: list[tuple[Row, set[str]]] = [
    ({"ward": "bridge and bridge without"}, set()),
    ({"ward": "Fleet Street"}, {"WARD_UNKNOWN"}),
]

CASES = {
    "asb_incidents": Case(
        key="incident_number",
        good={
            "status": "open",
            "created_at": "2019-08-07 23:59:59",
            "occurred_at": "2019-08-07 23:59:59",
            "category": "Begging/Vagrancy",
            "qualifier": "nuisance",
            "street": "Sample Street",
            "ward": "Bishopsgate",
            "premises": "Sample House",
            "licensed_premises": "Y",
            "easting": "530460",
            "northing": "182710",
        },
        changes=[
            *WARDS,
            ({"status": "cancelled", "category": "Inconsiderate Behaviour", "qualifier": "personal"}, set()),
            ({"status": "Open"}, {"STATUS_UNKNOWN"}),
            ({"category": "Fireworks"}, {"CATEGORY_UNKNOWN"}),
            ({"category": "noise"}, {"CATEGORY_UNKNOWN"}),
            ({"qualifier": "other"}, {"QUALIFIER_UNKNOWN"}),
            ({"created_at": "2000-01-01 00:00", "occurred_at": "1999-12-31 23:59"}, set()),
            ({"created_at": "1999-12-31 23:59:59", "occurred_at": ""}, {"CREATED_AT_TOO_EARLY"}),
            ({"created_at": "2019-08-08 00:00"}, {"CREATED_AFTER_EXTRACT"}),
            ({"created_at": "2019-08-07T23:30Z"}, {"CREATED_AFTER_EXTRACT"}),
            ({"created_at": "2019-08-07 10:00", "occurred_at": "2019-08-07 10:00:01"}, {"OCCURRED_AFTER_CREATED"}),
            ({"easting": ""}, {"COORDINATE_HALF"}),
            ({"northing": ""}, {"COORDINATE_HALF"}),
            ({"easting": "", "northing": ""}, set()),
            ({"easting": "534350", "northing": "179900.0"}, set()),
            ({"easting": "530459"}, {"COORDINATE_OUTSIDE_FORCE"}),
            ({"easting": "534351"}, {"COORDINATE_OUTSIDE_FORCE"}),
            ({"northing": "182711"}, {"COORDINATE_OUTSIDE_FORCE"}),
            ({"northing": "179899"}, {"COORDINATE_OUTSIDE_FORCE"}),
        ],
        lists={
            "status": "open|closed|cancelled",
            "category": (
                "Inconsiderate Behaviour|Begging/Vagrancy|Drunken Behaviour|Noise|Rowdy Nuisance|Street Drinking|"
                "Urination|Skateboarding/Cycling|Drugs|Other"
            ),
            "qualifier": "personal|nuisance|environmental",
        },
        unreadable={
            "status": "not open",
            "created_at": "2019-08-07",
            "occurred_at": "2019-08-07 24:00",
            "qualifier": "no body",
            "licensed_premises": "perhaps",
            "easting": "east",
            "northing": "1e5",
        },
        required={"incident_number", "status", "created_at", "category"},
        personal={"caller_name", "caller_phone", "log_text"},
    ),
    "enforcement_actions": Case(
        key="action_number",
        good={
            "programme": "luscombe",
            "person_ref": "P1",
            "stage": "yellow",
            "instrument": "cpw",
            "issued_on": "2019-08-07",
            "hub_number": "18",
            "hub_month": "2019-09-01",
            "hub_attended": "N",
            "street": "Sample Street",
            "ward": "Bishopsgate",
        },
        changes=[
            *WARDS,
            ({"programme": "alabama", "stage": "green", "instrument": "ticket"}, set()),
            ({"programme": "LUSCOMBE"}, {"PROGRAMME_UNKNOWN"}),
            ({"stage": "amber"}, {"STAGE_UNKNOWN"}),
            ({"instrument": "notice"}, {"INSTRUMENT_UNKNOWN"}),
            ({"issued_on": "2019-08-08"}, {"ISSUED_AFTER_EXTRACT"}),
            ({"hub_month": "2019-09-02"}, {"HUB_MONTH_NOT_A_FIRST"}),
            ({"hub_number": "", "hub_month": "", "hub_attended": ""}, set()),
            # P2 is warned on the 5th, P3 never, and of a cpn without a person nobody can say.
            ({"person_ref": "P2", "issued_on": "2019-08-05"}, set()),
            ({"person_ref": " P2 ", "issued_on": "2019-08-06", "stage": "red", "instrument": "cpn"}, set()),
            ({"person_ref": "P2", "issued_on": "2019-08-05", "instrument": "cpn"}, {"CPN_WITHOUT_CPW"}),
            ({"person_ref": "P2", "issued_on": "2019-08-04", "instrument": "cpn"}, {"CPN_WITHOUT_CPW"}),
            ({"person_ref": "P3", "issued_on": "2019-08-06", "instrument": "ticket"}, set()),
            ({"person_ref": "P3", "issued_on": "2019-08-07", "instrument": "cpn"}, {"CPN_WITHOUT_CPW"}),
            ({"person_ref": "", "instrument": "cpn"}, set()),
        ],
        lists={
            "programme": "luscombe|alabama|other",
            "stage": "green|yellow|red|blue|cbo",
            "instrument": "ticket|cpw|cpn|summons|cbo",
        },
        unreadable={
            "programme": "op luscombe",
            "stage": "dark green",
            "instrument": "a ticket",
            "issued_on": "2019-02-29",
            "hub_number": "1.5",
            "hub_month": "2019-09",
            "hub_attended": "no",
        },
        required={"action_number", "programme", "stage", "instrument", "issued_on"},
        personal={"person_name", "person_date_of_birth"},
    ),
    "public_order_events": Case(
        key="event_ref",
        good={
            "held_on": "07/08/2019",
            "event_type": "protest",
            "title": "A march for samples",
            "location": "From one end to the other",
            "street": "Sample Street",
            "ward": "Bishopsgate",
            "estimated_attendance": "0",
            "arrests": "0",
        },
        changes=[
            *WARDS,
            ({"event_type": "parade"}, {"EVENT_TYPE_UNKNOWN"}),
            ({"held_on": "08/08/2019"}, {"HELD_AFTER_EXTRACT"}),
            ({"estimated_attendance": "-1"}, {"ESTIMATED_ATTENDANCE_NEGATIVE"}),
            ({"arrests": "-1"}, {"ARRESTS_NEGATIVE"}),
        ],
        lists={
            "event_type": "protest|counter_protest|march|vigil|other",
        },
        unreadable={
            "held_on": "2019-08",
            "event_type": "a protest",
            "estimated_attendance": "about 50",
            "arrests": "none",
        },
        required={"event_ref", "held_on", "event_type"},
        personal=set(),
    ),
    "engagement_activities": Case(
        key="activity_ref",
        good={
            "programme": "operation",
            "activity_type": "deployment",
            "started_on": "2019-12-24",
            "days": "1",
            "hours": "2.5",
            "organisation": "Sample School",
            "organisation_type": "education",
            "internal": "N",
            "location": "Sample House",
            "attendance": "0",
            "attendance_basis": "at_least",
            "arrests": "0",
            "vehicles_seized": "1",
            "items_seized": "2",
        },
        changes=[
            ({"programme": "operations"}, {"PROGRAMME_UNKNOWN", "RESULTS_OUTSIDE_OPERATION"}),
            ({"activity_type": "talk"}, {"ACTIVITY_TYPE_UNKNOWN"}),
            ({"days": "0"}, {"DAYS_TOO_FEW"}),
            ({"organisation_type": "school"}, {"ORGANISATION_TYPE_UNKNOWN"}),
            ({"attendance": "-1"}, {"ATTENDANCE_NEGATIVE"}),
            ({"attendance_basis": "over"}, {"ATTENDANCE_BASIS_UNKNOWN"}),
            ({"arrests": "-1"}, {"ARRESTS_NEGATIVE"}),
            ({"vehicles_seized": "-1"}, {"VEHICLES_SEIZED_NEGATIVE"}),
            ({"items_seized": "-1"}, {"ITEMS_SEIZED_NEGATIVE"}),
            ({"programme": "prevent", "vehicles_seized": "0", "items_seized": ""}, set()),
            ({"programme": "prevent", "items_seized": ""}, {"RESULTS_OUTSIDE_OPERATION"}),
            ({"programme": "prevent", "vehicles_seized": "0"}, {"RESULTS_OUTSIDE_OPERATION"}),
            (
                {"programme": "prevent", "arrests": "1", "vehicles_seized": "", "items_seized": ""},
                {"RESULTS_OUTSIDE_OPERATION"},
            ),
        ],
        lists={
            "programme": (
                "prevent|project_griffin|project_argus|ct_awareness|postal_awareness|ct_local_profile|"
                "fraud_prevention|safeguarding|begging_outreach|road_safety|licensing_training|operation"
            ),
            "activity_type": (
                "awareness_session|training|meeting|stall|exercise|surgery|shift|conference|deployment|campaign"
            ),
            "organisation_type": "education|business|health|faith|community|local_authority|police|charity|other",
            "attendance_basis": "exact|estimate|at_least",
        },
        unreadable={
            "programme": "Project Griffin",
            "activity_type": "awareness session",
            "started_on": "soon",
            "days": "0.5",
            "hours": "2h",
            "organisation_type": "local authority",
            "internal": "both",
            "attendance": "over 50",
            "attendance_basis": "at least",
            "arrests": "one",
            "vehicles_seized": "one",
            "items_seized": "one",
        },
        required={"activity_ref", "programme", "activity_type", "started_on"},
        personal=set(),
    ),
    "prevent_referrals": Case(
        key="referral_ref",
        good={
            "record_type": "referral",
            "referred_on": "2019-08-07",
            "sector": "friends_family",
            "concern": "mixed_unclear",
            "city_based": "Y",
            "outcome": "transferred",
            "transferred_to": "Sample Constabulary",
        },
        changes=[
            ({"record_type": "report"}, {"RECORD_TYPE_UNKNOWN"}),
            ({"referred_on": "2019-08-08"}, {"REFERRED_AFTER_EXTRACT"}),
            ({"sector": "school"}, {"SECTOR_UNKNOWN"}),
            ({"concern": "none"}, {"CONCERN_UNKNOWN"}),
            ({"outcome": "closed"}, {"OUTCOME_UNKNOWN"}),
        ],
        lists={
            "record_type": "referral|intel_report",
            "sector": "education|health|police|local_authority|prisons|friends_family|community|other",
            "concern": "islamist|extreme_right_wing|mixed_unclear|other|not_known",
            "outcome": "no_further_action|signposted|panel|channel|transferred|open",
        },
        unreadable={
            "record_type": "intel report",
            "referred_on": "2019-13-01",
            "sector": "local authority",
            "concern": "not known",
            "city_based": "City",
            "outcome": "no further action",
        },
        required={"referral_ref", "record_type", "referred_on"},
        personal={"subject_name", "subject_date_of_birth", "subject_age", "school", "narrative"},
    ),
    "roads_enforcement": Case(
        key="notice_number",
        good={
            "notice_type": "fpn",
            "offence": "speed_20mph",
            "issued_at": "2019-08-07 23:59",
            "street": "Sample Street",
            "ward": "Bishopsgate",
            "vehicle_class": "Private car",
            "operation": "SAMPLE",
            "disposal": "cancelled",
        },
        changes=[
            *WARDS,
            ({"notice_type": "tor", "offence": "cycle", "disposal": ""}, set()),
            ({"notice_type": "FPN"}, {"NOTICE_TYPE_UNKNOWN"}),
            ({"offence": "speeding"}, {"OFFENCE_UNKNOWN"}),
            ({"issued_at": "2019-08-08 00:00"}, {"ISSUED_AFTER_EXTRACT"}),
            ({"disposal": "fine"}, {"DISPOSAL_UNKNOWN"}),
        ],
        lists={
            "notice_type": "fpn|tor",
            "offence": "mobile_phone|seat_belt|speed_20mph|excess_speed|drink_drug|red_light|insurance|cycle|other",
            "disposal": "course|fixed_penalty|summons|cancelled",
        },
        unreadable={
            "notice_type": "a tor",
            "offence": "seat belt",
            "issued_at": "2019-08-07",
            "operation": "OP SAMPLE",
            "disposal": "fixed penalty",
        },
        required={"notice_number", "notice_type", "offence", "issued_at"},
        personal={"driver_name", "driver_date_of_birth", "vehicle_registration"},
    ),
    "vehicle_checks": Case(
        key="check_ref",
        good={
            "programme": "commercial_vehicle",
            "operation_ref": "CVU/1",
            "checked_at": "2019-08-07 23:59",
            "vehicle_class": "hgv",
            "licensing_authority": "Sample Council",
            "compliant": "N",
            "offences": "2",
            "reasons": "Tyres; brakes",
        },
        changes=[
            ({"programme": "public_carriage", "vehicle_class": "phv", "compliant": "Y", "offences": "0"}, set()),
            ({"compliant": "Y", "offences": ""}, set()),
            ({"offences": "0"}, set()),
            ({"programme": "taxi"}, {"PROGRAMME_UNKNOWN"}),
            ({"checked_at": "2019-08-08 00:00"}, {"CHECKED_AFTER_EXTRACT"}),
            ({"vehicle_class": "van"}, {"VEHICLE_CLASS_UNKNOWN"}),
            ({"offences": "-1"}, {"OFFENCES_NEGATIVE"}),
            ({"compliant": "Y", "offences": "1"}, {"OFFENCES_THOUGH_COMPLIANT"}),
        ],
        lists={
            "programme": "public_carriage|commercial_vehicle",
            "vehicle_class": "hackney|phv|lgv|hgv|other",
        },
        unreadable={
            "programme": "public carriage",
            "operation_ref": "CVU 1",
            "checked_at": "2019-08-07",
            "vehicle_class": "black cab",
            "compliant": "partly",
            "offences": "two",
        },
        required={"check_ref", "programme", "operation_ref", "checked_at", "vehicle_class", "compliant"},
        personal={"driver_name", "vehicle_registration"},
    ),
    "licensing_activities": Case(
        key="activity_ref",
        good={
            "activity_type": "visit",
            "held_on": "2019-08-07",
            "premises": "The Sample Arms",
            "ward": "Bishopsgate",
            "risk_assessed": "N",
            "reason": "joint_fire",
        },
        changes=[
            *WARDS,
            ({"activity_type": "promoted_event", "risk_assessed": "Y", "reason": ""}, set()),
            ({"activity_type": "event"}, {"ACTIVITY_TYPE_UNKNOWN"}),
            ({"held_on": "2019-08-08"}, {"HELD_AFTER_EXTRACT"}),
            ({"reason": "complaint"}, {"REASON_UNKNOWN"}),
        ],
        lists={
            "activity_type": "visit|promoted_event|intervention|deployment",
            "reason": "routine|manchester_attack|london_bridge_attack|joint_fire|joint_border|other",
        },
        unreadable={
            "activity_type": "promoted event",
            "held_on": "2019-08-07 10:00",
            "risk_assessed": "later",
            "reason": "joint fire",
        },
        required={"activity_ref", "activity_type", "held_on"},
        personal=set(),
    ),
    "triage_contacts": Case(
        key="contact_ref",
        good={
            "contact_at": "2019-08-07 23:59",
            "clinician_on_duty": "Y",
            "s136_considered": "Y",
            "s136_used": "Y",
            "outcome": "place_of_safety",
        },
        changes=[
            ({"s136_used": "N"}, set()),
            ({"s136_considered": "N", "s136_used": "N", "outcome": ""}, set()),
            ({"s136_considered": "N"}, {"S136_USED_NOT_CONSIDERED"}),
            ({"contact_at": "2019-08-08 00:00"}, {"CONTACT_AFTER_EXTRACT"}),
            ({"outcome": "hospital"}, {"OUTCOME_UNKNOWN"}),
        ],
        lists={
            "outcome": "place_of_safety|gp|crisis_team|home_treatment|voluntary|no_action",
        },
        unreadable={
            "contact_at": "2019-08-07",
            "clinician_on_duty": "on call",
            "s136_considered": "maybe",
            "s136_used": "maybe",
            "outcome": "crisis team",
        },
        required={"contact_ref", "contact_at", "clinician_on_duty", "s136_considered", "s136_used"},
        personal={"subject_name", "subject_date_of_birth", "nhs_number"},
    ),
    "support_bus_attendances": Case(
        key="attendance_ref",
        good={
            "deployed_on": "2019-08-07",
            "sex": "female",
            "need": "safe_place",
            "outcome": "collected_by_family",
            "minutes_with_service": "0",
        },
        changes=[
            ({"deployed_on": "2019-08-08"}, {"DEPLOYED_AFTER_EXTRACT"}),
            ({"sex": "F"}, {"SEX_UNKNOWN"}),
            ({"need": "taxi"}, {"NEED_UNKNOWN"}),
            ({"outcome": "home"}, {"OUTCOME_UNKNOWN"}),
            ({"minutes_with_service": "-1"}, {"MINUTES_WITH_SERVICE_NEGATIVE"}),
        ],
        lists={
            "sex": "male|female|other",
            "need": "first_aid|medic|alcohol|safe_place|mental_health",
            "outcome": "treated|taxi_home|collected_by_family|ambulance",
        },
        unreadable={
            "deployed_on": "Wednesday",
            "sex": "not said",
            "need": "first aid",
            "outcome": "taxi home",
            "minutes_with_service": "5 min",
        },
        required={"attendance_ref", "deployed_on"},
        personal=set(),
    ),
}


def judged(folder: Path, source: str, deliveries: dict[date, list[Row]]) -> duckdb.DuckDBPyConnection:
    """The scratch file of a source, read-only, after one file per extract date was extracted and validated.

    The personal columns are in the files too. A row's record number is its place + 2.
    """
    contract = CONTRACTS[source]
    landing, scratch = folder / "landing", folder / "scratch"
    landing.mkdir()
    scratch.mkdir()
    for extract_date, rows in deliveries.items():
        path = landing / f"{source}_{extract_date}.csv"
        with path.open("w", encoding="utf-8", newline="") as opened:
            writer = csv.DictWriter(opened, [column.name for column in contract.columns], restval=PERSONAL)
            writer.writeheader()
            writer.writerows(rows)
        os.utime(path, (LONG_AGO, LONG_AGO))
    found = find(
        landing,
        CONTRACTS,
        known=lambda _: False,
        default_force="Sample Constabulary",
        folder_forces={},
        today=EXTRACT_DATE,
    )
    extracted = extract(contract, found.arrivals, scratch, is_repeat=lambda *_: False, hmac_key=KEY)
    validate(contract, extracted.database)
    return duckdb.connect(str(extracted.database), read_only=True)


def test_the_sources_of_a_forces_own_records_are_all_here() -> None:
    assert {name for name, found in CONTRACTS.items() if found.record_source == "force"} == {"crimes", *CASES}


@pytest.mark.parametrize("source", CASES)
def test_every_rule(source: str, tmp_path: Path) -> None:
    case = CASES[source]
    rows = [
        *(({case.key: f"R{number}"} | row, codes) for number, (row, codes) in enumerate(case.rows)),
        ({case.key: ""} | case.good, {f"{case.key.upper()}_MISSING"}),
        ({case.key: "R 1"} | case.good, {f"{case.key.upper()}_TYPE"}),
        ({case.key: "TWICE"} | case.good, {"KEY_REPEATED"}),
        ({case.key: "TWICE"} | case.good | case.changes[-1][0], {"KEY_REPEATED"} | case.changes[-1][1]),
    ]
    expected = {place + 2: codes for place, (_, codes) in enumerate(rows) if codes}
    failures: dict[int, set[str]] = defaultdict(set)
    with judged(tmp_path, source, {EXTRACT_DATE: [row for row, _ in rows]}) as connection:
        query = "select record_no, code from failures join typed using (row_id)"
        for record_no, code in connection.execute(query).fetchall():
            failures[record_no].add(code)
        judged_codes = {code for (code,) in connection.execute("select distinct code from rule_results").fetchall()}
    assert failures == expected
    assert judged_codes >= {rule.code for rule in CONTRACTS[source].all_rules}
    untested = {rule.code for rule in CONTRACTS[source].all_rules} - set().union(*expected.values())
    assert untested == set(), "a rule that no row here fails is not tested"


@pytest.mark.parametrize("source", CASES)
def test_columns(source: str) -> None:
    contract, case = CONTRACTS[source], CASES[source]
    assert (contract.system, contract.record_source, contract.delivery.kind) == ("records", "force", "changes")
    assert contract.key == (case.key,)
    assert [column.name for column in contract.loaded_columns] == [case.key, *case.good]
    assert {column.name for column in contract.columns if column.required} == case.required
    assert {column.name for column in contract.columns if column.personal} == case.personal
    listed = [rule.kwargs for rule in contract.rules if "value_set" in rule.kwargs]
    assert {kwargs["column"]: "|".join(kwargs["value_set"]) for kwargs in listed} == case.lists
    assert all(case.good.values()), "a column that is blank shows nothing"


def test_only_what_the_specification_calls_a_warning_and_what_it_leaves_open_warns() -> None:
    warnings = {
        source: {rule.code for rule in CONTRACTS[source].all_rules if rule.severity != "critical"} for source in CASES
    }
    assert warnings == {
        "asb_incidents": {"WARD_UNKNOWN", "CATEGORY_UNKNOWN", "COORDINATE_OUTSIDE_FORCE"},
        "enforcement_actions": {"WARD_UNKNOWN", "ISSUED_AFTER_EXTRACT", "CPN_WITHOUT_CPW"},
        "public_order_events": {"WARD_UNKNOWN", "HELD_AFTER_EXTRACT"},
        "engagement_activities": {"RESULTS_OUTSIDE_OPERATION"},
        "prevent_referrals": {"REFERRED_AFTER_EXTRACT"},
        "roads_enforcement": {"WARD_UNKNOWN", "ISSUED_AFTER_EXTRACT"},
        "vehicle_checks": {"CHECKED_AFTER_EXTRACT"},
        "licensing_activities": {"WARD_UNKNOWN", "HELD_AFTER_EXTRACT"},
        "triage_contacts": {"CONTACT_AFTER_EXTRACT"},
        "support_bus_attendances": {"DEPLOYED_AFTER_EXTRACT"},
    }


def test_a_person_is_a_keyed_hash(tmp_path: Path) -> None:
    rows = [{"action_number": f"R{place}"} | CASES["enforcement_actions"].good for place in range(2)]
    rows[1]["person_ref"] = ""
    with judged(tmp_path, "enforcement_actions", {EXTRACT_DATE: rows}) as connection:
        found = connection.execute("select person_ref from typed order by record_no").fetchall()
        columns = {name for name, *_ in connection.execute("describe received").fetchall()}
    assert found == [(hmac.new(KEY, b"P1", "sha256").hexdigest(),), (None,)]
    assert not columns & CASES["enforcement_actions"].personal


def test_a_cpw_of_an_earlier_file_is_not_seen_even_in_the_same_batch(tmp_path: Path) -> None:
    """So the verdict on a file does not depend on what it is loaded with."""
    good = CASES["enforcement_actions"].good
    warned = {"action_number": "A1"} | good | {"issued_on": "2019-07-01"}
    served = {"action_number": "A2"} | good | {"instrument": "cpn"}
    apart = {date(2019, 7, 7): [warned], EXTRACT_DATE: [served]}
    with judged(tmp_path, "enforcement_actions", apart) as connection:
        found = connection.execute("select code, action_number from failures join typed using (row_id)").fetchall()
    assert found == [("CPN_WITHOUT_CPW", "A2")]
