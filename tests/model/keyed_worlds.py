"""Random landing folders of every source of keyed records but crimes, told source by source as what columns may hold.

A world has a few values of each column, so that records share cells. Some records lie after their extract: planned
activities, and dates that a rule only warns of. `worlds_together` puts crimes beside them.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from random import Random
from typing import Any, Generic, TypeVar

from tests.model import activities, asb
from tests.model.activities import (
    BusAttendance,
    EnforcementAction,
    Engagement,
    LicensingActivity,
    Notice,
    PublicOrderEvent,
    Referral,
    TriageContact,
    VehicleCheck,
)
from tests.model.asb import Incident
from tests.model.crime_worlds import PREMISES, STREETS, WARDS, CrimeWorld
from tests.model.keyed import Keyed
from tests.model.months import months_later
from tests.model.record_files import DAY, Style, Text, as_text
from tests.model.record_worlds import Drop, Shape, World, in_byte_order, renamed, shape_and_start

K = TypeVar("K", bound=Keyed)

FLAG = (True, False, None)
YES_OR_NO = (True, False)
NUMBERS = (0, 1, 2, 7, 40, None)
HUB_MONTHS = (date(2019, 4, 1), date(2019, 5, 1), date(2024, 1, 1), None)
BEFORE = (timedelta(0), timedelta(seconds=1), timedelta(minutes=50), timedelta(hours=9), timedelta(days=45), None)
ANY_STREET, ANY_WARD = (*STREETS, None), (*WARDS, None)
ANY_PREMISES = (*(premises for premises, _ in PREMISES), None)
PERSON = {"date_of_birth": "1900-01-01", "name": "Synthetic Person"}


@dataclass(frozen=True)
class Kind(Generic[K]):
    """A source: `values` are what each column but the key and the counted date may hold, as sound rows have it.

    `fit` makes values agree that were drawn one by one. `spoilt` are columns of which each breaks a critical rule.
    `ahead` is the share of records that lie after their extract.
    """

    record: type[K]
    values: Mapping[str, Sequence[Any]]
    personal: Mapping[str, str]
    spoilt: Sequence[Text]
    fit: Callable[[dict[str, Any]], dict[str, Any]] = lambda values: values
    ahead: float = 0.05


def fit_incident(values: dict[str, Any]) -> dict[str, Any]:
    created_at, occurred_at = values["created_at"], values["occurred_at"]
    if isinstance(occurred_at, timedelta):
        occurred_at = created_at - occurred_at
    return located(values | {"occurred_at": occurred_at and min(occurred_at, created_at)})


def located(values: dict[str, Any]) -> dict[str, Any]:
    is_located = values["easting"] is not None and values["northing"] is not None
    return values if is_located else values | {"easting": None, "northing": None}


def fit_check(values: dict[str, Any]) -> dict[str, Any]:
    return values | {"offences": 0 if values["compliant"] and values["offences"] else values["offences"]}


def fit_contact(values: dict[str, Any]) -> dict[str, Any]:
    return values | {"s136_used": values["s136_used"] and values["s136_considered"]}


KINDS: tuple[Kind[Any], ...] = (
    Kind(
        record=Incident,
        values={
            "status": ("open", "closed", "closed", "cancelled"),
            "occurred_at": BEFORE,
            "category": (*asb.CATEGORIES, "noise", "Loose dogs"),
            "qualifier": ("personal", "nuisance", "environmental", None),
            "street": ANY_STREET,
            "ward": ANY_WARD,
            "premises": ANY_PREMISES,
            "licensed_premises": FLAG,
            "easting": (532000, 533111, None),
            "northing": (181000, 181222, None),
        },
        personal={"caller_name": "Synthetic Caller", "caller_phone": "00000 000000", "log_text": "Synthetic, a log"},
        spoilt=(
            {"status": ""},
            {"status": "Open"},
            {"category": ""},
            {"created_at": "1999-12-31 23:59:59"},
            {"created_at": "2026-01-01 00:00"},
            {"occurred_at": "2026-01-01 00:00"},
            {"occurred_at": "last night"},
            {"qualifier": "Nuisance"},
            {"licensed_premises": "perhaps"},
            {"easting": "532000", "northing": ""},
        ),
        fit=fit_incident,
        ahead=0,
    ),
    Kind(
        record=EnforcementAction,
        values={
            "programme": ("luscombe", "alabama", "other"),
            "person_ref": ("P-001", "P-002", "P-003", "p-003", None),
            "stage": activities.STAGES,
            "instrument": ("ticket", "cpw", "cpn", "summons", "cbo"),
            "hub_number": (1, 2, 11, None),
            "hub_month": HUB_MONTHS,
            "hub_attended": FLAG,
            "street": ANY_STREET,
            "ward": ANY_WARD,
        },
        personal={f"person_{name}": value for name, value in PERSON.items()},
        spoilt=(
            {"programme": "Luscombe"},
            {"stage": "amber"},
            {"instrument": ""},
            {"hub_number": "first"},
            {"hub_month": "2019-04-02"},
            {"hub_attended": "late"},
        ),
    ),
    Kind(
        record=PublicOrderEvent,
        values={
            "event_type": (*activities.PROTESTS, *activities.PROTESTS, "vigil", "other"),
            "title": ("Synthetic march", None),
            "location": ("Mansion House", None),
            "street": ANY_STREET,
            "ward": ANY_WARD,
            "estimated_attendance": (*NUMBERS, None),
            "arrests": NUMBERS,
        },
        personal={},
        spoilt=({"event_type": "parade"}, {"estimated_attendance": "-1"}, {"arrests": "-1"}, {"arrests": "two"}),
    ),
    Kind(
        record=Engagement,
        values={
            "programme": ("prevent", "prevent", "operation", "project_griffin", "road_safety"),
            "activity_type": ("awareness_session", "training", "stall", "deployment"),
            "days": (1, 2, 10, None),
            "hours": (0.5, 2.25, None),
            "organisation": ("A college, synthetic", None),
            "organisation_type": ("education", "business", "other", None),
            "internal": FLAG,
            "location": ("Guildhall", None),
            "attendance": (*NUMBERS, None),
            "attendance_basis": ("exact", "estimate", "at_least", None),
            "arrests": NUMBERS,
            "vehicles_seized": NUMBERS,
            "items_seized": NUMBERS,
        },
        personal={},
        spoilt=(
            {"programme": ""},
            {"activity_type": "party"},
            {"days": "0"},
            {"days": "1.5"},
            {"hours": "many"},
            {"organisation_type": "Business"},
            {"attendance": "-1"},
            {"attendance_basis": "guess"},
            {"internal": "both"},
            {"items_seized": "-3"},
        ),
        ahead=0.3,
    ),
    Kind(
        record=Referral,
        values={
            "record_type": ("referral", "referral", "intel_report"),
            "sector": (*activities.SECTORS, None),
            "concern": (*activities.CONCERNS, None),
            "city_based": FLAG,
            "outcome": (*activities.REFERRAL_OUTCOMES, None),
            "transferred_to": ("Another force", None),
        },
        personal={
            "subject_name": "Synthetic Subject",
            "subject_date_of_birth": "1900-01-01",
            "subject_age": "99",
            "school": "Synthetic School",
            "narrative": "Synthetic narrative of nobody",
        },
        spoilt=({"record_type": ""}, {"sector": "schools"}, {"concern": "None"}, {"outcome": "closed"}),
    ),
    Kind(
        record=Notice,
        values={
            "notice_type": ("fpn", "tor"),
            "offence": ("mobile_phone", "speed_20mph", "cycle", "other"),
            "street": ANY_STREET,
            "ward": ANY_WARD,
            "vehicle_class": ("Goods vehicle", None),
            "operation": ("ROSE", None),
            "disposal": ("course", "fixed_penalty", "summons", "cancelled", None),
        },
        personal={"driver_name": "Synthetic Driver", "driver_date_of_birth": "1900-01-01", "vehicle_registration": "X"},
        spoilt=({"notice_type": "FPN"}, {"offence": ""}, {"operation": "TWO WORDS"}, {"disposal": "paid"}),
    ),
    Kind(
        record=VehicleCheck,
        values={
            "programme": ("public_carriage", "commercial_vehicle"),
            "operation_ref": ("OP/1", "OP/2", "OP/3"),
            "vehicle_class": ("hackney", "phv", "lgv", "hgv"),
            "licensing_authority": ("An authority", None),
            "compliant": YES_OR_NO,
            "offences": (0, 1, 2, 5, None),
            "reasons": ("Tyres; lights", None),
        },
        personal={"driver_name": "Synthetic Driver", "vehicle_registration": "X"},
        spoilt=(
            {"programme": "taxis"},
            {"operation_ref": ""},
            {"vehicle_class": "tram"},
            {"compliant": ""},
            {"compliant": "Y", "offences": "1"},
            {"offences": "-1"},
        ),
        fit=fit_check,
    ),
    Kind(
        record=LicensingActivity,
        values={
            "activity_type": ("visit", "promoted_event", "intervention", "deployment"),
            "premises": ANY_PREMISES,
            "ward": ANY_WARD,
            "risk_assessed": FLAG,
            "reason": ("routine", "joint_fire", "other", None),
        },
        personal={},
        spoilt=({"activity_type": "raid"}, {"risk_assessed": "soon"}, {"reason": "Routine"}),
    ),
    Kind(
        record=TriageContact,
        values={
            "clinician_on_duty": YES_OR_NO,
            "s136_considered": (True, True, False),
            "s136_used": YES_OR_NO,
            "outcome": ("place_of_safety", "gp", "no_action", None),
        },
        personal={f"subject_{name}": value for name, value in PERSON.items()} | {"nhs_number": "000 000 0000"},
        spoilt=(
            {"clinician_on_duty": ""},
            {"s136_considered": "N", "s136_used": "Y"},
            {"s136_used": "maybe"},
            {"outcome": "home"},
        ),
        fit=fit_contact,
    ),
    Kind(
        record=BusAttendance,
        values={
            "sex": ("male", "female", "other", None),
            "need": ("first_aid", "alcohol", None),
            "outcome": ("treated", "ambulance", None),
            "minutes_with_service": (*NUMBERS, None),
        },
        personal={},
        spoilt=({"sex": "M"}, {"need": "rest"}, {"outcome": "fine"}, {"minutes_with_service": "-1"}),
    ),
)

SOURCES = ("crimes", *(kind.record.source for kind in KINDS))


def worlds(seed: int, sources: Collection[str] = SOURCES) -> list[Drop]:
    """The files of one random world of each source. The same seed gives the same files."""
    return in_byte_order(drop for world in worlds_of(seed) if world.source in sources for drop in world.drops())


def worlds_together(seeds: Sequence[int], sources: Collection[str] = SOURCES) -> list[Drop]:
    """The files of several such worlds of one time in one landing folder, in the byte order of their paths.

    They don't touch each other but for the months that they share: each world has forces, and so folders, of its own.
    """
    shape, first = shape_and_start(seeds)
    return in_byte_order(
        renamed(drop, seed)
        for seed in seeds
        for world in worlds_of(seed, shape, months_later(first, seed % 2))
        if world.source in sources
        for drop in world.drops()
    )


def worlds_of(seed: int, shape: Shape | None = None, first: date | None = None) -> list[World[Any]]:
    """A world of each source, all of one beginning."""
    first = first or CrimeWorld(Random(seed)).first
    crimes = CrimeWorld(Random(f"{seed} crimes"), shape, first)
    return [crimes, *(KeyedWorld(kind, Random(f"{seed} {kind.record.source}"), shape, first) for kind in KINDS)]


class KeyedWorld(World[K]):
    """The making of a world of one source."""

    def __init__(self, kind: Kind[K], rng: Random, shape: Shape | None, first: date | None) -> None:
        super().__init__(rng, shape, first)
        self.kind = kind
        self.source = kind.record.source
        self.header = self.needed = kind.record.columns()
        self.personal = kind.personal
        self.is_by_time = kind.record.__annotations__[kind.record.counted_by] is datetime

    def prepare(self) -> None:
        rng = self.rng
        self.values = {
            column: rng.sample(values, rng.randint(1, len(values))) for column, values in self.kind.values.items()
        }

    def new_record(self, extract_date: date) -> K:
        key = f"{self.source[:2].upper()}/{self.next_number():04}"
        values = {column: self.rng.choice(values) for column, values in self.values.items()}
        return self.made(values | {self.header[0]: key, self.kind.record.counted_by: self.counted(extract_date)})

    def made(self, values: dict[str, Any]) -> K:
        return self.kind.record(**self.kind.fit(values))

    def counted(self, extract_date: date) -> date:
        """The date or time that the record is counted by."""
        moment = self.moment(extract_date)
        if self.rng.random() < self.kind.ahead:
            moment = datetime.combine(extract_date + self.rng.randint(1, 70) * DAY, self.clock())
        return moment if self.is_by_time else moment.date()

    def changed(self, record: K, extract_date: date) -> K:
        """A few columns drawn anew, also by the same values."""
        rng = self.rng
        values = record.values()
        for column in rng.sample(list(self.values), min(len(self.values), rng.choice((1, 1, 2, 4)))):
            values[column] = rng.choice(self.values[column])
        if rng.random() < 0.25:
            values[record.counted_by] = self.counted(extract_date)
        return self.made(values)

    def differing(self, record: K) -> K:
        column, others = next(
            (column, others)
            for column, values in self.kind.values.items()
            if (others := [value for value in values if value != getattr(record, column)])
        )
        return replace(record, **{column: self.rng.choice(others)})

    def as_text(self, record: K, style: Style) -> Text:
        return as_text(record.values(), style, self.rng)

    def spoilt(self, text: Text, extract_date: date) -> Text:
        counted_by = self.kind.record.counted_by
        bad_moment = "2019-05-05" if self.is_by_time else "05/2019"
        general = [
            {self.header[0]: ""},
            {self.header[0]: "TWO WORDS"},
            {counted_by: ""},
            {counted_by: bad_moment},
            {counted_by: "2019-02-29 12:00" if self.is_by_time else "2019-02-29"},
        ]
        return text | self.rng.choice([*general, *self.kind.spoilt])
