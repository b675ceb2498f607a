"""Lineage followed to its ends and back, on a project of a few models worked out by hand; and the one of this project.

raw.crimes ─ staging.stg ─┬─ intermediate.spans (of crimes and notices) ─┬─ marts.crimes
raw.notices ──────────────┘                                              ├─ marts.violence_monthly (and as of)
seeds.classes ───────────────────────────────────────────────────────────┘     └─ intermediate.trends ─ marts.trend
"""

from __future__ import annotations

from pathlib import Path

import pytest

from flows import lineage
from flows.contracts import load_contracts
from flows.errors import SaferCityError, UsageError
from flows.lineage import Columns, Exposure, Lineage, Origin, Relation
from flows.settings import PROJECT_DIR


def made(shows: str = "", decides: str = "", counts: str = "") -> Origin:
    """An origin by the names in it."""
    return Origin(frozenset(shows.split()), frozenset(decides.split()), frozenset(counts.split()))


def relation(name: str, reads: str, columns: Columns) -> Relation:
    """A model of the project."""
    return Relation(name, f"models/{name}.sql", f"One row per {name}.", tuple(reads.split()), columns)


SPANS = "intermediate.spans"
MODELS = [
    relation(
        "staging.stg",
        "raw.crimes",
        {"class": made("raw.crimes.class"), "day": made("raw.crimes.recorded_at"), "status": made("raw.crimes.status")},
    ),
    relation(
        SPANS,
        "raw.notices staging.stg",
        {"source": made(), "day": made("staging.stg.day raw.notices.issued_on"), "class": made("staging.stg.class")},
    ),
    relation(
        "marts.crimes",
        f"{SPANS} seeds.classes",
        {
            "day": made(f"{SPANS}[crimes].day"),
            "title": made("seeds.classes.title", f"{SPANS}[crimes].class"),
        },
    ),
    relation(
        "marts.violence_monthly",
        f"{SPANS} staging.stg",
        {"month": made(f"{SPANS}.day"), "offences": made("", f"staging.stg.status {SPANS}.day", SPANS)},
    ),
    relation("marts.violence_monthly_as_of", f"{SPANS} staging.stg", {}),
    relation("intermediate.trends", "marts.violence_monthly", {}),
    relation("marts.trend", "intermediate.trends", {"slope": None}),
]
PARTS: dict[str, Columns] = {
    f"{SPANS}[crimes]": {"source": made(), "day": made("staging.stg.day"), "class": made("staging.stg.class")},
}
PAGE = Exposure("page", "The page", "What people open.", "Somebody", ("marts.violence_monthly_as_of",))
BOOK = Exposure("book", "The book", "What others open.", "Another", ("marts.crimes", "marts.trend"))
PROJECT = Lineage({each.name: each for each in MODELS}, PARTS, (PAGE, BOOK))


class TestEnds:
    """Where a column comes from in the end."""

    @pytest.mark.parametrize(
        ("column", "expected"),
        [
            ("raw.crimes.class", made("raw.crimes.class")),
            ("staging.stg.day", made("raw.crimes.recorded_at")),
            (f"{SPANS}.day", made("raw.crimes.recorded_at raw.notices.issued_on")),
            ("marts.crimes.day", made("raw.crimes.recorded_at")),
            ("marts.crimes.title", made("seeds.classes.title", "raw.crimes.class")),
            (
                "marts.violence_monthly.offences",
                made("", "raw.crimes.status raw.crimes.recorded_at raw.notices.issued_on", SPANS),
            ),
            ("marts.violence_monthly_as_of.month", made("raw.crimes.recorded_at raw.notices.issued_on")),
            ("marts.trend.slope", None),
            ("marts.crimes.colour", None),
        ],
    )
    def test_of_a_column(self, column: str, expected: Origin | None) -> None:
        assert PROJECT.ends(column) == expected

    def test_a_choice_that_is_not_traced_is_left_out_and_a_value_is_not(self) -> None:
        models = {
            "marts.a": relation("marts.a", "", {"x": None}),
            "marts.b": relation("marts.b", "", {"y": made("raw.t.c", "marts.a.x"), "z": made("raw.t.c marts.a.x")}),
        }
        project = Lineage(models, {}, ())
        assert project.ends("marts.b.y") == made("raw.t.c")
        assert project.ends("marts.b.z") is None

    def test_within_the_sources_that_a_mart_is_of(self) -> None:
        within = Lineage(PROJECT.relations, PARTS, (), {"marts.violence_monthly": frozenset({"crimes"})})
        assert within.ends("marts.violence_monthly.month") == made("raw.crimes.recorded_at")
        assert within.ends("marts.violence_monthly.offences") == made(
            "", "raw.crimes.status raw.crimes.recorded_at", SPANS
        )
        assert "raw.notices" in PROJECT.seen_behind("marts.violence_monthly")
        assert "raw.notices" not in within.seen_behind("marts.violence_monthly")


class TestBehindAndAhead:
    """From a table to all that it is made of, and from a change to all that it touches."""

    def test_what_is_seen_behind_a_table(self) -> None:
        assert PROJECT.seen_behind("marts.crimes") == {
            "marts.crimes": frozenset({SPANS, "seeds.classes"}),
            SPANS: frozenset({"staging.stg"}),
            "staging.stg": frozenset({"raw.crimes"}),
            "raw.crimes": frozenset(),
            "seeds.classes": frozenset(),
        }

    def test_behind_what_is_not_traced_is_all_that_it_reads(self) -> None:
        seen = PROJECT.seen_behind("marts.trend")
        assert seen["marts.trend"] == {"intermediate.trends"}
        assert seen["intermediate.trends"] == {"marts.violence_monthly"}
        assert seen["staging.stg"] == {"raw.crimes"}

    @pytest.mark.parametrize(
        ("subject", "models", "exposures"),
        [
            ("seeds.classes", ["marts.crimes"], [BOOK]),
            ("classes", ["marts.crimes"], [BOOK]),
            (
                "spans",
                [each.name for each in MODELS[2:]],
                [PAGE, BOOK],
            ),
            ("marts.crimes", [], [BOOK]),
            ("trends", ["marts.trend"], [BOOK]),
        ],
    )
    def test_by_a_relation(self, subject: str, models: list[str], exposures: list[Exposure]) -> None:
        touched = PROJECT.touched_by(subject)
        assert (list(touched.models), touched.columns, list(touched.exposures)) == (models, (), exposures)

    def test_by_a_column(self) -> None:
        touched = PROJECT.touched_by("raw.crimes.status")
        assert touched.subject == "raw.crimes.status"
        assert touched.columns == (
            "intermediate.trends.*",
            "marts.trend.*",
            "marts.violence_monthly.offences",
            "staging.stg.status",
        )
        assert touched.models == (
            "staging.stg",
            "marts.violence_monthly",
            "marts.violence_monthly_as_of",
            "intermediate.trends",
            "marts.trend",
        )
        assert touched.exposures == (PAGE, BOOK)

    @pytest.mark.parametrize(
        ("subject", "said"),
        [
            ("crimes", "may be any of these: marts.crimes, raw.crimes"),
            ("crimes.colour", "there is no model, seed or source"),
            ("streets", "there is no model, seed or source 'streets'"),
        ],
    )
    def test_a_name_that_is_none_or_several(self, subject: str, said: str) -> None:
        with pytest.raises(UsageError, match=said):
            PROJECT.touched_by(subject)


class TestTheFile:
    """What is kept of it."""

    def test_it_is_read_as_it_was_written(self, tmp_path: Path) -> None:
        file = tmp_path / "lineage.json"
        file.write_text(lineage.as_text(PROJECT), encoding="utf-8")
        assert lineage.load(file) == PROJECT

    def test_each_column_stands_on_a_line(self) -> None:
        lines = lineage.as_text(PROJECT).splitlines()
        assert '    "day": {"shows": {"raw.notices": "issued_on", "staging.stg": "day"}},' in lines
        assert f'    "day": {{"shows": {{"{SPANS}[crimes]": "day"}}}},' in lines
        assert '    "slope": null' in lines

    @pytest.mark.parametrize("content", ["", "[]", '{"models": {"a": {}}}'])
    def test_one_that_cannot_be_read(self, content: str, tmp_path: Path) -> None:
        file = tmp_path / "lineage.json"
        file.write_text(content, encoding="utf-8")
        with pytest.raises(SaferCityError, match="run: safercity check --write"):
            lineage.load(file)
        with pytest.raises(SaferCityError, match="cannot be read as lineage"):
            lineage.load(tmp_path / "no.json")


class TestOfThisProject:
    """Some of it, known from reading the models."""

    known = lineage.load()

    @pytest.mark.parametrize(
        ("column", "shows"),
        [
            ("crimes.class_code", "raw.crimes.class_code"),
            ("crimes.month", "raw.crimes.recorded_at"),
            ("crimes.offence_group", "seeds.offences.offence_group"),
            ("street_crimes.falls_within", "raw.police_uk_street.falls_within"),
            ("street_crime_versions.force", "raw.police_uk_street.reported_by"),
            ("violence_performance.measure_label", "seeds.measures.label"),
            (
                "mental_health_triage.avoided_pct",
                "raw.triage_contacts.s136_considered raw.triage_contacts.s136_used"
                " raw.triage_contacts.clinician_on_duty",
            ),
            ("roads_checks.vehicle_class", "raw.vehicle_checks.vehicle_class"),
            ("dim_source.owner", "ledger.sources.owner"),
        ],
    )
    def test_where_a_column_comes_from(self, column: str, shows: str) -> None:
        found = self.known.ends(f"marts.{column}")
        assert found
        assert found.shows == set(shows.split())

    def test_what_decides_a_count(self) -> None:
        found = self.known.ends("marts.crimes.measures")
        assert found
        assert {f"raw.crimes.{name}" for name in ("class_code", "sub_code", "status", "method_tags")} <= found.decides
        assert "raw.crimes.street" not in found.decides
        assert not {each for each in found.decides if each.startswith("raw.") and not each.startswith("raw.crimes.")}

    def test_no_personal_column_is_behind_anything(self) -> None:
        personal = {
            f"raw.{source}.{column.name}"
            for source, contract in load_contracts().items()
            for column in contract.columns
            if column.personal
        }
        assert personal
        assert not personal & set(self.known.users)

    def test_nothing_of_a_confidential_source_is_shown_but_in_the_tables_made_for_it(self) -> None:
        """Its counts by month and file are NULL in the tables of trust, which tell of every source."""
        of_every_source = {"coverage", "source_starts"}
        showing = {
            name
            for name, each in self.known.relations.items()
            if name.startswith("marts.") and each.columns and "prevent_referrals" in self.known.sources(name)
        }
        performance = {name for name in showing if name.endswith("_performance") or name == "marts.restatements"}
        assert {name.removeprefix("marts.") for name in showing - performance} <= of_every_source | {
            "acquisitive_methods"
        }

    def test_few_columns_are_not_traced(self) -> None:
        """Those that Python works out: where more can't be traced, either say so here or mend the tracing."""
        untraced = {
            name
            for name, each in self.known.relations.items()
            if name.startswith("marts.")
            for column in each.columns
            if self.known.ends(f"{name}.{column}") is None
        }
        assert untraced == {"marts.asb_trend", "marts.prevent_referrals"}

    def test_every_model_is_in_it(self) -> None:
        files = {
            path.relative_to(PROJECT_DIR / "dbt_project").as_posix()
            for path in (PROJECT_DIR / "dbt_project/models").rglob("*")
            if path.suffix in (".sql", ".py")
        }
        assert {each.path for each in self.known.relations.values()} == files
