"""One crime of a force's own records, and the measures that count it.

The reference of offences says of a class its group, subgroup and theme. Which of them a measure counts is told here
in the words of the specification, apart from the tables by which the warehouse decides.

How the model reads what the specification leaves open:

* `bag_theft_licensed_premises` counts by its tag alone; the operation TUNDRA is told in `acquisitive_operations`.
* `assault_custody_officer` counts every crime of the theme violence with such a victim, robberies too.
* `racially_religiously_aggravated_had` counts the aggravated forms of sections 4A and 5, harassment, alarm or distress,
  and not that of section 4, fear of violence.
"""

import csv
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import NamedTuple

REFERENCE = Path(__file__).parents[2] / "dbt_project" / "seeds" / "offences.csv"

TAG_MEASURES = {
    "distraction_theft": "distraction",
    "gym_theft": "gym",
    "moped_snatch": "moped_snatch",
    "pedal_cycle_snatch": "pedal_cycle_snatch",
    "pickpocketing": "pickpocket",
    "bag_theft_licensed_premises": "bag_licensed_premises",
}


class Offence(NamedTuple):
    """An offence class, or a class and one of its sub-codes, and the days from and to which it can be recorded."""

    class_code: str
    sub_code: str | None
    group: str
    subgroup: str
    theme: str
    is_recordable: bool
    valid_from: date
    valid_to: date

    def is_valid(self, day: date) -> bool:
        return self.valid_from <= day <= self.valid_to


class Crime(NamedTuple):
    """One accepted row of the source `crimes` after typing: the columns that are loaded, and so compared."""

    crime_number: str
    status: str
    class_code: str
    recorded_at: datetime
    sub_code: str | None = None
    offence: str | None = None
    reported_at: datetime | None = None
    committed_from: datetime | None = None
    committed_to: datetime | None = None
    street: str | None = None
    ward: str | None = None
    premises: str | None = None
    premises_type: str | None = None
    easting: int | None = None
    northing: int | None = None
    outcome_code: str | None = None
    outcome_at: datetime | None = None
    alcohol: bool | None = None
    domestic_abuse: bool | None = None
    drugs: bool | None = None
    victim_type: str | None = None
    circumstance: str | None = None
    method_tags: str | None = None
    operation: str | None = None

    @property
    def key(self) -> str:
        return self.crime_number

    @property
    def places(self) -> dict[str, str | None]:
        return {"ward": self.ward, "street": self.street, "premises": self.premises}

    @property
    def month(self) -> date:
        return date(self.recorded_at.year, self.recorded_at.month, 1)

    @property
    def is_counted(self) -> bool:
        return self.status not in {"cancelled", "transferred"}

    @property
    def offence_class(self) -> Offence:
        return CLASSES[self.class_code]

    @property
    def tags(self) -> set[str]:
        return {tag.strip() for tag in (self.method_tags or "").split(";")}

    @property
    def measures(self) -> list[str]:
        """The measures that count the crime, by alphabet."""
        return sorted(measure for measure in MEASURES if self.is_in(measure))

    def is_in(self, measure: str) -> bool:
        """Whether the measure counts the crime."""
        return self.is_counted and MEASURES[measure](self)


def read_reference() -> list[Offence]:
    with REFERENCE.open(encoding="utf-8", newline="") as seed:
        return [
            Offence(
                row["class_code"],
                row["sub_code"] or None,
                row["offence_group"],
                row["offence_subgroup"],
                row["theme"],
                row["recordable"] == "true",
                date.fromisoformat(row["valid_from"] or "0001-01-01"),
                date.fromisoformat(row["valid_to"] or "9999-12-31"),
            )
            for row in csv.DictReader(seed)
        ]


OFFENCES = read_reference()
CLASSES = {offence.class_code: offence for offence in OFFENCES if offence.sub_code is None}
PAIRS = [offence for offence in OFFENCES if offence.sub_code is not None]

Counts = Callable[[Crime], bool]


def in_theme(theme: str) -> Counts:
    return lambda crime: crime.offence_class.theme == theme


def in_group(*groups: str) -> Counts:
    return lambda crime: crime.offence_class.group in groups


def in_subgroup(group: str, *subgroups: str) -> Counts:
    return lambda crime: crime.offence_class.group == group and crime.offence_class.subgroup in subgroups


def in_class(*class_codes: str) -> Counts:
    return lambda crime: crime.class_code in class_codes


def under(theme: str, *sub_codes: str) -> Counts:
    """A sub-code counts under any class of its theme."""
    return lambda crime: crime.offence_class.theme == theme and crime.sub_code in sub_codes


def tagged(tag: str) -> Counts:
    return lambda crime: crime.offence_class.theme == "acquisitive_crime" and tag in crime.tags


def any_of(*ways: Counts) -> Counts:
    return lambda crime: any(counts(crime) for counts in ways)


AGAINST_THE_PERSON = "Violence against the person"
RESIDENTIAL = (
    "Domestic burglary",
    "Residential burglary of a home",
    "Residential burglary of unconnected building",
)

MEASURES: dict[str, Counts] = {
    "all_crime": lambda crime: True,
    # violence
    "violence": in_group(AGAINST_THE_PERSON, "Sexual offences", "Robbery"),
    "violence_with_injury": in_subgroup(AGAINST_THE_PERSON, "Violence with injury", "Homicide"),
    "violence_without_injury": in_subgroup(AGAINST_THE_PERSON, "Violence without injury", "Stalking and harassment"),
    "sexual_offences": in_group("Sexual offences"),
    "rape": in_subgroup("Sexual offences", "Rape"),
    "robbery": in_group("Robbery"),
    "robbery_personal": in_class("34B"),
    "robbery_business": in_class("34A"),
    "common_assault": under("violence", "105/01"),
    "abh": under("violence", "008/06"),
    "gbh_with_intent": under("violence", "005/01"),
    "gbh_without_intent": under("violence", "008/01"),
    "malicious_communications": in_class("8R"),
    "assault_police_emergency": any_of(in_class("104", "8S", "8T"), under("violence", "008/73")),
    "assault_custody_officer": any_of(
        under("violence", "105/04"),
        lambda crime: crime.offence_class.theme == "violence" and crime.victim_type == "custody_officer",
    ),
    "assault_profile": in_subgroup(AGAINST_THE_PERSON, "Violence with injury", "Violence without injury"),
    # acquisitive crime
    "acquisitive_crime": in_group("Burglary", "Theft", "Vehicle offences"),
    "burglary": in_group("Burglary"),
    "burglary_residential": in_subgroup("Burglary", *RESIDENTIAL),
    "burglary_business": in_subgroup("Burglary", "Non-domestic burglary", "Burglary - business and community"),
    "shoplifting": in_subgroup("Theft", "Shoplifting"),
    "theft_from_person": in_subgroup("Theft", "Theft from the person"),
    "bicycle_theft": in_subgroup("Theft", "Bicycle theft"),
    "vehicle_crime": in_group("Vehicle offences"),
    "theft_other": in_subgroup("Theft", "Other theft"),
    **{measure: tagged(tag) for measure, tag in TAG_MEASURES.items()},
    # public order
    "public_order": in_class("9A", "9B", "62A", "66"),
    "public_order_s4": under("public_order", "125/11"),
    "public_order_s4a": under("public_order", "125/09"),
    "public_order_s5": under("public_order", "125/12"),
    "affray": under("public_order", "066/01"),
    "violent_disorder": in_class("62A"),
    "racially_religiously_aggravated_had": under("public_order", "008/55", "125/82"),
}


def measures_from(first: str, last: str) -> tuple[str, ...]:
    names = list(MEASURES)
    return tuple(names[names.index(first) : names.index(last) + 1])


THEMES: dict[str, tuple[str, ...]] = {
    "all_crime": ("all_crime",),
    "violence": measures_from("violence", "assault_profile"),
    "acquisitive_crime": measures_from("acquisitive_crime", "bag_theft_licensed_premises"),
    "public_order": measures_from("public_order", "racially_religiously_aggravated_had"),
    "asb": (),  # incidents are no crimes
}
PROFILED_THEMES = ("violence", "acquisitive_crime", "public_order")
"""The themes with tables of when and where."""
