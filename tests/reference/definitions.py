"""Definitions of the marts, each changed in one thing, and the figures that are then no longer what was printed.

A change says where the definition stands (a relation as schema.name, or a pattern where one macro makes several) and
what it puts in the place of what; or it changes the members of measures. It is made in the compiled SQL.

HELD has the changes that figures notice, QUICK those of them that every run of the tests makes. UNHELD has changes that
no figure notices: other tests hold these definitions, see docs/figures.md.
"""

from dataclasses import dataclass
from fnmatch import fnmatchcase

from tests.reference.world import Statements


@dataclass(frozen=True)
class Change:
    """One definition changed. `figures`: patterns of the ids of those that name it, of which one has to differ."""

    name: str
    figures: str
    relation: str
    old: str
    new: str

    def made_in(self, statements: Statements) -> Statements:
        """The relations that are changed, and what makes them then.

        Raises AssertionError where the text is not in every one of them: the definition has moved, or is another.
        """
        relations = [name for name in statements if fnmatchcase(name, self.relation)]
        assert relations, f"nothing is called {self.relation}: say where the definition stands now"
        for relation in relations:
            found = any(self.old in statement for statement in statements[relation])
            assert found, f"{relation} no longer has the text that is to be changed; name what it has now: {self.old}"
        return {
            relation: [statement.replace(self.old, self.new) for statement in statements[relation]]
            for relation in relations
        }


@dataclass(frozen=True)
class Members:
    """Members of measures changed: a statement on the seed `measure_members`, which has to find some."""

    name: str
    figures: str
    statement: str

    def made_in(self, statements: Statements) -> Statements:
        """The seed, and what makes it then."""
        seed = '"warehouse"."seeds"."measure_members"'
        changing = self.statement.replace("measure_members", seed)
        return {"seeds.measure_members": [*statements["seeds.measure_members"], changing]}


def left_out(name: str, figures: str, condition: str) -> Members:
    """Members that a measure no longer has."""
    return Members(name, figures, f"delete from measure_members where {condition}")


def taken_in(name: str, figures: str, measure: str, column: str, *values: str) -> Members:
    """Members that a measure has besides."""
    rows = ", ".join(f"('{measure}', '{value}')" for value in values)
    return Members(name, figures, f"insert into measure_members (measure, {column}) values {rows}")


PERFORMANCE = "marts.*_performance_as_of"
TEMPORAL = "marts.*_temporal_as_of"
HOTSPOTS = "marts.*_hotspots_as_of"
PROFILE = "marts.violence_profile_as_of"
TRIAGE = "marts.mental_health_triage"
PROTESTS = "marts.public_order_protests"

KNOWN_TO = "(versions.known_to is null or versions.known_to > cast(as_of as date))"
LAST_KNOWN = "where known_to is null"
KNOWN_COUNTS = "where extract_date <= cast(as_of as date) and measure in"
KNOWN_HOURS = "extract_date <= cast(as_of as date)\n    and hour is not null"
SIX_MONTHS_BEFORE = (
    "months.month >= windows.first_month - interval 6 month\n      and months.month < windows.first_month"
)
YEAR_BEFORE = (
    "max(fytd) over (\n        partition by record_source, force, measure\n        order by month\n"
    "        rows between {months} preceding and {months} preceding"
)
FIVE_YEARS_BEFORE = "rows between 60 preceding and 60 preceding"
PLACE = (
    "'crimes' as source,\n    force,\n    measure,\n    month,\n    '{place_type}' as place_type,\n    {place} as place"
)
KINDS_OF_PROTEST = "('protest', 'counter_protest', 'march'"

VIOLENCE = "SCP19-VAP-028 SCP19-VAP-031 SCP19-VAP-056 SCP19-VAP-059"
WITHOUT_INJURY = "SCP19-VAP-036 SCP19-VAP-037 SCP19-VAP-038"
ACQUISITIVE = "SCP19-ACQ-001 SCP19-ACQ-004 SCP19-ACQ-012 SCP19-ACQ-015 SCP19-ACQ-026 SCP19-ACQ-029"
PUBLIC_ORDER = "SCP19-PUB-006 SCP19-PUB-009 SCP19-PUB-020 SCP19-PUB-030 SCP19-PUB-033"
TO_DATE = "SCP19-ALL-005 SCP19-SEX-001 SCP19-ACQ-037 SCP19-ACQ-038 SCP19-ACQ-040 SCP19-ACQ-042"
LIMITS = "SCP19-ALL-001 SCP19-ALL-002 SCP19-ALL-003"
NIGHTS = "SCP19-VAP-025 SCP19-VAP-052 SCP19-VAP-082 SCP19-SEX-003 SCP19-ACQ-044"

QUICK: list[Change | Members] = [
    Change(
        "the month of a crime is that in which it was committed",
        VIOLENCE,
        "intermediate.int_records__spans",
        "date_trunc('month', records.recorded_at)",
        "date_trunc('month', coalesce(records.committed_from, records.recorded_at))",
    ),
    left_out("robbery is no violence", VIOLENCE, "measure = 'violence' and class_code in ('34A', '34B')"),
    Change(
        "counts are those of the newest extract",
        "SCP19-VAP-010 SCP19-VAP-028 SCP19-PUB-021",
        PERFORMANCE,
        KNOWN_COUNTS,
        "where measure in",
    ),
    Change(
        "the night-time economy begins at 19:00",
        "SCP19-APR-008 SCP19-APR-009",
        PROFILE,
        "extract('hour' from committed_from) >= 18",
        "extract('hour' from committed_from) >= 19",
    ),
    Change("limits are three moving ranges from the centre", LIMITS, PERFORMANCE, "2.66 *", "3 *"),
    Change(
        "actions belong to the month of issue, not to the hub",
        "SCP19-LUS-0*",
        "marts.asb_enforcement_by_hub",
        'from "safer_city"."marts"."enforcement_actions"',
        'from (select * replace (month as hub_month) from "safer_city"."marts"."enforcement_actions")',
    ),
]

HELD: list[Change | Members] = [
    *QUICK,
    # Which date.
    Change(
        "the month of a crime is that of its report",
        "SCP19-VAP-056 SCP19-ACQ-0*",
        "intermediate.int_records__spans",
        "date_trunc('month', records.recorded_at)",
        "date_trunc('month', coalesce(records.reported_at, records.recorded_at))",
    ),
    Change(
        "a night after midnight is that of its own day",
        NIGHTS,
        TEMPORAL,
        "names.weekday_names[case when cells.weekday = 1 then 7 else cells.weekday - 1 end]",
        "names.weekday_names[cells.weekday]",
    ),
    Change(
        "an assault after midnight is of the night of its own day",
        "SCP19-APR-012 SCP19-APR-013",
        PROFILE,
        "isodow(committed_from - interval 6 hour)",
        "isodow(committed_from)",
    ),
    Change(
        "the night of an assault is the whole day",
        "SCP19-APR-012 SCP19-APR-013",
        PROFILE,
        "assaults.is_nte and assaults.night_of in",
        "assaults.night_of in",
    ),
    Change(
        "weekend nights are Friday to Sunday",
        "SCP19-APR-012 SCP19-APR-013",
        PROFILE,
        "assaults.night_of in (4, 5, 6)",
        "assaults.night_of in (5, 6, 7)",
    ),
    Change(
        "the profile is of five months",
        "SCP19-APR-005",
        PROFILE,
        "assaults.month >= windows.first_month",
        "assaults.month > windows.first_month",
    ),
    # Which records.
    left_out("sexual offences are no violence", VIOLENCE, "measure = 'violence' and starts_with(class_code, '19')"),
    left_out(
        "harassment is no violence without injury",
        WITHOUT_INJURY,
        "measure = 'violence_without_injury' and class_code = '8L'",
    ),
    left_out(
        "malicious communications are no violence without injury",
        WITHOUT_INJURY,
        "measure = 'violence_without_injury' and class_code = '8R'",
    ),
    Members(
        "robbery of people and of businesses change places",
        "SCP19-VAP-017 SCP19-VAP-048 SCP19-VAP-049",
        "update measure_members set class_code = if(class_code = '34A', '34B', '34A')"
        " where measure in ('robbery_business', 'robbery_personal')",
    ),
    left_out(
        "assaults on emergency workers leave out those with injury",
        "SCP19-VAP-045",
        "measure = 'assault_police_emergency' and class_code = '8S'",
    ),
    left_out(
        "assaults on emergency workers leave out constables",
        "SCP19-VAP-044 SCP19-VAP-045",
        "measure = 'assault_police_emergency' and class_code = '104'",
    ),
    left_out(
        "assaults without injury are not in the profile",
        "SCP19-APR-004 SCP19-APR-005",
        "measure = 'assault_profile' and class_code = '105A'",
    ),
    taken_in(
        "robbery is in the assault profile",
        "SCP19-APR-004 SCP19-APR-005",
        "assault_profile",
        "class_code",
        "34A",
        "34B",
    ),
    left_out("public order leaves out affray", PUBLIC_ORDER, "measure = 'public_order' and class_code = '66'"),
    left_out(
        "public order leaves out what is racially aggravated",
        PUBLIC_ORDER,
        "measure = 'public_order' and class_code = '9B'",
    ),
    left_out(
        "racially aggravated harassment leaves out public order",
        "SCP19-PUB-044 SCP19-PUB-045",
        "measure = 'racially_religiously_aggravated_had' and sub_code = '125/82'",
    ),
    taken_in(
        "criminal damage is acquisitive crime",
        ACQUISITIVE,
        "acquisitive_crime",
        "class_code",
        "58A",
        "58B",
        "58C",
        "58D",
    ),
    left_out(
        "making off without payment is no acquisitive crime",
        ACQUISITIVE,
        "measure = 'acquisitive_crime' and class_code = '49A'",
    ),
    left_out("blackmail is no acquisitive crime", ACQUISITIVE, "measure = 'acquisitive_crime' and class_code = '35'"),
    left_out(
        "vehicle crime is no acquisitive crime",
        ACQUISITIVE,
        "measure = 'acquisitive_crime' and class_code in ('126', '37.2', '45', '48')",
    ),
    left_out(
        "burglary leaves out businesses", "SCP19-ACQ-037", "measure = 'burglary' and starts_with(class_code, '30')"
    ),
    taken_in(
        "robbery is theft from the person", "SCP19-ACQ-040 SCP19-ACQ-041", "theft_from_person", "class_code", "34B"
    ),
    left_out(
        "criminal damage is no crime",
        "SCP19-ALL-005 SCP19-ALL-006",
        "measure = 'all_crime' and starts_with(class_code, '58')",
    ),
    taken_in(
        "street drinking is drunken behaviour",
        "SCP19-ASB-017 SCP19-ASB-018",
        "asb_drunken_behaviour",
        "asb_category",
        "Street Drinking",
    ),
    Change(
        "a sub-code counts under no class",
        "SCP19-VAP-009 SCP19-VAP-013 SCP19-PUB-021",
        "intermediate.int_crimes__kinds",
        "member_sub_code = sub_code",
        "member_sub_code = class_code",
    ),
    Change(
        "vigils are protests",
        "SCP19-PUB-001 SCP19-PUB-002 SCP19-PUB-022",
        PROTESTS,
        KINDS_OF_PROTEST,
        f"{KINDS_OF_PROTEST}, 'vigil'",
    ),
    Change(
        "marches are no protests",
        "SCP19-PUB-001 SCP19-PUB-002 SCP19-PUB-022",
        PROTESTS,
        KINDS_OF_PROTEST,
        "('protest', 'counter_protest'",
    ),
    Change(
        "planned activities are left out",
        "SCP19-PRV-022 SCP19-PRV-023",
        "marts.engagement_activities",
        LAST_KNOWN,
        f"{LAST_KNOWN} and started_on <= known_from",
    ),
    # As known when.
    Change(
        "an extract is known from the day after",
        "SCP19-VAP-028 SCP19-VAP-056",
        PERFORMANCE,
        KNOWN_COUNTS,
        "where extract_date < cast(as_of as date) and measure in",
    ),
    Change(
        "hours are those of the newest extract",
        "SCP19-ACQ-025 SCP19-PUB-025 SCP19-PUB-026 SCP19-PUB-027",
        TEMPORAL,
        KNOWN_HOURS,
        "hour is not null",
    ),
    Change(
        "hours of an extract are known from the day after",
        "SCP19-PUB-024 SCP19-PUB-025 SCP19-PUB-026",
        TEMPORAL,
        KNOWN_HOURS,
        KNOWN_HOURS.replace("<=", "<"),
    ),
    Change(
        "places keep what has ceased to be known",
        "SCP19-VAP-055 SCP19-ACQ-006 SCP19-ACQ-007",
        HOTSPOTS,
        KNOWN_TO,
        "true",
    ),
    Change("the profile keeps what has ceased to be known", "SCP19-APR-004 SCP19-APR-005", PROFILE, KNOWN_TO, "true"),
    Change(
        "cancelled crimes count",
        "SCP19-VAP-031 SCP19-ACQ-015",
        "intermediate.int_crimes__states",
        "(states.status = 'recorded') as is_counted",
        "true as is_counted",
    ),
    Change(
        "cancelled crimes keep their measures",
        "SCP19-APR-005",
        "marts.crime_versions",
        "if(states.is_counted, kinds.measures, [])",
        "kinds.measures",
    ),
    Change(
        "cancelled incidents count",
        "SCP19-ASB-00?",
        "intermediate.int_asb_incidents__states",
        "(versions.status <> 'cancelled') as is_counted",
        "true as is_counted",
    ),
    Change(
        "what is reclassified stays where it was too",
        "SCP19-VAP-040 SCP19-PUB-040",
        "intermediate.int_crimes__measure_movements",
        "-transitions.records as change",
        "0 as change",
    ),
    Change(
        "the lower revision of an extract stands",
        "SCP19-APR-004",
        "intermediate.int_deliveries",
        "deliveries.revision < revisions.highest_revision",
        "deliveries.revision > 1",
    ),
    Change("every state of an action counts", "SCP19-LUS-*", "marts.enforcement_actions", LAST_KNOWN, ""),
    Change(
        "every state of a notice counts",
        "PC17-RDS-001 PC17-RDS-002 PC17-RDS-003",
        "marts.roads_enforcement",
        LAST_KNOWN,
        "",
    ),
    Change("every state of an event counts", "SCP19-PUB-001 SCP19-PUB-002 SCP19-PUB-022", PROTESTS, LAST_KNOWN, ""),
    Change("every state of a licensing activity counts", "PC17-LIC-010", "marts.licensing", LAST_KNOWN, ""),
    # Compared with what.
    Change(
        "a change is a share of the month itself",
        "SCP19-VAP-016 SCP19-VAP-030 SCP19-ACQ-003",
        PERFORMANCE,
        "+ months.previous_month) // nullif(2 * months.previous_month, 0)",
        "+ months.offences) // nullif(2 * months.offences, 0)",
    ),
    Change(
        "the month before is that of the year before",
        "SCP19-VAP-029 SCP19-VAP-057 SCP19-ACQ-002",
        PERFORMANCE,
        "lag(offences) over by_month",
        "lag(offences, 12) over by_month",
    ),
    Change(
        "the financial year begins in January",
        TO_DATE,
        PERFORMANCE,
        "make_date(year(covered_months.month) - cast(month(covered_months.month) < 4 as integer), 4, 1)",
        "make_date(year(covered_months.month), 1, 1)",
    ),
    Change(
        "the year before ends a month earlier",
        TO_DATE,
        PERFORMANCE,
        YEAR_BEFORE.format(months=12),
        YEAR_BEFORE.format(months=13),
    ),
    Change(
        "the average is the year before alone",
        "SCP19-ALL-004",
        PERFORMANCE,
        "offences > list_avg(five_years)",
        "offences > five_years[1]",
    ),
    Change(
        "a run counts months that are not in a row",
        "SCP19-ALL-004",
        PERFORMANCE,
        "partition by record_source, force, measure, run_number\n",
        "partition by record_source, force, measure\n",
    ),
    Change(
        "the baseline takes in the year itself",
        LIMITS,
        PERFORMANCE,
        "and baseline.month < years.financial_year",
        "and baseline.month < years.financial_year + interval 12 month",
    ),
    Change(
        "the baseline is of twelve months",
        LIMITS,
        PERFORMANCE,
        "and baseline.month >= years.financial_year - interval 24 month",
        "and baseline.month >= years.financial_year - interval 12 month",
    ),
    Change(
        "the profile is compared with the year before",
        "SCP19-APR-002 SCP19-APR-003 SCP19-APR-004",
        PROFILE,
        SIX_MONTHS_BEFORE,
        "months.month >= windows.first_month - interval 12 month\n"
        "      and months.month < windows.first_month - interval 6 month",
    ),
    # What is counted of them.
    Change(
        "streets are wards",
        "SCP19-VAP-027 SCP19-VAP-084",
        "marts.violence_hotspots_as_of",
        PLACE.format(place_type="street", place="street"),
        PLACE.format(place_type="street", place="ward"),
    ),
    Change(
        "a place counts the first measure of a record",
        "SCP19-VAP-027 SCP19-VAP-054 SCP19-VAP-055",
        HOTSPOTS,
        "unnest(versions.measures) as measure",
        "versions.measures[1] as measure",
    ),
    Change(
        "a detention is avoided also where it was not considered",
        "SCP19-MHT-001",
        TRIAGE,
        "clinician_on_duty and s136_considered and not s136_used",
        "clinician_on_duty and not s136_used",
    ),
    Change(
        "a detention is avoided also without a clinician on duty",
        "SCP19-MHT-001",
        TRIAGE,
        "clinician_on_duty and s136_considered and not s136_used",
        "s136_considered and not s136_used",
    ),
    Change(
        "a detention is one that was considered",
        "SCP19-MHT-002 SCP19-MHT-004",
        TRIAGE,
        "s136_used and clinician_on_duty",
        "s136_considered and clinician_on_duty",
    ),
    Change(
        "detentions without avoidance are those on duty",
        "SCP19-MHT-005",
        TRIAGE,
        "s136_on_duty + s136_off_duty + avoided",
        "s136_on_duty + avoided",
    ),
    Change(
        "a vehicle at fault is one offence",
        "PC17-RDS-013 PC17-RDS-014",
        "marts.roads_checks",
        "coalesce(sum(offences), 0)",
        "count_if(offences > 0)",
    ),
    Change(
        "licensing counts premises",
        "PC17-LIC-003 PC17-LIC-010",
        "marts.licensing",
        "count(*) as activities",
        "count(distinct premises) as activities",
    ),
    Change(
        "attendance is that of the largest",
        "PC17-CT-005 PC17-CT-008 PC17-CT-010",
        "marts.community_engagement",
        "sum(attendance)",
        "max(attendance)",
    ),
]

ANY = "*"
UNHELD: list[Change | Members] = [
    Change(
        "the month of an incident is that in which it occurred",
        ANY,
        "intermediate.int_records__spans",
        "date_trunc('month', records.created_at)",
        "date_trunc('month', coalesce(records.occurred_at, records.created_at))",
    ),
    Change(
        "the hour of an incident is that of its report",
        ANY,
        "intermediate.int_asb_incidents__hour_movements",
        "coalesce(occurred_at, created_at) as occurred_at",
        "created_at as occurred_at",
    ),
    Change(
        "all of a crime lies on the hour of its start",
        ANY,
        "intermediate.int_crimes__hour_movements",
        "epoch(case when committed_to > committed_from then committed_to end)",
        "epoch(cast(null as timestamp))",
    ),
    Change(
        "what began in an hour is counted in parts",
        ANY,
        TEMPORAL,
        "cast(cells.starts as bigint) as offences_by_start",
        "round(cells.weight / 1000000000000) as offences_by_start",
    ),
    Change(
        "nights of the hour tables begin at 19:00",
        ANY,
        TEMPORAL,
        "cells.hour >= 18 or cells.hour < 6 as is_nte",
        "cells.hour >= 19 or cells.hour < 6 as is_nte",
    ),
    Change(
        "committed before the profile is begun before it",
        ANY,
        PROFILE,
        "coalesce(committed_to, committed_from) as committed",
        "committed_from as committed",
    ),
    left_out(
        "stalking is no violence without injury", ANY, "measure = 'violence_without_injury' and class_code = '8Q'"
    ),
    taken_in(
        "injury by unlawful driving is violence without injury",
        ANY,
        "violence_without_injury",
        "class_code",
        "4.4",
        "4.6",
        "4.8",
        "4.9",
        "37.1",
    ),
    left_out(
        "assaults on custody officers go by the sub-code alone",
        ANY,
        "measure = 'assault_custody_officer' and victim_type is not null",
    ),
    left_out(
        "assaults on custody officers go by the victim alone",
        ANY,
        "measure = 'assault_custody_officer' and victim_type is null",
    ),
    left_out("public order leaves out violent disorder", ANY, "measure = 'public_order' and class_code = '62A'"),
    Change(
        "a crime has one method, the first",
        ANY,
        "intermediate.int_crimes__kinds",
        "list_contains(tags, member_tag)",
        "coalesce(tags[1] = member_tag, false)",
    ),
    Change(
        "places are those last known",
        ANY,
        HOTSPOTS,
        f"versions.known_from <= cast(as_of as date) and {KNOWN_TO}",
        "versions.known_to is null",
    ),
    Change(
        "the profile is that last known",
        ANY,
        PROFILE,
        f"versions.known_from <= cast(as_of as date) and {KNOWN_TO}",
        "versions.known_to is null",
    ),
    Change(
        "the average takes in the month itself",
        ANY,
        PERFORMANCE,
        FIVE_YEARS_BEFORE,
        "rows between current row and current row",
    ),
    Change(
        "the baseline is of 36 months",
        ANY,
        PERFORMANCE,
        "years.financial_year - interval 24 month",
        "years.financial_year - interval 36 month",
    ),
    Change("hubs count people", ANY, "marts.asb_enforcement_by_hub", "count(*)", "count(distinct person_ref)"),
    Change("who is not male is female", ANY, "marts.support_bus", "sex = 'female'", "sex is distinct from 'male'"),
    Change("every state of an attendance counts", ANY, "marts.support_bus*", LAST_KNOWN, ""),
    Change("every state of a contact counts", ANY, TRIAGE, LAST_KNOWN, ""),
    Change("every state of a vehicle check counts", ANY, "marts.roads_checks", LAST_KNOWN, ""),
    Change("every state of an engagement activity counts", ANY, "marts.community_engagement", LAST_KNOWN, ""),
]
