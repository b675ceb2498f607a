"""What the warehouse must hold after a force's records of its own activities were delivered, source by source.

See changes.py for what is read how of deliveries, states and months.

How the model reads what the specification leaves open:

* A combination of keys occurs when one of the force's records in the source's months has it, also in a month that is
  missing for the force. Such a month has NULL figures; tables that hold only cells with a record have no row in it.
* A month in which a combination has no activity has attendance 0, and that is no minimum.
* A sum over blanks alone is NULL for attendance and minutes, and 0 for arrests, seizures, days and offences.
* Counts by hub look at neither the month of issue nor the months of the source.
* A force has months of triage once it has a contact in one of them.
* Quarters begin with the one of the source's first month; one with a month that is missing for the force is not
  available. Months before the first make none so.
"""

import hashlib
import hmac
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import ClassVar, TypeVar

from tests.model import changes
from tests.model.keyed import Keyed
from tests.model.months import last_of_month, months_later, start_of_financial_year
from tests.model.performance import Row, share_pct

HMAC_KEY = "a key of synthetic records, for tests alone"

STAGES = ("green", "yellow", "red", "blue", "cbo")
PROTESTS = ("protest", "counter_protest", "march")
SECTORS = ("education", "health", "police", "local_authority", "prisons", "friends_family", "community", "other")
CONCERNS = ("islamist", "extreme_right_wing", "mixed_unclear", "other", "not_known")
REFERRAL_OUTCOMES = ("no_further_action", "signposted", "panel", "channel", "transferred", "open")
NOT_RECORDED = "not_recorded"

K = TypeVar("K", bound=Keyed)


# ---- records


@dataclass(frozen=True)
class EnforcementAction(Keyed):
    """One accepted row of the source; `person_ref` is as the force has it, before it is replaced."""

    source = "enforcement_actions"
    counted_by = "issued_on"

    action_number: str
    programme: str
    person_ref: str | None
    stage: str
    instrument: str
    issued_on: date
    hub_number: int | None
    hub_month: date | None
    hub_attended: bool | None
    street: str | None
    ward: str | None


@dataclass(frozen=True)
class PublicOrderEvent(Keyed):
    """One accepted row of the source."""

    source = "public_order_events"
    counted_by = "held_on"

    event_ref: str
    held_on: date
    event_type: str
    title: str | None
    location: str | None
    street: str | None
    ward: str | None
    estimated_attendance: int | None
    arrests: int | None


@dataclass(frozen=True)
class Engagement(Keyed):
    """One accepted row of the source."""

    source = "engagement_activities"
    counted_by = "started_on"

    activity_ref: str
    programme: str
    activity_type: str
    started_on: date
    days: int | None
    hours: float | None
    organisation: str | None
    organisation_type: str | None
    internal: bool | None
    location: str | None
    attendance: int | None
    attendance_basis: str | None
    arrests: int | None
    vehicles_seized: int | None
    items_seized: int | None


@dataclass(frozen=True)
class Referral(Keyed):
    """One accepted row of the source."""

    source = "prevent_referrals"
    counted_by = "referred_on"

    referral_ref: str
    record_type: str
    referred_on: date
    sector: str | None
    concern: str | None
    city_based: bool | None
    outcome: str | None
    transferred_to: str | None


@dataclass(frozen=True)
class Notice(Keyed):
    """One accepted row of the source."""

    source = "roads_enforcement"
    counted_by = "issued_at"

    notice_number: str
    notice_type: str
    offence: str
    issued_at: datetime
    street: str | None
    ward: str | None
    vehicle_class: str | None
    operation: str | None
    disposal: str | None


@dataclass(frozen=True)
class VehicleCheck(Keyed):
    """One accepted row of the source."""

    source = "vehicle_checks"
    counted_by = "checked_at"

    check_ref: str
    programme: str
    operation_ref: str
    checked_at: datetime
    vehicle_class: str
    licensing_authority: str | None
    compliant: bool
    offences: int | None
    reasons: str | None


@dataclass(frozen=True)
class LicensingActivity(Keyed):
    """One accepted row of the source."""

    source = "licensing_activities"
    counted_by = "held_on"

    activity_ref: str
    activity_type: str
    held_on: date
    premises: str | None
    ward: str | None
    risk_assessed: bool | None
    reason: str | None


@dataclass(frozen=True)
class TriageContact(Keyed):
    """One accepted row of the source."""

    source = "triage_contacts"
    counted_by = "contact_at"

    contact_ref: str
    contact_at: datetime
    clinician_on_duty: bool
    s136_considered: bool
    s136_used: bool
    outcome: str | None

    @property
    def is_avoided(self) -> bool:
        return self.clinician_on_duty and self.s136_considered and not self.s136_used


@dataclass(frozen=True)
class BusAttendance(Keyed):
    """One accepted row of the source."""

    source = "support_bus_attendances"
    counted_by = "deployed_on"

    attendance_ref: str
    deployed_on: date
    sex: str | None
    need: str | None
    outcome: str | None
    minutes_with_service: int | None


# ---- tables


class Activities(changes.Model[K]):
    """The warehouse after deliveries of one source, whatever the order; each method is a table, named like it."""

    def _facts(self) -> list[Row]:
        """One row per record as last known, planned ones too."""
        return [
            {"force": state.force, "month": state.record.month, **state.record.values()}
            for state in self._states
            if state.known_to is None
        ]

    def _monthly(
        self, keys: Callable[[K], Row], figures: Callable[[list[K]], Row], where: Callable[[K], bool] = lambda _: True
    ) -> list[Row]:
        """One row per force, month of the source and combination of keys that occurs."""
        known = self.known()
        rows: list[Row] = []
        for force in known.forces():
            coverage = known.coverage(force)
            records = [record for record in known.records(force).values() if where(record) and record.month in coverage]
            for combination in distinct(keys(record) for record in records):
                alike = [record for record in records if keys(record) == combination]
                for month, state in coverage.items():
                    told = figures([record for record in alike if record.month == month])
                    if state == "missing":
                        told = dict.fromkeys(told)
                    rows.append({"force": force, "month": month, **combination, **told})
        return rows

    def _cells(
        self, keys: Callable[[K], Row], figures: Callable[[list[K]], Row], where: Callable[[K], bool] = lambda _: True
    ) -> list[Row]:
        """One row per force and combination of keys with a record in a month that has a count."""
        known = self.known()
        rows: list[Row] = []
        for force in known.forces():
            records = [record for month in known.by_month(force).values() for record in month if where(record)]
            for combination in distinct(keys(record) for record in records):
                alike = [record for record in records if keys(record) == combination]
                rows.append({"force": force, **combination, **figures(alike)})
        return rows


class EnforcementActions(Activities[EnforcementAction]):
    source = EnforcementAction.source

    def enforcement_actions(self) -> list[Row]:
        return [{**row, "person_ref": pseudonym(row["person_ref"])} for row in self._facts()]

    def asb_enforcement_by_hub(self) -> list[Row]:
        rows: list[Row] = []
        known = self.known()
        for force in known.forces():
            invited = [
                action
                for action in known.records(force).values()
                if action.hub_number is not None and action.hub_month is not None
            ]
            hubs = {(action.programme, action.hub_number, action.hub_month) for action in invited}
            for programme, hub_number, hub_month in hubs:
                stages = [
                    action.stage
                    for action in invited
                    if (action.programme, action.hub_number, action.hub_month) == (programme, hub_number, hub_month)
                ]
                keys = {"programme": programme, "hub_number": hub_number, "hub_month": hub_month}
                rows.append({"force": force, **keys, **{stage: stages.count(stage) for stage in STAGES}})
        return rows

    def asb_enforcement_monthly(self) -> list[Row]:
        return self._cells(
            keys=lambda action: {
                "programme": action.programme,
                "month": action.month,
                "stage": action.stage,
                "instrument": action.instrument,
            },
            figures=lambda actions: {
                "actions": len(actions),
                "people": len({action.person_ref for action in actions if action.person_ref}),
            },
        )


class PublicOrderEvents(Activities[PublicOrderEvent]):
    source = PublicOrderEvent.source

    def public_order_events(self) -> list[Row]:
        return self._facts()

    def public_order_protests(self) -> list[Row]:
        return self._cells(
            keys=lambda event: {"month": event.month, "event_type": event.event_type},
            figures=lambda events: {
                "events": len(events),
                "estimated_attendance": sum_known(event.estimated_attendance for event in events),
                "arrests": sum_known(event.arrests for event in events) or 0,
            },
            where=lambda event: event.event_type in PROTESTS,
        )


class Engagements(Activities[Engagement]):
    source = Engagement.source

    def engagement_activities(self) -> list[Row]:
        return self._facts()

    def prevent_activity(self) -> list[Row]:
        return self._monthly(
            keys=lambda activity: {
                "activity_type": activity.activity_type,
                "organisation_type": activity.organisation_type,
                "internal": activity.internal,
            },
            figures=attended,
            where=lambda activity: activity.programme == "prevent",
        )

    def community_engagement(self) -> list[Row]:
        return self._monthly(
            keys=lambda activity: {"programme": activity.programme, "activity_type": activity.activity_type},
            figures=lambda activities: {
                **attended(activities),
                "arrests": sum(activity.arrests or 0 for activity in activities),
                "vehicles_seized": sum(activity.vehicles_seized or 0 for activity in activities),
                "items_seized": sum(activity.items_seized or 0 for activity in activities),
            },
        )


class Referrals(Activities[Referral]):
    source = Referral.source
    hides_counts = True

    breakdowns: ClassVar[dict[str, tuple[Sequence[str], Callable[[Referral], str]]]] = {
        "all": (("all",), lambda _: "all"),
        "sector": ((*SECTORS, NOT_RECORDED), lambda referral: referral.sector or NOT_RECORDED),
        "concern": ((*CONCERNS, NOT_RECORDED), lambda referral: referral.concern or NOT_RECORDED),
        "outcome": ((*REFERRAL_OUTCOMES, NOT_RECORDED), lambda referral: referral.outcome or NOT_RECORDED),
        "city_based": (("yes", "no", NOT_RECORDED), lambda referral: yes_or_no(referral.city_based)),
        "record_type": (("referral", "intel_report"), lambda referral: referral.record_type),
    }
    """Breakdown -> its values, and which of them a referral has."""

    def prevent_referrals(self) -> list[Row]:
        """The counts as they are before any is suppressed; None where the quarter is not available."""
        known = self.known()
        rows: list[Row] = []
        for force in known.forces():
            coverage = known.coverage(force)
            records = list(known.records(force).values())
            for first in sorted({quarter_of(month) for month in coverage}):
                months = [months_later(first, later) for later in range(3)]
                if months[-1] not in coverage:
                    continue  # not over yet
                is_available = all(coverage.get(month) != "missing" for month in months)
                inside = [referral for referral in records if referral.month in months]
                for breakdown, (values, value_of) in self.breakdowns.items():
                    for value in values:
                        number = sum(value_of(referral) == value for referral in inside)
                        rows.append(
                            {
                                "force": force,
                                "period_from": first,
                                "period_to": last_of_month(months[-1]),
                                "breakdown": breakdown,
                                "value": value,
                                "referrals": number if is_available else None,
                            }
                        )
        return rows


class Notices(Activities[Notice]):
    source = Notice.source

    def roads_notices(self) -> list[Row]:
        return self._facts()

    def roads_enforcement(self) -> list[Row]:
        return self._monthly(
            keys=lambda notice: {"notice_type": notice.notice_type, "offence": notice.offence},
            figures=lambda notices: {"notices": len(notices)},
        )


class VehicleChecks(Activities[VehicleCheck]):
    source = VehicleCheck.source

    def vehicle_checks(self) -> list[Row]:
        return self._facts()

    def roads_checks(self) -> list[Row]:
        return self._monthly(
            keys=lambda check: {"programme": check.programme, "vehicle_class": check.vehicle_class},
            figures=checked,
        )


class LicensingActivities(Activities[LicensingActivity]):
    source = LicensingActivity.source

    def licensing_activities(self) -> list[Row]:
        return self._facts()

    def licensing(self) -> list[Row]:
        return self._monthly(
            keys=lambda activity: {"activity_type": activity.activity_type, "reason": activity.reason},
            figures=lambda activities: {
                "activities": len(activities),
                "risk_assessed": sum(activity.risk_assessed is True for activity in activities),
                "distinct_premises": len({activity.premises for activity in activities if activity.premises}),
            },
        )


class TriageContacts(Activities[TriageContact]):
    source = TriageContact.source

    def mental_health_triage(self) -> list[Row]:
        return self._monthly(keys=lambda _: {}, figures=triaged)


class BusAttendances(Activities[BusAttendance]):
    source = BusAttendance.source

    def support_bus_attendances(self) -> list[Row]:
        return self._facts()

    def support_bus(self) -> list[Row]:
        return self._cells(
            keys=lambda attendance: {"deployed_on": attendance.deployed_on},
            figures=lambda attendances: {
                "attended": len(attendances),
                "male": sum(attendance.sex == "male" for attendance in attendances),
                "female": sum(attendance.sex == "female" for attendance in attendances),
            },
        )

    def support_bus_contacts(self) -> list[Row]:
        return self._cells(
            keys=lambda attendance: {
                "deployed_on": attendance.deployed_on,
                "need": attendance.need,
                "outcome": attendance.outcome,
            },
            figures=lambda attendances: {
                "attendances": len(attendances),
                "minutes_with_service": sum_known(attendance.minutes_with_service for attendance in attendances),
            },
        )


MODELS: tuple[type[Activities], ...] = (
    EnforcementActions,
    PublicOrderEvents,
    Engagements,
    Referrals,
    Notices,
    VehicleChecks,
    LicensingActivities,
    TriageContacts,
    BusAttendances,
)


# ---- figures


def attended(activities: Sequence[Engagement]) -> Row:
    return {
        "activities": len(activities),
        "days": sum(1 if activity.days is None else activity.days for activity in activities),
        "attendance": sum_known(activity.attendance for activity in activities) if activities else 0,
        "attendance_is_minimum": any(
            activity.attendance is None or activity.attendance_basis == "at_least" for activity in activities
        ),
    }


def checked(checks: Sequence[VehicleCheck]) -> Row:
    non_compliant = sum(not check.compliant for check in checks)
    offences = sum(check.offences or 0 for check in checks)
    return {
        "operations": len({check.operation_ref for check in checks}),
        "checks": len(checks),
        "non_compliant": non_compliant,
        "non_compliant_pct": share_pct(non_compliant, len(checks)),
        "offences": offences,
        "offences_per_check": offences / len(checks) if checks else None,
    }


def triaged(contacts: Sequence[TriageContact]) -> Row:
    on_duty = sum(contact.s136_used and contact.clinician_on_duty for contact in contacts)
    off_duty = sum(contact.s136_used and not contact.clinician_on_duty for contact in contacts)
    avoided = sum(contact.is_avoided for contact in contacts)
    return {
        "contacts": len(contacts),
        "s136_on_duty": on_duty,
        "s136_off_duty": off_duty,
        "s136_total": on_duty + off_duty,
        "avoided": avoided,
        "counterfactual_total": on_duty + off_duty + avoided,
        "avoided_pct": share_pct(avoided, avoided + on_duty),
    }


def sum_known(numbers: Iterable[int | None]) -> int | None:
    """The sum of what is not blank; None where all is."""
    known = [number for number in numbers if number is not None]
    return sum(known) if known else None


def distinct(combinations: Iterable[Row]) -> list[Row]:
    found: list[Row] = []
    for combination in combinations:
        if combination not in found:
            found.append(combination)
    return found


def quarter_of(month: date) -> date:
    """The first month of the quarter of the financial year that the month is in."""
    quarters = [months_later(start_of_financial_year(month), later) for later in (0, 3, 6, 9)]
    return max(quarter for quarter in quarters if quarter <= month)


def yes_or_no(flag: bool | None) -> str:
    return NOT_RECORDED if flag is None else "yes" if flag else "no"


def pseudonym(person_ref: str | None) -> str | None:
    """The keyed hash that replaces a reference to a person."""
    if person_ref is None:
        return None
    return hmac.new(HMAC_KEY.encode(), person_ref.encode(), hashlib.sha256).hexdigest()
