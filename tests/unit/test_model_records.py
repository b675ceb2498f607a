"""The models of a force's sources other than crimes themselves, on numbers worked out by hand."""

from datetime import date, datetime
from typing import Any, TypeVar

from tests.model import asb, crimes
from tests.model.activities import (
    BusAttendance,
    BusAttendances,
    EnforcementAction,
    EnforcementActions,
    Engagement,
    Engagements,
    LicensingActivities,
    LicensingActivity,
    Notice,
    Notices,
    PublicOrderEvent,
    PublicOrderEvents,
    Referral,
    Referrals,
    TriageContact,
    TriageContacts,
    VehicleCheck,
    VehicleChecks,
)
from tests.model.asb import Incident
from tests.model.changes import Delivery
from tests.model.crime_measures import Crime
from tests.model.keyed import Keyed
from tests.model.performance import Row
from tests.model.trends import figures, trends

CITY, KENT = "City of London Police", "Kent Police"
MAY, JUNE = date(2019, 5, 1), date(2019, 6, 1)
ON_10_MAY, ON_31_MAY, ON_30_JUNE = date(2019, 5, 10), date(2019, 5, 31), date(2019, 6, 30)
AT_NOON = datetime(2019, 5, 10, 12)

K = TypeVar("K", bound=Keyed)


def record(kind: type[K], **values: Any) -> K:
    """A record of which all columns but these are blank."""
    return kind(**{column: values.get(column) for column in kind.columns()})


def extract(extract_date: date, *rows: Keyed, force: str = CITY) -> Delivery[Any]:
    return Delivery(force, extract_date, rows, source=rows[0].source if rows else "")


def cells(rows: list[Row], *names: str) -> list[tuple[Any, ...]]:
    return [tuple(row[name] for name in names) for row in rows]


def incident(number: int = 1, **values: Any) -> Incident:
    usual: dict[str, Any] = {"status": "open", "created_at": AT_NOON, "category": "Noise"}
    return record(Incident, incident_number=f"AS/{number}", **(usual | values))


def test_an_incident_has_the_time_of_its_creation_where_no_other_is_known() -> None:
    rows = [incident(1, occurred_at=datetime(2019, 5, 9, 23)), incident(2), incident(3, status="cancelled")]
    model = asb.Model([extract(ON_31_MAY, *rows)])
    assert [
        row for row in cells(model.temporal("asb"), "measure", "weekday", "hour", "offences") if row[0] == "asb"
    ] == [
        ("asb", 4, 23, 1.0),
        ("asb", 5, 12, 1.0),
    ]
    assert model.untimed("asb") == []


def test_a_category_counts_in_its_measure_and_an_unknown_one_in_asb_alone() -> None:
    model = asb.Model([extract(ON_31_MAY, incident(1, category="Begging/Vagrancy"), incident(2, category="noise"))])
    assert [row for row in cells(model.performance("asb"), "measure", "offences") if row[1]] == [
        ("asb", 2),
        ("asb_begging_vagrancy", 1),
    ]
    assert cells(model.asb_incidents(), "measures") == [(["asb", "asb_begging_vagrancy"],), (["asb"],)]


def test_why_incidents_moved() -> None:
    later = (
        incident(1, category="Drugs"),
        incident(2, status="cancelled"),
        incident(3, created_at=AT_NOON.replace(month=6)),
    )
    model = asb.Model([extract(ON_31_MAY, *map(incident, (1, 2, 3))), extract(ON_30_JUNE, *later)])
    moved = [row for row in model.restatements() if not row["first_published"]]
    assert cells(
        moved, "measure", "change", "cancelled", "date_changed_out", "reclassified_out", "reclassified_in"
    ) == [
        ("asb", -2, -1, -1, 0, 0),
        ("asb_drugs", 1, 0, 0, 0, 1),
        ("asb_noise", -3, -1, -1, -1, 0),
    ]


def test_a_trend_of_seven_months() -> None:
    counts = enumerate((81, 98, 130, 117, 91, 105, 101), start=1)
    keys = {"record_source": "force", "force": CITY, "measure": "asb"}
    rows = [{**keys, "month": date(2019, number, 1), "offences": offences} for number, offences in counts]
    [row] = trends(rows)
    assert cells([row], "window_months", "window_to", "slope", "mann_kendall_s", "verdict") == [
        (7, date(2019, 7, 1), 1.25, 3, "no significant trend")
    ]
    assert (round(row["p_value"], 2), round(row["mann_kendall_p"], 4)) == (0.72, 0.7726)
    assert figures((0, 0, 0, 0, 0, 0, 3))["dispersion"] is None
    assert figures((1, 2, 3, 4, 5, 6, 7))["verdict"] == "upward"
    assert figures((3,) * 7) == figures((3,) * 7) | {
        "slope": 0.0,
        "p_value": 1.0,
        "mann_kendall_p": 1.0,
        "dispersion": 0.0,
    }


def test_linked_to_licensed_premises() -> None:
    robbery = Crime("CR/1", "recorded", "34B", AT_NOON, premises_type="licensed")
    theft = Crime("CR/2", "recorded", "46", AT_NOON, premises_type="licensed")
    of_crimes = crimes.Model([crimes.Delivery(CITY, ON_31_MAY, (robbery, theft))])
    at_licensed = incident(2, licensed_premises=True)
    cancelled = incident(3, licensed_premises=True, status="cancelled")
    of_incidents = asb.Model([extract(ON_30_JUNE, incident(1), at_licensed, cancelled, force=KENT)])
    assert cells(
        asb.Linked(of_crimes, of_incidents).licensing_linked(), "force", "month", "violent_crimes", "asb_incidents"
    ) == [
        (CITY, MAY, 1, None),
        (KENT, MAY, None, 1),
        (KENT, JUNE, None, 0),
    ]


def test_every_combination_has_a_row_in_every_month_and_none_is_planned() -> None:
    usual = {"programme": "prevent", "activity_type": "training"}
    rows = [
        record(Engagement, activity_ref="EN/1", **usual, started_on=ON_10_MAY, attendance=5),
        record(Engagement, activity_ref="EN/2", **usual, started_on=ON_10_MAY, days=3),
        record(Engagement, activity_ref="EN/3", **usual, started_on=ON_30_JUNE, internal=True, arrests=2),
        record(Engagement, activity_ref="EN/4", **usual, started_on=date(2019, 7, 1)),
    ]
    model = Engagements([extract(ON_30_JUNE, *rows)])
    assert cells(
        model.prevent_activity(), "internal", "month", "activities", "days", "attendance", "attendance_is_minimum"
    ) == [
        (None, MAY, 2, 4, 5, True),
        (None, JUNE, 0, 0, 0, False),
        (True, MAY, 0, 0, 0, False),
        (True, JUNE, 1, 1, None, True),
    ]
    assert cells(model.community_engagement(), "month", "activities", "arrests") == [(MAY, 2, 0), (JUNE, 1, 2)]
    assert len(model.engagement_activities()) == 4


def test_a_month_that_is_missing_for_a_force_has_no_figures() -> None:
    notice = {"notice_type": "fpn", "offence": "cycle", "issued_at": AT_NOON}
    one = record(Notice, notice_number="RO/1", **notice, disposal="cancelled")
    model = Notices([extract(ON_31_MAY, one), extract(ON_30_JUNE, one, force=KENT)])
    assert cells(model.roads_enforcement(), "force", "month", "notices") == [
        (CITY, MAY, 1),
        (CITY, JUNE, None),
        (KENT, MAY, 1),
        (KENT, JUNE, 0),
    ]


def test_enforcement_by_hub_and_month() -> None:
    usual = {"programme": "luscombe", "instrument": "cpw", "issued_on": ON_10_MAY}
    rows = [
        record(EnforcementAction, action_number="EN/1", **usual, stage="green", hub_number=2, hub_month=JUNE),
        record(EnforcementAction, action_number="EN/2", **usual, stage="green", person_ref="P-1", hub_number=2),
        record(EnforcementAction, action_number="EN/3", **usual, stage="green", person_ref="P-1"),
    ]
    model = EnforcementActions([extract(ON_31_MAY, *rows)])
    assert cells(model.asb_enforcement_by_hub(), "hub_number", "hub_month", "green", "cbo") == [(2, JUNE, 1, 0)]
    assert cells(model.asb_enforcement_monthly(), "month", "stage", "actions", "people") == [(MAY, "green", 3, 1)]
    references = [row["person_ref"] for row in model.enforcement_actions()]
    assert references[0] is None
    assert references[1] == references[2] != "P-1"


def test_protests() -> None:
    usual = {"held_on": ON_10_MAY, "event_type": "march"}
    rows = [
        record(PublicOrderEvent, event_ref="PU/1", **usual, estimated_attendance=100),
        record(PublicOrderEvent, event_ref="PU/2", **usual, arrests=3),
        record(PublicOrderEvent, event_ref="PU/3", held_on=ON_10_MAY, event_type="protest"),
        record(PublicOrderEvent, event_ref="PU/4", held_on=ON_10_MAY, event_type="vigil"),
    ]
    model = PublicOrderEvents([extract(ON_31_MAY, *rows)])
    assert cells(model.public_order_protests(), "event_type", "events", "estimated_attendance", "arrests") == [
        ("march", 2, 100, 3),
        ("protest", 1, None, 0),
    ]


def test_vehicle_checks() -> None:
    usual = {"programme": "public_carriage", "vehicle_class": "phv", "checked_at": AT_NOON}
    rows = [
        record(VehicleCheck, check_ref="VE/1", **usual, operation_ref="OP/1", compliant=False, offences=5),
        record(VehicleCheck, check_ref="VE/2", **usual, operation_ref="OP/1", compliant=True),
        record(VehicleCheck, check_ref="VE/3", **usual, operation_ref="OP/2", compliant=False),
    ]
    [row] = VehicleChecks([extract(ON_31_MAY, *rows)]).roads_checks()
    figures = ("operations", "checks", "non_compliant", "non_compliant_pct", "offences", "offences_per_check")
    assert cells([row], *figures) == [(2, 3, 2, 66.7, 5, 5 / 3)]


def test_licensing() -> None:
    usual = {"activity_type": "visit", "held_on": ON_10_MAY}
    rows = [
        record(LicensingActivity, activity_ref="LI/1", **usual, premises="The Bell", risk_assessed=True),
        record(LicensingActivity, activity_ref="LI/2", **usual, premises="The Bell", risk_assessed=False),
        record(LicensingActivity, activity_ref="LI/3", **usual),
    ]
    [row] = LicensingActivities([extract(ON_31_MAY, *rows)]).licensing()
    assert cells([row], "reason", "activities", "risk_assessed", "distinct_premises") == [(None, 3, 1, 1)]


def test_triage() -> None:
    flags = [(True, True, True), (False, True, True), (True, True, False), (True, True, False), (True, False, False)]
    rows = [
        TriageContact(f"TR/{number}", AT_NOON, on_duty, considered, used, None)
        for number, (on_duty, considered, used) in enumerate(flags)
    ]
    [row] = TriageContacts([extract(ON_31_MAY, *rows)]).mental_health_triage()
    assert row == {
        "force": CITY,
        "month": MAY,
        "contacts": 5,
        "s136_on_duty": 1,
        "s136_off_duty": 1,
        "s136_total": 2,
        "avoided": 2,
        "counterfactual_total": 4,
        "avoided_pct": 66.7,
    }


def test_the_bus_has_the_nights_on_which_it_was_attended() -> None:
    rows = [
        BusAttendance("SU/1", ON_10_MAY, "male", "alcohol", None, None),
        BusAttendance("SU/2", ON_10_MAY, "other", "alcohol", None, 20),
        BusAttendance("SU/3", JUNE, "female", None, "treated", None),
        BusAttendance("SU/4", ON_31_MAY, None, None, None, None),
    ]
    model = BusAttendances([extract(ON_31_MAY, *rows)])
    assert cells(model.support_bus(), "deployed_on", "attended", "male", "female") == [
        (ON_10_MAY, 2, 1, 0),
        (ON_31_MAY, 1, 0, 0),
    ]
    assert cells(model.support_bus_contacts(), "deployed_on", "need", "attendances", "minutes_with_service") == [
        (ON_10_MAY, "alcohol", 2, 20),
        (ON_31_MAY, None, 1, None),
    ]


def test_referrals_are_counted_by_quarter_of_the_financial_year_and_nowhere_else() -> None:
    usual = {"record_type": "referral", "referred_on": ON_10_MAY}
    rows = [
        record(Referral, referral_ref="PR/1", **usual, sector="health", city_based=True),
        record(Referral, referral_ref="PR/2", **usual),
        record(Referral, referral_ref="PR/3", record_type="intel_report", referred_on=date(2019, 7, 1)),
    ]
    model = Referrals([extract(ON_30_JUNE, *rows), extract(ON_31_MAY, rows[0], force=KENT)])
    table = model.prevent_referrals()
    assert {(row["period_from"], row["period_to"]) for row in table} == {(date(2019, 4, 1), ON_30_JUNE)}
    city = [row for row in table if row["force"] == CITY and row["referrals"]]
    assert cells(city, "breakdown", "value", "referrals") == [
        ("all", "all", 2),
        ("sector", "health", 1),
        ("sector", "not_recorded", 1),
        ("concern", "not_recorded", 2),
        ("outcome", "not_recorded", 2),
        ("city_based", "yes", 1),
        ("city_based", "not_recorded", 1),
        ("record_type", "referral", 2),
    ]
    assert {row["referrals"] for row in table if row["force"] == KENT} == {None}
    assert len(table) == 2 * (1 + 9 + 6 + 7 + 3 + 2)
    assert cells(model.deliveries(), "received", "accepted", "loaded", "state") == [(None, None, None, "loaded")] * 2
    assert cells(model.coverage(), "rows", "deliveries", "first_extract")[0] == (None, None, None)
