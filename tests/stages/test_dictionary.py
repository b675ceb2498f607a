"""The dictionary of a release: all of it is there, it says what the file says, and every link in it leads somewhere."""

from __future__ import annotations

import html
import json
import re
from collections import Counter
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import duckdb
import pytest

from flows.contracts import load_contracts
from flows.lineage import AS_OF
from flows.operate import read
from flows.releases import Release, read_release
from flows.report import dictionary
from flows.rules import every_rule
from tests.faults.sandbox import Sandbox
from tests.pages import Element, parsed, table


@pytest.fixture(scope="module")
def folder(published: Sandbox) -> Path:
    """The dictionary that went out with the release."""
    return published.paths.current / dictionary.FOLDER


@pytest.fixture(scope="module")
def site(folder: Path) -> dict[str, Element]:
    """Its pages."""
    return {page: parsed(folder / page) for page in dictionary.PAGES}


@pytest.fixture(scope="module")
def release(published: Sandbox) -> Release:
    found = read_release(published.paths.current)
    assert found
    return found


@pytest.fixture(scope="module")
def entries(folder: Path) -> list[list[str]]:
    """What the search looks through."""
    script = (folder / "search.js").read_text(encoding="utf-8")
    return json.loads(script.removeprefix("const ENTRIES = ").removesuffix(";\n"))


def ids(page: Element) -> Counter[str]:
    """The places of a page."""
    return Counter(each for element in everything(page) if (each := element.attributes.get("id")))


def everything(page: Element) -> list[Element]:
    return [each for child in page.children for each in (child, *everything(child))]


def said(markup: str) -> str:
    """The description that stands in a place of a page, with the marks of code that it has in the file."""
    return html.unescape(re.sub("</?code>", "`", markup))


class TestItHoldsEverything:
    """Tables, columns, macros, measures, rules, sources and their columns, models."""

    def test_every_table_and_column_says_what_its_comment_in_the_file_says(
        self, site: dict[str, Element], folder: Path, published: Sandbox
    ) -> None:
        page = site["tables.html"]
        meanings = dict(
            re.findall(
                r'<tr id="([^"]+)">.*?<td class="meaning">(.*?)</td>',
                (folder / "tables.html").read_text(encoding="utf-8"),
            )
        )
        by_id = {each.attributes["id"]: each for each in page.all("tr") if "id" in each.attributes}
        rows = read.query(
            published.paths,
            "select table_name, column_name, lower(data_type), comment"
            " from duckdb_columns() where schema_name = 'marts'",
        ).rows
        assert len(rows) > 700
        for name, column, kind, comment in rows:
            row = by_id[f"{name}.{column}"]
            assert row.all("th")[0].text == column
            assert row.all("td")[0].text == kind
            assert said(meanings[f"{name}.{column}"]) == comment, f"{name}.{column}"
        assert len(by_id) == len(rows)

    def test_every_table_has_its_description_and_macro(
        self, site: dict[str, Element], folder: Path, published: Sandbox
    ) -> None:
        descriptions = dict(
            re.findall(r'<h3 id="([^"]+)">.*\n<p>(.*)</p>', (folder / "tables.html").read_text(encoding="utf-8"))
        )
        tables = read.query(
            published.paths, "select table_name, comment from duckdb_tables() where schema_name = 'marts'"
        ).rows
        macros = dict(
            read.query(
                published.paths, "select function_name, comment from duckdb_functions() where schema_name = 'marts'"
            ).rows
        )
        entries = {each.all("h3")[0].text: each for each in site["tables.html"].all("div") if each.all("h3")}
        assert set(entries) == {name for name, _ in tables}
        for name, comment in tables:
            assert said(descriptions[name]) == comment, name
            about = facts(entries[name])
            assert about["Marking"] == "OFFICIAL"
            macro = macros.pop(f"{name}{AS_OF}", None)
            if macro:
                assert macro in about["As of a date"]
            else:
                assert about["As of a date"] == "Only as last known"
        assert macros == {}

    def test_every_example_is_a_query_of_the_release(self, site: dict[str, Element], published: Sandbox) -> None:
        queries = [each.text for each in site["tables.html"].all("pre")]
        assert len(queries) > 50
        for query in queries:
            assert read.query(published.paths, query).columns
        assert any("measure = 'violence'" in query for query in queries)

    def test_every_measure(self, site: dict[str, Element], published: Sandbox) -> None:
        measures = read.query(
            published.paths,
            "select measure, label, version, definition, note, sources from marts.dim_measure order by theme, measure",
        ).rows
        entries = [each for each in site["measures.html"].all("div") if each.all("h3")]
        assert len(measures) == 50
        for entry, (name, label, version, definition, note, sources) in zip(entries, measures, strict=True):
            about = facts(entry)
            assert entry.all("h3")[0].attributes["id"] == name
            assert (entry.all("h3")[0].text, entry.all("p")[0].text) == (label, " ".join(definition.split()))
            assert (about["Name"], about["Version"]) == (name, str(version))
            assert about["Breaks and limits"] == (note or "None known")
            assert set(re.findall(r"\w+", about["Source"])) == set(sources)

    def test_what_a_measure_counts(self, site: dict[str, Element]) -> None:
        entries = {each.all("h3")[0].text: each for each in site["measures.html"].all("div") if each.all("h3")}
        assert [each.text for each in entries["Actual bodily harm"].all("li")] == ["sub-code 008/06"]
        bicycle = [each.text for each in entries["Bicycle theft"].all("li")]
        assert sorted(bicycle) == ["class 44", "police.uk category Bicycle theft"]
        assert "violence_performance" in facts(entries["Rape"])["Tables"]
        assert "asb_performance" not in facts(entries["Rape"])["Tables"]

    def test_every_rule(self, site: dict[str, Element]) -> None:
        rows = {
            each.attributes["id"]: [cell.text for cell in each.all("th", "td")]
            for each in site["rules.html"].all("tr")
            if "id" in each.attributes
        }
        rules = list(every_rule(load_contracts()))
        assert len(rules) > 350
        for rule in rules:
            code, severity, dimension, message, owner, becomes = rows[f"{rule.source or 'every-source'}.{rule.code}"]
            assert (code, severity, dimension, owner) == (rule.code, rule.severity, rule.dimension, rule.owner)
            assert message == " ".join(rule.message.split())
            assert Counter(re.findall(r"\w+", becomes)) == Counter(re.findall(r"\w+", rule.becomes))
        assert len(rows) == len(rules)

    def test_every_source_and_what_it_delivers(self, site: dict[str, Element]) -> None:
        for source, contract in load_contracts().items():
            rows = table(site["sources.html"], f"Columns of {source}")[1:]
            assert [row[0] for row in rows] == [column.name for column in contract.columns]
            for row, column in zip(rows, contract.columns, strict=True):
                assert row[1] == (", ".join(column.headers) or column.name)
                assert row[3] == ("yes" if column.required else "no")
                assert row[4].startswith("personal" if column.personal else "a keyed" if column.pseudonymised else "no")
                if column.personal:
                    assert row[6:] == ["no table", "no table"]

    def test_every_model_and_what_people_open(self, site: dict[str, Element]) -> None:
        places = ids(site["models.html"])
        for name in ("int_crimes__states", "stg_records__crimes", "violence_performance_as_of", "quality_page"):
            assert places[name] == 1


def facts(entry: Element) -> dict[str, str]:
    """What the list of an entry says, by its terms."""
    return {
        pair.all("dt")[0].text: " ".join(pair.all("dd")[0].text.split())
        for pair in entry.all("div")
        if pair.all("dt") and pair.all("dd")
    }


class TestLineage:
    """From a delivered column to the tables that can show it, and back."""

    def row(self, site: dict[str, Element], page: str, place: str) -> list[str]:
        [row] = [each for each in site[page].all("tr") if each.attributes.get("id") == place]
        return [cell.text for cell in row.all("th", "td")]

    def test_a_column_of_a_table_names_what_it_shows(self, site: dict[str, Element]) -> None:
        assert self.row(site, "tables.html", "crimes.class_code")[3] == "crimes.class_code"
        assert self.row(site, "tables.html", "violence_performance.measure_label")[3] == "reference: measures.label"
        counted = self.row(site, "tables.html", "violence_performance.offences")[3]
        assert "rows of int_crimes__states" in counted
        assert "asb" not in counted
        assert self.row(site, "tables.html", "prevent_referrals.referrals")[3] == "not traced"

    def test_a_delivered_column_names_the_tables(self, site: dict[str, Element]) -> None:
        *_, shown, decides = self.row(site, "sources.html", "crimes.class_code")
        assert shown.replace(",", "").split() == ["crime_versions.class_code", "crimes.class_code"]
        assert {"violence_performance", "violence_hotspots", "measure_movements"} <= set(re.findall(r"\w+", decides))
        assert not {"asb_performance", "roads_enforcement"} & set(re.findall(r"\w+", decides))

    def test_a_table_is_of_the_sources_that_its_measures_count(self, site: dict[str, Element]) -> None:
        entries = {each.all("h3")[0].text: each for each in site["tables.html"].all("div") if each.all("h3")}
        for name, sources in {
            "violence_performance": {"crimes", "police_uk_street"},
            "asb_temporal": {"asb_incidents"},
            "mental_health_triage": {"triage_contacts"},
            "prevent_referrals": {"prevent_referrals"},
            "public_order_protests": {"public_order_events"},
        }.items():
            assert set(re.findall(r"\w+", facts(entries[name])["Sources"])) == sources, name

    def test_a_drawing_has_every_relation_of_its_list(self, site: dict[str, Element]) -> None:
        entries = {each.all("h3")[0].text: each for each in site["tables.html"].all("div") if each.all("h3")}
        for name, entry in entries.items():
            for drawing in entry.all("svg"):
                boxes = {each.text for each in drawing.all("text")}
                for model, of in table(entry, f"The drawing of {name} as a list")[1:]:
                    assert model in boxes
                    assert set(of.split(", ")) <= boxes | {""} or "," in of
                assert f"{name} is made" in (drawing.attributes["aria-label"] or "")
        assert sum(bool(entry.all("svg")) for entry in entries.values()) > 55


class TestForEverybody:
    """Links, landmarks, headings, names; it needs nothing from elsewhere, and says which release it is of."""

    @pytest.mark.parametrize("page", list(dictionary.PAGES))
    def test_every_link_leads_somewhere(self, page: str, site: dict[str, Element]) -> None:
        places = {name: ids(other) for name, other in site.items()}
        assert set(places[page].values()) <= {1}
        for link in site[page].all("a"):
            target, _, place = (link.attributes["href"] or "").partition("#")
            assert (target or page) in places
            assert not place or places[target or page][place], f"{target}#{place}"
            assert link.text

    def test_the_search_leads_somewhere(self, entries: list[list[str]], site: dict[str, Element]) -> None:
        places = {name: ids(page) for name, page in site.items()}
        for kind, name, where, about in entries:
            page, _, place = where.partition("#")
            assert places[page][place] == 1, where
            assert kind
            assert name
            assert about, name

    def test_the_search_knows_everything(self, entries: list[list[str]]) -> None:
        names: dict[str, set[str]] = {}
        for kind, name, *_ in entries:
            names.setdefault(kind, set()).add(name)
        assert {"violence_performance", "crimes"} <= names["table"]
        assert "violence_performance_as_of" in names["as-of macro"]
        assert "violence_performance.change_pct" in names["column"]
        assert "common_assault" in names["measure"]
        assert {"crimes.KEY_REPEATED", "ROW_MALFORMED"} <= names["rule"]
        assert "crimes.class_code" in names["delivered column"]
        assert "int_crimes__states" in names["model"]
        assert "Quality page" in names["opened by people"]
        headers = {name: about for kind, name, _, about in entries if kind == "delivered column"}
        assert headers["police_uk_street.crime_id"].startswith("Header Crime ID")

    @pytest.mark.parametrize("page", list(dictionary.PAGES))
    def test_a_page(self, page: str, site: dict[str, Element], release: Release) -> None:
        shown = site[page]
        for landmark in ("header", "nav", "main", "footer", "title", "h1"):
            assert len(shown.all(landmark)) == 1
        assert [each.text for each in shown.all("header")[0].all("p")] == ["OFFICIAL"]
        assert facts(shown.all("header")[0])["Release"] == release.release_id
        assert facts(shown.all("header")[0])["Code"] == release.code_version
        assert "OFFICIAL" in shown.all("footer")[0].text
        headings = [int(each.tag[1]) for each in shown.all("h1", "h2", "h3", "h4")]
        assert headings[0] == 1
        assert all(later - earlier <= 1 for earlier, later in pairwise(headings))
        for each in shown.all("table"):
            assert each.all("caption")[0].text
            assert {cell.attributes["scope"] for cell in each.all("th")} <= {"col", "row"}
            for row in each.all("tbody")[0].all("tr"):
                assert row.all("th", "td")[0].tag == "th"
                assert len(row.all("th", "td")) == len(each.all("thead")[0].all("th"))
        assert [each.text for each in shown.all("a") if each.attributes.get("aria-current")] == [dictionary.PAGES[page]]

    def test_nothing_is_fetched(self, folder: Path) -> None:
        files = {path.name: path.read_text(encoding="utf-8") for path in folder.iterdir()}
        assert set(files) == {*dictionary.PAGES, "dictionary.css", "dictionary.js", "search.js"}
        for name, text in files.items():
            assert re.findall(r"https?:|src=\"//|@import|url\(|fetch\(|XMLHttp", text) == [], name
        for page in dictionary.PAGES:
            assert set(re.findall(r'(?:src|link[^>]*href)="([^"]*)"', files[page])) == {
                "dictionary.css",
                "search.js",
                "dictionary.js",
            }

    def test_it_is_small(self, folder: Path) -> None:
        assert sum(path.stat().st_size for path in folder.iterdir()) < 2_000_000


def test_a_release_with_a_table_that_the_project_does_not_know(tmp_path: Path, release: Release) -> None:
    """It is described as the file says, and nothing is said of where it comes from."""
    with duckdb.connect(str(tmp_path / "other.duckdb")) as connection:
        connection.execute(
            """
            create schema marts;
            create table marts.dim_measure (
              measure varchar, theme varchar, label varchar, version integer, definition varchar, note varchar,
              sources varchar[]
            );
            create table marts.dim_measure_member (
              measure varchar, class_code varchar, sub_code varchar, victim_type varchar, tag varchar,
              operation varchar, police_uk_category varchar, asb_category varchar, valid_from date, valid_to date
            );
            create table marts.extra (colour varchar);
            comment on table marts.extra is 'One row per <colour> & `shade`.';
            comment on column marts.extra.colour is 'A colour.';
            """
        )
        dictionary.write(
            tmp_path / "site",
            connection,
            replace(release, rows_per_table={"dim_measure": 0, "dim_measure_member": 0, "extra": 0}),
            load_contracts(),
        )
    text = (tmp_path / "site" / "tables.html").read_text(encoding="utf-8")
    assert "<p>One row per &lt;colour&gt; &amp; <code>shade</code>.</p>" in text
    page = parsed(tmp_path / "site" / "tables.html")
    assert table(page, "Columns of extra")[1] == ["colour", "varchar", "A colour.", "not traced"]
