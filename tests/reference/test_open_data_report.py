"""The open-data edition of the demo: every number is one of the rows of data.police.uk, counted here by themselves."""

import json
import re
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb
import openpyxl
import pytest

from flows.errors import UsageError
from flows.report import open_data, partnership
from flows.report.partnership import Written
from tests.faults.sandbox import Sandbox
from tests.pages import Element, parsed
from tests.reference.reported import at, copied

FORCE = "Sample Constabulary"
MONTH, AS_OF = date(2019, 7, 1), date(2019, 9, 5)

CATEGORIES = {
    "All crime": "<> 'Anti-social behaviour'",
    "Violence": "in ('Violence and sexual offences', 'Robbery')",
    "Robbery": "= 'Robbery'",
    "Acquisitive crime": "in ('Burglary', 'Shoplifting', 'Theft from the person', 'Bicycle theft', 'Vehicle crime',"
    " 'Other theft')",
    "Burglary": "= 'Burglary'",
    "Shoplifting": "= 'Shoplifting'",
    "Theft from the person": "= 'Theft from the person'",
    "Bicycle theft": "= 'Bicycle theft'",
    "Vehicle crime": "= 'Vehicle crime'",
    "Other theft": "= 'Other theft'",
    "Anti-social behaviour": "= 'Anti-social behaviour'",
    "Public order": "= 'Public order'",
}
"""What each measure counts, by the categories since May 2013."""

Rows = list[list[str]]


@pytest.fixture(scope="module")
def written(demo: tuple[Sandbox, Any], tmp_path_factory: pytest.TempPathFactory) -> Written:
    """The edition of another force than the default one."""
    own = copied(demo[0], tmp_path_factory.mktemp("open-data"))
    with at(datetime(2019, 9, 11, 9)):
        return partnership.write(own.settings, month=MONTH, as_of=AS_OF, force=FORCE, record_source="police_uk")


@pytest.fixture(scope="module")
def page(written: Written) -> Element:
    return parsed(written.html)


@pytest.fixture(scope="module")
def tables(page: Element) -> dict[str, Rows]:
    """Key of a table → its rows as texts, without the heads of its columns."""
    return {
        (table.all("caption")[0].attributes["id"] or "").removeprefix("t-"): [
            [cell.text for cell in row.all("th", "td")] for row in table.all("tbody")[0].all("tr")
        ]
        for table in page.all("table")
    }


@pytest.fixture(scope="module")
def known(demo: tuple[Sandbox, Any]) -> Iterator[duckdb.DuckDBPyConnection]:
    """The rows of the force as they were published until the day."""
    with duckdb.connect() as connection:
        connection.execute(f"attach '{demo[0].paths.published_database.resolve()}' as safer_city (read_only)")
        connection.execute(
            f"""
            create table known as
            from safer_city.marts.street_crime_versions
            where force = '{FORCE}' and known_from <= date '{AS_OF}' and (known_to is null or known_to > date '{AS_OF}')
            """
        )
        yield connection


def counted(known: duckdb.DuckDBPyConnection, condition: str) -> list[int]:
    """Rows of the month, the month before, a year before, the financial year, the last one, twelve months and those
    before."""
    spans = [
        ("2019-07-01", "2019-07-01"),
        ("2019-06-01", "2019-06-01"),
        ("2018-07-01", "2018-07-01"),
        ("2019-04-01", "2019-07-01"),
        ("2018-04-01", "2018-07-01"),
        ("2018-08-01", "2019-07-01"),
        ("2017-08-01", "2018-07-01"),
    ]
    counts = ", ".join(f"count(*) filter (month between date '{first}' and date '{last}')" for first, last in spans)
    [row] = known.execute(f"select {counts} from known where crime_type {condition}").fetchall()
    return list(row)


def signed(number: int) -> str:
    return f"{number:+,}".replace("-", "−") if number else "0"


def test_sections(page: Element) -> None:
    assert [section.attributes["aria-labelledby"] for section in page.all("section")] == [
        *["headline", "all_crime", "violence", "acquisitive_crime", "asb", "public_order", "not_shown", "trust"]
    ]


def test_measures_are_counts_of_rows(tables: dict[str, Rows], known: duckdb.DuckDBPyConnection) -> None:
    shown = {row[0]: row[1:] for key, rows in tables.items() if key.endswith("_months") for row in rows}
    assert shown.keys() == CATEGORIES.keys()
    for label, condition in CATEGORIES.items():
        now, before, old, year, year_old, twelve, twelve_old = counted(known, condition)
        cells = shown[label]
        assert [cells[0], cells[1], cells[2], cells[4]] == [f"{now:,}", f"{before:,}", signed(now - before), f"{old:,}"]
        assert [cells[5], cells[6], cells[8], cells[9]] == [
            f"{number:,}" for number in (year, year_old, twelve, twelve_old)
        ]
    assert counted(known, "= 'Burglary'")[0] > 50


def test_categories_are_counts_of_rows(tables: dict[str, Rows], known: duckdb.DuckDBPyConnection) -> None:
    categories = [name for (name,) in known.execute("select distinct crime_type from known").fetchall()]
    assert sorted(row[0] for row in tables["categories"]) == sorted(categories)
    assert len(categories) == 14
    for label, *cells in tables["categories"]:
        now, before, old, *sums = counted(known, f"= '{label}'")
        assert cells == [
            *[f"{now:,}", f"{before:,}", signed(now - before), f"{old:,}"],
            *(f"{number:,}" for number in sums),
        ]


@pytest.mark.parametrize(
    ("kind", "place", "by"),
    [
        ("lsoas", "any_value(lsoa_name) || ' (' || lsoa_code || ')'", "lsoa_code"),
        ("points", "location.replace('On or near ', '') || ' in ' || lsoa_name", "location, lsoa_name"),
    ],
)
def test_places_are_counts_of_rows(
    tables: dict[str, Rows], known: duckdb.DuckDBPyConnection, kind: str, place: str, by: str
) -> None:
    rows = known.execute(
        f"""
        select {place} as place, count(*) as offences
        from known
        where month = date '{MONTH}' and crime_type {CATEGORIES["Acquisitive crime"]}
          and location <> 'No Location' and lsoa_name is not null
        group by {by}
        qualify dense_rank() over (order by count(*) desc) <= 5
        order by offences desc, place
        """
    ).fetchall()
    assert len(rows) >= 5
    assert [row[:2] for row in tables[f"acquisitive_crime_{kind}"]] == [
        [place, f"{number:,}"] for place, number in rows
    ]


def test_every_number_is_in_a_table(page: Element, tables: dict[str, Rows]) -> None:
    for section in page.all("section"):
        cells = [cell.text for table in section.all("table") for cell in table.all("th", "td")]
        if section.attributes["aria-labelledby"] == "headline":
            cells += [cell for rows in tables.values() for row in rows for cell in row]
        known = {number for cell in cells for number in numbers(cell)}
        rows = [row for key, rows in tables.items() if key.endswith("_months") for row in rows]
        # A difference of two sums stands in no table, but both of them do.
        known |= {
            f"{abs(int(row[now].replace(',', '')) - int(row[old].replace(',', ''))):,}"
            for row in rows
            for now, old in ((6, 7), (9, 10))
        }
        for paragraph in section.all("p"):
            told = re.sub(r"\d+ (?:in a row|months\b)|\b(?:19|20)\d\d\b|\d+ (?:July|August) ", "", paragraph.text)
            assert [number for number in numbers(told) if number not in known] == [], paragraph.text


def numbers(text: str) -> list[str]:
    return re.findall(r"\d+(?:,\d{3})*(?:\.\d+)?", text)


def test_it_says_what_the_data_cannot_show(tables: dict[str, Rows], page: Element) -> None:
    assert [row[0] for row in tables["not_shown"]] == [what for what, _ in open_data.NOT_SHOWN]
    [section] = [each for each in page.all("section") if each.attributes["aria-labelledby"] == "not_shown"]
    assert f"Not in the files of {FORCE}" in section.text
    assert not [key for key in tables if key.endswith("_hours")]


def test_nothing_of_the_forces_own_records_is_in_it(written: Written, page: Element) -> None:
    assert "OFFICIAL" not in written.html.read_text(encoding="utf-8")
    assert page.all("header")[0].all("p")[0].text == open_data.MARKING
    charts = [each for each in page.all("div") if each.attributes.get("role") == "img"]
    assert len(charts) == 11
    assert all(open_data.MARKING in chart.text for chart in charts)
    sources = {row[0] for table in page.all("table") for row in cells(table) if "t-coverage" in str(table.attributes)}
    assert sources <= {"Police uk street"}
    book = openpyxl.load_workbook(written.xlsx)
    assert {sheet["A1"].value for sheet in book} == {open_data.MARKING}


def cells(table: Element) -> Rows:
    return [[cell.text for cell in row.all("th", "td")] for row in table.all("tr")]


def test_it_is_kept_apart(written: Written) -> None:
    folder = written.html.parent
    assert folder.parent.name == "open-data"
    assert folder.name == "2019-07-as-of-2019-09-05-sample-constabulary"
    record = json.loads((folder / "issue-1.json").read_text(encoding="utf-8"))
    assert record["compared_with"] == "2019-08-05"


def test_by_default_the_newest_month_that_was_published(demo: tuple[Sandbox, Any], tmp_path: Path) -> None:
    own = copied(demo[0], tmp_path)
    with at(datetime(2019, 9, 11, 9)):
        edition = partnership.write(own.settings, record_source="police_uk").edition
    assert (edition.force, edition.month) == ("City of London Police", date(2019, 8, 1))


def test_a_force_that_the_release_has_not(demo: tuple[Sandbox, Any]) -> None:
    told = (
        "the release has no figures of data.police.uk of 'Anywhere'; it has those of: City of London Police,"
        " Sample Constabulary"
    )
    with at(datetime(2019, 9, 11, 9)), pytest.raises(UsageError, match=re.escape(told)):
        partnership.write(demo[0].settings, force="Anywhere", record_source="police_uk")
