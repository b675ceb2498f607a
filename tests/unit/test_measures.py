"""Measures as the seeds define them: what each counts of a force's own crimes, and that the parts fit together."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from flows.settings import PROJECT_DIR

SEEDS = PROJECT_DIR / "dbt_project" / "seeds"
SHARED = Path(__file__).parents[3] / "shared"

Row = dict[str, str]
"""A row of a CSV file; what is blank is ''."""


def read(file: Path) -> list[Row]:
    """Every row of a CSV file."""
    with file.open(encoding="utf-8", newline="") as text:
        return list(csv.DictReader(text))


OFFENCES = read(SEEDS / "offences.csv")
CLASSES = {row["class_code"]: row for row in OFFENCES if not row["sub_code"]}
PAIRS = {(row["class_code"], row["sub_code"]): row for row in OFFENCES if row["sub_code"]}
RECORDABLE = {code for code, row in CLASSES.items() if row["recordable"] == "true"}
MEASURES = {row["measure"]: row for row in read(SEEDS / "measures.csv")}
MEMBERS = read(SEEDS / "measure_members.csv")
OF_CRIMES = ["class_code", "sub_code", "tag", "operation", "victim_type"]
MATCHED = [*OF_CRIMES, "police_uk_category", "asb_category"]
FILLED = {
    measure: [
        {column: row[column] for column in MATCHED if row[column]} for row in MEMBERS if row["measure"] == measure
    ]
    for measure in MEASURES
}


@dataclass(frozen=True)
class Crime:
    """A force's own crime, as far as measures look at it."""

    class_code: str
    sub_code: str = ""
    tag: str = ""
    operation: str = ""
    victim_type: str = ""

    @property
    def theme(self) -> str:
        return CLASSES[self.class_code]["theme"]


def counts(measure: str, crime: Crime) -> bool:
    """Whether the measure counts the crime: every filled column of one of its rows matches."""
    own_theme = MEASURES[measure]["theme"] == crime.theme
    return any(
        all(getattr(crime, column, None) == value for column, value in filled.items())
        and ("class_code" in filled or own_theme)
        for filled in FILLED[measure]
    )


def counted_in(crime: Crime) -> set[str]:
    """The measures that count the crime."""
    return {measure for measure in MEASURES if counts(measure, crime)}


def values(column: str) -> set[str]:
    """What the members of all measures hold in a column."""
    return {member[column] for member in MEMBERS if member[column]}


def recordable_crimes() -> Iterator[Crime]:
    """A crime of every class and pair that a force can record, plain and with each marker that a measure looks for."""
    for class_code in sorted(RECORDABLE):
        for sub_code in ["", *sorted(sub_code for code, sub_code in PAIRS if code == class_code)]:
            plain = Crime(class_code, sub_code)
            yield plain
            yield from (replace(plain, tag=tag) for tag in sorted(values("tag")))
            yield from (replace(plain, operation=operation) for operation in sorted(values("operation")))
            yield from (replace(plain, victim_type=victim) for victim in sorted(values("victim_type")))


CRIMES = list(recordable_crimes())
COUNTED = {measure: {crime for crime in CRIMES if counts(measure, crime)} for measure in MEASURES}

BY_CLASS = {
    "violence_with_injury": "1 2 4.1 4.2 4.3 4.7 4.10 5A 5B 5C 5D 5E 6 7 8F 8G 8H 8J 8K 8N 8P 8S 8T",
    "violence_without_injury": "3A 3B 8L 8M 8Q 8R 8U 11 11A 12 13 14 36 104 105A 105B 106",
    "assault_profile": """
        2 3A 3B 4.3 4.7 5A 5B 5C 5D 5E 6 7 8F 8G 8H 8J 8K 8N 8P 8S 8T 11 11A 12 13 14 36 104 105A 105B 106
    """,
    "sexual_offences": """
        17A 17B 19C 19D 19E 19F 19G 19H 19J 19K 20A 20B 21 22A 22B 23 70 71 72 73 88A 88C 88D 88E
    """,
    "rape": "19C 19D 19E 19F 19G 19H 19J 19K",
    "robbery": "34A 34B",
    "robbery_personal": "34B",
    "robbery_business": "34A",
    "malicious_communications": "8R",
    "burglary_residential": "28A 28B 28C 28D 28E 28F 28G 28H 28I 28J 28K 28L 28M 28N 28O 28P 29 29A 29B 29C",
    "burglary_business": "30A 30B 30C 30D 31 31A",
    "shoplifting": "46",
    "theft_from_person": "39",
    "bicycle_theft": "44",
    "vehicle_crime": "37.2 45 48 126",
    "theft_other": "35 40 41 42 43 47 49 49A",
    "public_order": "9A 9B 62A 66",
    "violent_disorder": "62A",
}
"""Measures that count whole classes and nothing else, with every class of theirs."""

BY_PAIR = {
    "common_assault": "105A 105/01",
    "abh": "8N 008/06, 8S 008/06, 8T 008/06",
    "gbh_with_intent": "5D 005/01, 8S 005/01, 8T 005/01",
    "gbh_without_intent": "8N 008/01, 8S 008/01, 8T 008/01",
    "public_order_s4": "9A 125/11",
    "public_order_s4a": "9A 125/09",
    "public_order_s5": "9A 125/12",
    "affray": "66 066/01",
    "racially_religiously_aggravated_had": "9B 008/55, 9B 125/82",
}
"""Measures that count sub-codes and nothing else, with every pair in which the reference has them."""

TAGS = {
    "distraction_theft": "distraction",
    "gym_theft": "gym",
    "moped_snatch": "moped_snatch",
    "pedal_cycle_snatch": "pedal_cycle_snatch",
    "pickpocketing": "pickpocket",
    "bag_theft_licensed_premises": "bag_licensed_premises",
}
"""Measures of a method, with its tag."""

ASB_CATEGORIES = {
    "asb_inconsiderate_behaviour": "Inconsiderate Behaviour",
    "asb_begging_vagrancy": "Begging/Vagrancy",
    "asb_drunken_behaviour": "Drunken Behaviour",
    "asb_noise": "Noise",
    "asb_rowdy_nuisance": "Rowdy Nuisance",
    "asb_street_drinking": "Street Drinking",
    "asb_urination": "Urination",
    "asb_skateboarding_cycling": "Skateboarding/Cycling",
    "asb_drugs": "Drugs",
    "asb_other": "Other",
}
"""Measures of a category of anti-social behaviour, with that category."""

EVERY_INCIDENT = dict.fromkeys(["measure", *MEMBERS[0]], "") | {"measure": "asb"}
"""The member that counts incidents of any category, one that is not in the list too."""

ACQUISITIVE_PARTS = ["burglary", "shoplifting", "theft_from_person", "bicycle_theft", "vehicle_crime", "theft_other"]
UNLAWFUL_DRIVING = {"4.4", "4.6", "4.8", "4.9", "37.1"}


def test_measures_are_those_of_the_specification() -> None:
    named_here = {*BY_CLASS, *BY_PAIR, *TAGS, *ACQUISITIVE_PARTS, "all_crime", "violence", "acquisitive_crime"}
    of_incidents = {"asb", *ASB_CATEGORIES}
    assert set(MEASURES) == named_here | of_incidents | {"assault_police_emergency", "assault_custody_officer"}


def test_every_member_names_what_exists() -> None:
    for member in MEMBERS:
        pair = (member["class_code"], member["sub_code"])
        assert member["measure"] in MEASURES, member
        assert any(member[column] for column in MATCHED) or member == EVERY_INCIDENT, member
        assert not member["class_code"] or member["class_code"] in RECORDABLE, member
        assert not member["sub_code"] or member["sub_code"] in {sub_code for _, sub_code in PAIRS}, member
        assert not all(pair) or pair in PAIRS, member


def test_every_measure_has_members() -> None:
    assert {member["measure"] for member in MEMBERS} == set(MEASURES)


def test_a_member_is_of_one_kind_of_record() -> None:
    kinds = [OF_CRIMES, ["police_uk_category"], ["asb_category"]]
    other = [member for member in MEMBERS if sum(any(member[column] for column in kind) for kind in kinds) != 1]
    assert other == [EVERY_INCIDENT]


def test_a_category_of_incidents_counts_in_its_measure_and_in_asb() -> None:
    counted = {member["measure"]: member["asb_category"] for member in MEMBERS if member["asb_category"]}
    assert counted == ASB_CATEGORIES
    assert {MEASURES[measure]["theme"] for measure in counted} == {"asb"}


def test_police_uk_reaches_twelve_measures() -> None:
    reached = {member["measure"] for member in MEMBERS if member["police_uk_category"]}
    whole_themes = {"all_crime", "violence", "acquisitive_crime", "public_order", "asb"}
    assert reached == whole_themes | {"robbery", *ACQUISITIVE_PARTS}


def test_all_crime_is_every_recordable_class() -> None:
    assert COUNTED["all_crime"] == set(CRIMES)
    assert len(RECORDABLE) == 157


@pytest.mark.parametrize("theme", ["acquisitive_crime", "public_order", "violence"])
def test_the_measure_of_a_theme_is_every_recordable_class_of_it(theme: str) -> None:
    assert COUNTED[theme] == {crime for crime in CRIMES if crime.theme == theme}


def test_a_measure_stays_inside_that_of_its_theme() -> None:
    beyond = {measure for measure, row in MEASURES.items() if not COUNTED[measure] <= COUNTED[row["theme"]]}
    assert beyond == set()


@pytest.mark.parametrize("measure", BY_CLASS)
def test_a_measure_of_classes_counts_them_with_every_sub_code_or_none(measure: str) -> None:
    assert COUNTED[measure] == {crime for crime in CRIMES if crime.class_code in BY_CLASS[measure].split()}


@pytest.mark.parametrize("measure", BY_PAIR)
def test_a_measure_of_sub_codes_counts_them_under_any_class_of_its_theme(measure: str) -> None:
    pairs = {tuple(pair.split()) for pair in BY_PAIR[measure].split(", ")}
    assert COUNTED[measure] == {crime for crime in CRIMES if (crime.class_code, crime.sub_code) in pairs}


def test_a_sub_code_under_a_class_of_another_theme_does_not_count() -> None:
    assert counted_in(Crime("99", "105/01")) == {"all_crime"}


@pytest.mark.parametrize("measure", TAGS)
def test_a_measure_of_a_method_counts_its_tag_on_every_acquisitive_crime(measure: str) -> None:
    tagged = {crime for crime in CRIMES if crime.tag == TAGS[measure] and crime.theme == "acquisitive_crime"}
    assert COUNTED[measure] == tagged


def test_a_tag_on_a_robbery_is_no_acquisitive_method() -> None:
    assert counted_in(Crime("34B", tag="pickpocket")) == {"all_crime", "violence", "robbery", "robbery_personal"}


def test_halves_of_violence_are_apart_and_leave_out_sexual_offences_robbery_and_driving() -> None:
    parts = ["violence_with_injury", "violence_without_injury", "sexual_offences", "robbery"]
    driving = {crime for crime in CRIMES if crime.class_code in UNLAWFUL_DRIVING}
    apart = [*(COUNTED[part] for part in parts), driving]
    assert set().union(*apart) == COUNTED["violence"]
    assert sum(map(len, apart)) == len(COUNTED["violence"])


def test_assault_profile_is_the_halves_without_homicide_and_stalking() -> None:
    halves = COUNTED["violence_with_injury"] | COUNTED["violence_without_injury"]
    beyond = {crime.class_code for crime in halves - COUNTED["assault_profile"]}
    assert beyond == {"1", "4.1", "4.2", "4.10", "8L", "8M", "8Q", "8R", "8U"}
    assert COUNTED["assault_profile"] <= halves


def test_acquisitive_crime_falls_into_six_parts_that_are_apart() -> None:
    apart = [COUNTED[part] for part in ACQUISITIVE_PARTS]
    assert set().union(*apart) == COUNTED["acquisitive_crime"]
    assert sum(map(len, apart)) == len(COUNTED["acquisitive_crime"])


def test_burglary_falls_into_residential_and_business() -> None:
    residential, business = COUNTED["burglary_residential"], COUNTED["burglary_business"]
    assert residential | business == COUNTED["burglary"]
    assert not residential & business


def test_criminal_damage_is_in_all_crime_only() -> None:
    assert counted_in(Crime("58C", tag="distraction", victim_type="custody_officer")) == {"all_crime"}


@pytest.mark.parametrize(
    ("crime", "measures"),
    [
        (Crime("104"), "assault_police_emergency"),
        (Crime("104", "008/73"), "assault_police_emergency"),
        (Crime("105A", "008/73"), "assault_police_emergency"),
        (Crime("8S", "008/77"), "assault_police_emergency"),
        (Crime("8T", "008/06"), "assault_police_emergency abh"),
        (Crime("8N", "008/77"), ""),
        (Crime("105A", "105/03"), ""),
        (Crime("105A", "105/04"), "assault_custody_officer"),
        (Crime("105A", "105/01", victim_type="custody_officer"), "assault_custody_officer common_assault"),
        (Crime("34B", victim_type="custody_officer"), "assault_custody_officer"),
        (Crime("46", victim_type="custody_officer"), ""),
        (Crime("105A", victim_type="police_officer"), ""),
    ],
)
def test_assaults_on_those_who_serve(crime: Crime, measures: str) -> None:
    assaults = {"assault_police_emergency", "assault_custody_officer", "abh", "common_assault"}
    assert counted_in(crime) & assaults == set(measures.split())


def test_aggravated_section_4_is_public_order_and_no_section() -> None:
    assert counted_in(Crime("9B", "066/91")) == {"all_crime", "public_order"}


def test_a_span_does_not_end_before_it_begins() -> None:
    reversed_spans = [row for row in [*OFFENCES, *MEMBERS] if row["valid_to"] and row["valid_to"] < row["valid_from"]]
    assert reversed_spans == []


def test_a_pair_is_of_the_theme_and_group_of_its_class() -> None:
    same = ["theme", "offence_group", "offence_subgroup", "police_uk_category", "recordable"]
    strays = [pair for pair, row in PAIRS.items() if any(row[name] != CLASSES[pair[0]][name] for name in same)]
    assert strays == []


@pytest.mark.skipif(not SHARED.is_dir(), reason="the reference list of offences is not here")
def test_offences_are_those_of_the_reference_list() -> None:
    themes = {"acquisitive": "acquisitive_crime", "all_crime_only": "other_crime"}
    listed = {
        (row["code"], row["ho_sub_code"]): (
            themes.get(row["mart"], row["mart"]),
            {"yes": "true", "no": "false"}[row["recordable"]],
            row["valid_from"],
            row["valid_to"],
        )
        for row in read(SHARED / "domain" / "offence_codes.csv")
        if row["level"] != "incident"
    }
    seeded = {
        (row["class_code"], row["sub_code"]): (row["theme"], row["recordable"], row["valid_from"], row["valid_to"])
        for row in OFFENCES
    }
    assert seeded == listed


REPORTED = {
    "Common Assault": "common_assault",
    "ABH": "abh",
    "GBH without intent": "gbh_without_intent",
    "Robbery Business": "robbery_business",
    "Robbery Personal": "robbery_personal",
    "Malicious Communications": "malicious_communications",
    "Violence without injury": "violence_without_injury",
    "Assaults on Police and Emergency Workers": "assault_police_emergency",
    "Assaults on Prisoner Custody officers": "assault_custody_officer",
    "distraction thefts": "distraction_theft",
    "gym thefts": "gym_theft",
    "moped snatches": "moped_snatch",
    "S4": "public_order_s4",
    "S5": "public_order_s5",
    "Racially/Religiously aggravated HAD": "racially_religiously_aggravated_had",
}
"""How the published reports begin the name of a figure, and the measure that counts it."""


@pytest.mark.skipif(not SHARED.is_dir(), reason="the published figures are not here")
def test_every_published_line_has_its_measure() -> None:
    figures = [row["measure"].removeprefix("implied: ") for row in read(SHARED / "spec" / "reference_figures.csv")]
    assert [line for line in REPORTED if not any(figure.startswith(line) for figure in figures)] == []
    assert set(REPORTED.values()) <= set(MEASURES)
