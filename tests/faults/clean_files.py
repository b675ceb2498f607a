"""Clean files to be mutated: small extracts of the sample, and what the specification says of their sources."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache

from flows.sample import SOURCES
from flows.sample import police_uk as street_sample
from flows.sample.crime_records import make_records
from flows.sample.extracts import Extractor

BASE_DAY, DAY = date(2018, 12, 7), date(2018, 12, 14)
"""To which day the earlier extract is current, and to which the mutated one."""

BASE_MONTH, MONTH = date(2018, 10, 1), date(2018, 11, 1)

ROWS = 50

STREET = "police_uk_street"

Row = dict[str, str]


@dataclass(frozen=True)
class Source:
    """What the specification says of a source, as far as mutations need it.

    `columns`: type of each; `lists`: a few of the values that a column may have, two at least. `free` is a column of
    free text, `broken`: values that agree with no rule between columns, and the code of that rule. `scale` is of the
    sample that has enough rows.
    """

    name: str
    key: str
    counted_by: str
    columns: Mapping[str, str]
    required: Sequence[str]
    lists: Mapping[str, Sequence[str]]
    free: str | None
    broken: tuple[Mapping[str, str], str]
    personal: Sequence[str] = ()
    scale: float = 1

    def of_type(self, kind: str) -> list[str]:
        """The columns of a type."""
        return [name for name, type_ in self.columns.items() if type_ == kind]


def _source(name: str, columns: str, **given: object) -> Source:
    """Columns are written `name:type`, with * where required, and the values of a list after `=`."""
    types, required, lists = {}, [], {}
    for word in columns.split():
        column, _, values = word.partition("=")
        name_, _, type_ = column.partition(":")
        if name_.startswith("*"):
            required.append(name_[1:])
        types[name_.lstrip("*")] = type_
        if values:
            lists[name_.lstrip("*")] = values.split("|")
    return Source(name, next(iter(types)), columns=types, required=required, lists=lists, **given)  # type: ignore[arg-type]


ALL = {
    source.name: source
    for source in (
        _source(
            "crimes",
            """*crime_number:code *status:code=recorded|transferred *class_code:code sub_code:code offence:text
            *recorded_at:time reported_at:time committed_from:time committed_to:time street:text ward:ward premises:text
            premises_type:code=licensed|retail|hotel easting:int northing:int outcome_code:code outcome_at:time
            alcohol:flag domestic_abuse:flag drugs:flag victim_type:code=public|staff
            circumstance:code=colleagues|road_rage method_tags:text operation:code""",
            counted_by="recorded_at",
            free="premises",
            personal=("victim_name", "victim_date_of_birth", "suspect_name", "suspect_date_of_birth", "summary"),
            broken=(
                {"committed_from": "2018-10-02 12:00", "committed_to": "2018-10-02 11:59"},
                "COMMITTED_SPAN_REVERSED",
            ),
            scale=0.1,
        ),
        _source(
            "asb_incidents",
            """*incident_number:code *status:code=open|closed *created_at:time occurred_at:time *category:text
            qualifier:code=personal|nuisance street:text ward:ward premises:text licensed_premises:flag easting:int
            northing:int""",
            counted_by="created_at",
            free="premises",
            personal=("caller_name", "caller_phone", "log_text"),
            broken=({"occurred_at": "2018-12-14 23:59"}, "OCCURRED_AFTER_CREATED"),
        ),
        _source(
            "enforcement_actions",
            """*action_number:code *programme:code=luscombe|alabama person_ref:text *stage:code=green|yellow
            *instrument:code=ticket|summons *issued_on:date hub_number:int hub_month:date hub_attended:flag street:text
            ward:ward""",
            counted_by="issued_on",
            free="street",
            personal=("person_name", "person_date_of_birth"),
            broken=({"hub_month": "2018-11-02"}, "HUB_MONTH_NOT_A_FIRST"),
            scale=4,
        ),
        _source(
            "public_order_events",
            """*event_ref:code *held_on:date *event_type:code=protest|vigil title:text location:text street:text
            ward:ward estimated_attendance:int arrests:int""",
            counted_by="held_on",
            free="title",
            broken=({"arrests": "-1"}, "ARRESTS_NEGATIVE"),
            scale=6,
        ),
        _source(
            "engagement_activities",
            """*activity_ref:code *programme:code=prevent|operation *activity_type:code=meeting|stall *started_on:date
            days:int hours:decimal organisation:text organisation_type:code=business|health internal:flag location:text
            attendance:int attendance_basis:code=exact|estimate arrests:int vehicles_seized:int items_seized:int""",
            counted_by="started_on",
            free="organisation",
            broken=({"days": "0"}, "DAYS_TOO_FEW"),
            scale=2,
        ),
        _source(
            "prevent_referrals",
            """*referral_ref:code *record_type:code=referral|intel_report *referred_on:date
            sector:code=education|health concern:code=islamist|not_known city_based:flag outcome:code=panel|signposted
            transferred_to:text""",
            counted_by="referred_on",
            free="transferred_to",
            personal=("subject_name", "subject_date_of_birth", "subject_age", "school", "narrative"),
            broken=({"outcome": "closed"}, "OUTCOME_UNKNOWN"),
            scale=12,
        ),
        _source(
            "roads_enforcement",
            """*notice_number:code *notice_type:code=fpn|tor *offence:code=seat_belt|cycle *issued_at:time street:text
            ward:ward vehicle_class:text operation:code disposal:code=course|summons""",
            counted_by="issued_at",
            free="vehicle_class",
            personal=("driver_name", "driver_date_of_birth", "vehicle_registration"),
            broken=({"disposal": "paid"}, "DISPOSAL_UNKNOWN"),
        ),
        _source(
            "vehicle_checks",
            """*check_ref:code *programme:code=public_carriage|commercial_vehicle *operation_ref:code *checked_at:time
            *vehicle_class:code=phv|hgv licensing_authority:text *compliant:flag offences:int reasons:text""",
            counted_by="checked_at",
            free="reasons",
            personal=("driver_name", "vehicle_registration"),
            broken=({"compliant": "Y", "offences": "1"}, "OFFENCES_THOUGH_COMPLIANT"),
        ),
        _source(
            "licensing_activities",
            """*activity_ref:code *activity_type:code=visit|intervention *held_on:date premises:text ward:ward
            risk_assessed:flag reason:code=routine|other""",
            counted_by="held_on",
            free="premises",
            broken=({"reason": "curiosity"}, "REASON_UNKNOWN"),
        ),
        _source(
            "triage_contacts",
            """*contact_ref:code *contact_at:time *clinician_on_duty:flag *s136_considered:flag *s136_used:flag
            outcome:code=gp|voluntary""",
            counted_by="contact_at",
            free=None,
            personal=("subject_name", "subject_date_of_birth", "nhs_number"),
            broken=({"s136_considered": "N", "s136_used": "Y"}, "S136_USED_NOT_CONSIDERED"),
        ),
        _source(
            "support_bus_attendances",
            """*attendance_ref:code *deployed_on:date sex:code=male|female need:code=medic|alcohol
            outcome:code=treated|taxi_home minutes_with_service:int""",
            counted_by="deployed_on",
            free=None,
            broken=({"minutes_with_service": "-5"}, "MINUTES_WITH_SERVICE_NEGATIVE"),
        ),
        Source(
            STREET,
            key="Crime ID",
            counted_by="Month",
            columns={
                "Crime ID": "text",
                "Month": "month",
                "Reported by": "text",
                "Falls within": "text",
                "Longitude": "warned decimal",
                "Latitude": "warned decimal",
                "Location": "text",
                "LSOA code": "text",
                "LSOA name": "text",
                "Crime type": "text",
                "Last outcome category": "text",
                "Context": "text",
            },
            required=("Month", "Reported by", "Crime type"),
            lists={"Crime type": ("Robbery", "Burglary")},
            free="Location",
            broken=({"Month": "2018-10"}, "MONTH_NOT_OF_FILE"),
        ),
    )
}


@cache
def clean_rows(source: str) -> tuple[Row, ...]:
    """The rows of a source's clean file: the newest of a sample without mistakes, each record once."""
    if source == STREET:
        columns = street_sample.records(street_sample.CITY, MONTH, 1, 0.2)
        rows = [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]
        identified = [row for row in rows if row["Crime ID"]]
        return tuple(identified[: ROWS - 5] + [row for row in rows if not row["Crime ID"]][:5])
    spec = ALL[source]
    if source == "crimes":
        records = make_records(1, spec.scale, BASE_DAY)
    else:
        records = next(s for s in SOURCES if s.name == source).records(1, spec.scale, BASE_DAY)
    header = [*spec.columns, *spec.personal]
    text = "".join(Extractor(records, header, (), 0).sound_extract(BASE_DAY - timedelta(days=40), BASE_DAY))
    rows = sorted(csv.DictReader(io.StringIO(text)), key=lambda row: (row[spec.counted_by], row[spec.key]))
    return tuple(rows[-ROWS:])
