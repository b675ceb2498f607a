"""What a file's name is taken to say, name by name."""

from __future__ import annotations

from datetime import date

import pytest

from flows.contracts import Column, Contract, Delivery, load_contracts
from flows.stages.extract.naming import Claim, claim, published, usually_published


def dated(source: str) -> Contract:
    """A made-up source of keyed changes whose files are named by date."""
    return Contract(
        source=source,
        system="desk",
        title="Events of a made-up desk",
        record_source="force",
        description="One row per event of a made-up desk.",
        owner="Nobody in particular",
        cadence="daily",
        delivery=Delivery(kind="changes", naming="dated"),
        key=("ref",),
        columns=(Column(name="ref", type="text", description="What the event is called"),),
    )


CONTRACTS = {
    "crimes": dated("crimes"),
    "crimes_old": dated("crimes_old"),
    "police_uk_street": load_contracts()["police_uk_street"],
}


@pytest.mark.parametrize(
    ("name", "source", "day", "revision"),
    [
        ("crimes_2024-02-29.csv", "crimes", date(2024, 2, 29), 1),
        ("CRIMES_2024-02-29.CSV.GZ", "crimes", date(2024, 2, 29), 1),
        ("crimes_2024-01-31_r2.csv", "crimes", date(2024, 1, 31), 2),
        ("crimes_2024-01-31_R10.csv.gz", "crimes", date(2024, 1, 31), 10),
        ("crimes_old_2024-01-31.csv", "crimes_old", date(2024, 1, 31), 1),
        ("crimes_2024-01-31.xlsx", "crimes", date(2024, 1, 31), 1),
        ("Crimes_2024-01-31_r2.Parquet", "crimes", date(2024, 1, 31), 2),
    ],
)
def test_a_dated_name(name: str, source: str, day: date, revision: int) -> None:
    assert claim(name, CONTRACTS) == Claim(source, extract_date=day, revision=revision)


@pytest.mark.parametrize(
    ("name", "month"),
    [
        ("2024-09-city-of-london-street.csv", "2024-09"),
        ("2014-01-BTP-Street.CSV", "2014-01"),
        ("2014-12-west-yorkshire-street.csv.gz", "2014-12"),
    ],
)
def test_a_police_uk_name(name: str, month: str) -> None:
    assert claim(name, CONTRACTS) == Claim("police_uk_street", slice=month)


@pytest.mark.parametrize(
    ("name", "source", "code"),
    [
        ("crimes.csv", "crimes", "NAME_DATE"),
        ("crimes_.csv", "crimes", "NAME_DATE"),
        ("crimes_latest.csv", "crimes", "NAME_DATE"),
        ("crimes_20240131.csv", "crimes", "NAME_DATE"),
        ("crimes_2023-02-29.csv", "crimes", "NAME_DATE"),
        ("crimes_2024-13-01.csv", "crimes", "NAME_DATE"),
        ("crimes_0000-01-01.csv", "crimes", "NAME_DATE"),
        ("crimes_२०२४-01-01.csv", "crimes", "NAME_DATE"),
        ("crimes (1).csv", "crimes", "NAME_DATE"),
        ("crimes_2024-01-31_r0.csv", "crimes", "NAME_REVISION"),
        ("crimes_2024-01-31_r1.csv", "crimes", "NAME_REVISION"),
        ("crimes_2024-01-31_r02.csv", "crimes", "NAME_REVISION"),
        ("crimes_2024-01-31_rX.csv", "crimes", "NAME_REVISION"),
        ("crimes_2024-01-31_r2_r3.csv", "crimes", "NAME_REVISION"),
        ("crimes_2024-01-31 (1).csv", "crimes", "NAME_REVISION"),
        ("crimes_2024-01-31_r2 (1).csv", "crimes", "NAME_REVISION"),
        ("crimes_2024-01-31.csv.csv", "crimes", "NAME_REVISION"),
        ("crimes.xlsx", "crimes", "NAME_DATE"),
        ("crimes_2024-01-31_r1.parquet", "crimes", "NAME_REVISION"),
        ("2024-13-city-of-london-street.csv", "police_uk_street", "NAME_DATE"),
        ("2024-00-city-of-london-street.csv", "police_uk_street", "NAME_DATE"),
        ("0000-01-city-of-london-street.csv", "police_uk_street", "NAME_DATE"),
        ("2024-09-city-of-london-street (1).csv", "police_uk_street", "NAME_REVISION"),
    ],
)
def test_a_name_that_is_rejected_claims_nothing_but_its_source(name: str, source: str, code: str) -> None:
    claimed = claim(name, CONTRACTS)
    assert claimed is not None
    assert claimed.problem is not None
    assert (claimed.source, claimed.problem.code) == (source, code)
    assert (claimed.slice, claimed.extract_date, claimed.revision) == (None, None, 1)


@pytest.mark.parametrize(
    "name",
    [
        "crimes_2024-01-31.txt",
        "crimes_2024-01-31.csv.zip",
        "crimes_2024-01-31.xls",
        "crimes_2024-01-31.xlsx.gz",
        "2024-09-city-of-london-street.xlsx",
        "2024-09-city-of-london-street.parquet",
        "crimes_2024-01-31",
        "crimestats_2024-01-31.csv",
        "old_crimes_2024-01-31.csv",
        "2024-09-city-of-london-outcomes.csv",
        "2024-09-street.csv",
        "2024-09-city-of-london-ſtreet.csv",
        "city-of-london-street.csv",
        "x2024-09-city-of-london-street.csv",
        "2024-09-city-of-london-street.csv\n",
        ".csv",
    ],
)
def test_a_name_of_no_source(name: str) -> None:
    assert claim(name, CONTRACTS) is None


@pytest.mark.parametrize("name", ["crimes_2024-01-31.xlsx", "crimes_2024-01-31.parquet", "crimes_2024-01-31.csv.gz"])
def test_a_member_of_an_archive_is_plain_csv_or_nothing(name: str) -> None:
    assert claim(name, CONTRACTS, is_member=True) is None
    assert claim("crimes_2024-01-31.csv", CONTRACTS, is_member=True) == claim("crimes_2024-01-31.csv", CONTRACTS)


@pytest.mark.parametrize(
    ("archive", "folders", "expected"),
    [
        (None, [], date(2018, 4, 30)),
        (None, ["2018-02", "landing"], date(2018, 4, 30)),
        ("2018-11.zip", ["published-2019"], date(2018, 11, 30)),
        ("2020-02.ZIP", [], date(2020, 2, 29)),
        ("latest.zip", [], date(2018, 4, 30)),
        ("2018-13.zip", ["published-2019"], date(2019, 12, 31)),
        (None, ["2018-02", "published-2018"], date(2018, 12, 31)),
        (None, ["Published-2019-02"], date(2019, 2, 28)),
        (None, ["published-2019-02", "published-2020"], date(2019, 2, 28)),
        (None, ["published-2019-13", "published-2020"], date(2020, 12, 31)),
        (None, ["published-0000", "published-20"], date(2018, 4, 30)),
        (None, ["unpublished-2019", "published-2019-1"], date(2018, 4, 30)),
    ],
)
def test_when_a_month_was_published(archive: str | None, folders: list[str], expected: date) -> None:
    assert (published(archive, folders) or usually_published("2018-02")) == expected


@pytest.mark.parametrize(("month", "expected"), [("2018-11", date(2019, 1, 31)), ("2017-12", date(2018, 2, 28))])
def test_two_months_later_can_be_next_year(month: str, expected: date) -> None:
    assert published(None, []) is None
    assert usually_published(month) == expected
