"""Each source of a force's own records: what the delivery specification says of its columns, once more and by hand.

What its rules fail on and let pass is in tests/rules/.
"""

from __future__ import annotations

import csv
import hmac
import os
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb
import pytest

from flows.contracts import load_contracts
from flows.stages.extract import extract, find
from flows.stages.validate import validate
from tests.rules.fixtures import FOLDER as FIXTURES
from tests.rules.fixtures import read

CONTRACTS = load_contracts()
KEY = b"a key for this test only"
LONG_AGO = 1_000_000_000
"""When the file was last changed, seconds since 1970: a young one would be waited for."""

Row = dict[str, str]


@dataclass(frozen=True)
class Told:
    """What the specification says of the columns of one source.

    `columns` are the loaded ones in their order, the key first; `lists` has those with a list of values, the values
    parted by bars.
    """

    columns: str
    lists: Row
    required: set[str]
    personal: set[str]


TOLD = {
    "asb_incidents": Told(
        columns=(
            "incident_number status created_at occurred_at category qualifier street ward premises "
            "licensed_premises easting northing"
        ),
        lists={
            "status": "open|closed|cancelled",
            "category": (
                "Inconsiderate Behaviour|Begging/Vagrancy|Drunken Behaviour|Noise|Rowdy Nuisance|Street Drinking|"
                "Urination|Skateboarding/Cycling|Drugs|Other"
            ),
            "qualifier": "personal|nuisance|environmental",
        },
        required={"incident_number", "status", "created_at", "category"},
        personal={"caller_name", "caller_phone", "log_text"},
    ),
    "enforcement_actions": Told(
        columns=(
            "action_number programme person_ref stage instrument issued_on hub_number hub_month hub_attended "
            "street ward"
        ),
        lists={
            "programme": "luscombe|alabama|other",
            "stage": "green|yellow|red|blue|cbo",
            "instrument": "ticket|cpw|cpn|summons|cbo",
        },
        required={"action_number", "programme", "stage", "instrument", "issued_on"},
        personal={"person_name", "person_date_of_birth"},
    ),
    "public_order_events": Told(
        columns="event_ref held_on event_type title location street ward estimated_attendance arrests",
        lists={
            "event_type": "protest|counter_protest|march|vigil|other",
        },
        required={"event_ref", "held_on", "event_type"},
        personal=set(),
    ),
    "engagement_activities": Told(
        columns=(
            "activity_ref programme activity_type started_on days hours organisation organisation_type internal "
            "location attendance attendance_basis arrests vehicles_seized items_seized"
        ),
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
        required={"activity_ref", "programme", "activity_type", "started_on"},
        personal=set(),
    ),
    "prevent_referrals": Told(
        columns="referral_ref record_type referred_on sector concern city_based outcome transferred_to",
        lists={
            "record_type": "referral|intel_report",
            "sector": "education|health|police|local_authority|prisons|friends_family|community|other",
            "concern": "islamist|extreme_right_wing|mixed_unclear|other|not_known",
            "outcome": "no_further_action|signposted|panel|channel|transferred|open",
        },
        required={"referral_ref", "record_type", "referred_on"},
        personal={"subject_name", "subject_date_of_birth", "subject_age", "school", "narrative"},
    ),
    "roads_enforcement": Told(
        columns="notice_number notice_type offence issued_at street ward vehicle_class operation disposal",
        lists={
            "notice_type": "fpn|tor",
            "offence": "mobile_phone|seat_belt|speed_20mph|excess_speed|drink_drug|red_light|insurance|cycle|other",
            "disposal": "course|fixed_penalty|summons|cancelled",
        },
        required={"notice_number", "notice_type", "offence", "issued_at"},
        personal={"driver_name", "driver_date_of_birth", "vehicle_registration"},
    ),
    "vehicle_checks": Told(
        columns=(
            "check_ref programme operation_ref checked_at vehicle_class licensing_authority compliant offences reasons"
        ),
        lists={
            "programme": "public_carriage|commercial_vehicle",
            "vehicle_class": "hackney|phv|lgv|hgv|other",
        },
        required={"check_ref", "programme", "operation_ref", "checked_at", "vehicle_class", "compliant"},
        personal={"driver_name", "vehicle_registration"},
    ),
    "licensing_activities": Told(
        columns="activity_ref activity_type held_on premises ward risk_assessed reason",
        lists={
            "activity_type": "visit|promoted_event|intervention|deployment",
            "reason": "routine|manchester_attack|london_bridge_attack|joint_fire|joint_border|other",
        },
        required={"activity_ref", "activity_type", "held_on"},
        personal=set(),
    ),
    "triage_contacts": Told(
        columns="contact_ref contact_at clinician_on_duty s136_considered s136_used outcome",
        lists={
            "outcome": "place_of_safety|gp|crisis_team|home_treatment|voluntary|no_action",
        },
        required={"contact_ref", "contact_at", "clinician_on_duty", "s136_considered", "s136_used"},
        personal={"subject_name", "subject_date_of_birth", "nhs_number"},
    ),
    "support_bus_attendances": Told(
        columns="attendance_ref deployed_on sex need outcome minutes_with_service",
        lists={
            "sex": "male|female|other",
            "need": "first_aid|medic|alcohol|safe_place|mental_health",
            "outcome": "treated|taxi_home|collected_by_family|ambulance",
        },
        required={"attendance_ref", "deployed_on"},
        personal=set(),
    ),
}


def test_the_sources_of_a_forces_own_records_are_all_here() -> None:
    assert {name for name, found in CONTRACTS.items() if found.record_source == "force"} == {"crimes", *TOLD}


@pytest.mark.parametrize("source", TOLD)
def test_columns(source: str) -> None:
    contract, told = CONTRACTS[source], TOLD[source]
    assert (contract.system, contract.record_source, contract.delivery.kind) == ("records", "force", "changes")
    assert [column.name for column in contract.loaded_columns] == told.columns.split()
    assert contract.key == (told.columns.split()[0],)
    assert {column.name for column in contract.columns if column.required} == told.required
    assert {column.name for column in contract.columns if column.personal} == told.personal
    listed = [rule.kwargs for rule in contract.rules if "value_set" in rule.kwargs]
    assert {kwargs["column"]: "|".join(kwargs["value_set"]) for kwargs in listed} == told.lists


def test_a_person_is_a_keyed_hash(tmp_path: Path) -> None:
    contract = CONTRACTS["enforcement_actions"]
    path = tmp_path / "enforcement_actions_2019-08-07.csv"
    base = read(FIXTURES / "enforcement_actions.yml").base
    with path.open("w", encoding="utf-8", newline="") as opened:
        writer = csv.DictWriter(opened, [column.name for column in contract.columns], restval="Sample Person")
        writer.writeheader()
        writer.writerows([base | {"action_number": "A1", "person_ref": " P1 "}, base | {"person_ref": ""}])
    os.utime(path, (LONG_AGO, LONG_AGO))
    found = find(
        tmp_path,
        CONTRACTS,
        known=lambda _: False,
        default_force="Sample Constabulary",
        folder_forces={},
        today=date(2019, 8, 7),
    )
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    extracted = extract(contract, found.arrivals, scratch, is_repeat=lambda *_: False, hmac_key=KEY)
    validate(contract, extracted.database)
    with duckdb.connect(str(extracted.database), read_only=True) as connection:
        people = connection.execute("select person_ref from typed order by record_no").fetchall()
        columns = {name for name, *_ in connection.execute("describe received").fetchall()}
    assert people == [(hmac.new(KEY, b"P1", "sha256").hexdigest(),), (None,)]
    assert not columns & TOLD["enforcement_actions"].personal
