"""Months that are missing or partial, as ranges, and what would fill them."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any
from unittest.mock import patch

import duckdb
import pytest

from flows.contracts import load_contracts
from flows.operate import gaps, read
from flows.operate.gaps import Gap
from flows.settings import Paths

CITY, KENT = "City of London Police", "Kent Police"
STREET = "police_uk_street"


def day(text: str) -> date:
    """A day, or the first of a month."""
    return date.fromisoformat(text if len(text) == 10 else f"{text}-01")


def found(coverage: list[tuple[str, str, str, str]], deliveries: list[tuple[Any, ...]], **given: Any) -> list[Gap]:
    """The gaps of a release with these rows of coverage (source, force, month, state) and deliveries (source, force,
    file, extract date, revision, state)."""

    @contextmanager
    def published(paths: Paths) -> Iterator[duckdb.DuckDBPyConnection]:
        with duckdb.connect() as connection:
            connection.execute("create schema marts")
            connection.execute("create table marts.coverage (source text, force text, month date, state text)")
            connection.execute(
                "create table marts.deliveries"
                " (source text, force text, file_name text, extract_date date, revision integer, state text)"
            )
            for source, force, month, state in coverage:
                connection.execute("insert into marts.coverage values (?, ?, ?, ?)", [source, force, day(month), state])
            for row in deliveries:
                connection.execute("insert into marts.deliveries values (?, ?, ?, ?, ?, ?)", row)
            yield connection

    with patch.object(read, "published", published):
        return gaps.find(Paths(Path("nowhere")), load_contracts(), **given)


def months(source: str, force: str, state: str, *which: str) -> list[tuple[str, str, str, str]]:
    """Months of one state."""
    return [(source, force, month, state) for month in which]


def test_missing_months_in_a_row_are_one_gap_with_files_and_archive() -> None:
    coverage = [
        *months(STREET, CITY, "complete", "2018-11", "2019-02", "2019-04"),
        *months(STREET, CITY, "missing", "2018-12", "2019-01", "2019-03"),
        *months(STREET, KENT, "complete", "2018-12"),
    ]
    deliveries = [
        (STREET, CITY, "2019-02-city-of-london-street.csv", day("2019-04-30"), 1, "loaded"),
        (STREET, KENT, "2018-12-kent-street.csv", day("2019-02-28"), 1, "loaded"),
    ]
    assert found(coverage, deliveries) == [
        Gap(
            STREET,
            CITY,
            "missing",
            day("2018-12"),
            day("2019-01"),
            2,
            ["2018-12-city-of-london-street.csv", "2019-01-city-of-london-street.csv"],
            ["2019-01.zip"],
        ),
        Gap(
            STREET,
            CITY,
            "missing",
            day("2019-03"),
            day("2019-03"),
            1,
            ["2019-03-city-of-london-street.csv"],
            ["2019-03.zip"],
        ),
    ]


@pytest.mark.parametrize(
    ("first", "archives"),
    [("2016-01", ["2018-12.zip"]), ("2015-12", ["2018-12.zip", "2015-12.zip"])],
    ids=["36 months", "37 months"],
)
def test_a_gap_longer_than_an_archive_takes_several(first: str, archives: list[str]) -> None:
    year = int(first[:4])
    which = [f"{y}-{m:02}" for y in range(year, 2019) for m in range(1, 13) if f"{y}-{m:02}" >= first]
    [gap] = found(
        months(STREET, CITY, "missing", *which),
        [(STREET, CITY, "2019-02-city-of-london-street.csv", day("2019-04-30"), 1, "loaded")],
    )
    assert (gap.archives, gap.months, len(gap.files)) == (archives, len(which), len(which))


def test_partial_months_are_filled_by_the_next_revision_of_what_was_rejected() -> None:
    coverage = [
        *months("crimes", CITY, "complete", "2019-03", "2019-06"),
        *months("crimes", CITY, "partial", "2019-04", "2019-05"),
    ]
    deliveries = [
        ("crimes", CITY, "crimes_2019-04-01.csv", day("2019-04-01"), 1, "loaded"),
        ("crimes", CITY, "crimes_2019-05-07.csv", day("2019-05-07"), 1, "rejected"),
        ("crimes", CITY, "crimes_2019-05-07_r2.csv", day("2019-05-07"), 2, "rejected"),
        ("crimes", CITY, "crimes_2019-05-14.csv", day("2019-05-14"), 1, "rejected"),
        ("crimes", CITY, "crimes_2019-05-14_r2.csv", day("2019-05-14"), 2, "loaded"),
        ("crimes", CITY, "crimes_2019-05-30.csv", day("2019-05-30"), 1, "rejected"),
        ("crimes", CITY, "crimes_2019-06-01.csv", day("2019-06-01"), 1, "loaded"),
        ("crimes", CITY, "crimes_2019-06-09.csv", day("2019-06-09"), 1, "rejected"),
        ("crimes", KENT, "crimes_2019-05-20.csv", day("2019-05-20"), 1, "rejected"),
    ]
    assert found(coverage, deliveries) == [
        Gap(
            "crimes",
            CITY,
            "partial",
            day("2019-04"),
            day("2019-05"),
            2,
            ["crimes_2019-05-07_r3.csv", "crimes_2019-05-30_r2.csv"],
            [],
        )
    ]


def test_missing_months_of_changes_are_filled_by_an_extract_after_them() -> None:
    [gap] = found(months("crimes", KENT, "missing", "2019-01", "2019-02"), [])
    assert (gap.state, gap.files, gap.archives) == ("missing", ["crimes_2019-02-28.csv"], [])


def test_sources_and_a_force_can_be_chosen() -> None:
    coverage = [
        *months("crimes", KENT, "missing", "2019-01"),
        *months("crimes", CITY, "missing", "2019-01"),
        *months("asb_incidents", CITY, "missing", "2019-01"),
    ]
    assert [(gap.source, gap.force) for gap in found(coverage, [], sources=["crimes"])] == [
        ("crimes", CITY),
        ("crimes", KENT),
    ]
    assert [gap.source for gap in found(coverage, [], force=CITY)] == ["asb_incidents", "crimes"]
