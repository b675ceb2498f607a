"""The model of the warehouse itself, on numbers worked out by hand."""

import csv
import gzip
import io
import zipfile
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest

from tests.model.months import months_later
from tests.model.performance import change_pct
from tests.model.police_uk import HEADER, THEMES, File, Model, State
from tests.model.worlds import LAST_EXTRACT, as_csv, world, write

TODAY = date(2026, 1, 1)
CITY = "City of London Police"
KENT = "Kent Police"
SEVEN = "7" * 64
EIGHT = "8" * 64
PATH = "2017-02/2017-02-city-of-london-street.csv"  # by default current to 30 April 2017


def row(month: str = "2017-02", **changes: str) -> dict[str, str]:
    """A sound row without Crime ID; `changes` names columns in lower case with underscores."""
    values = {
        "month": month,
        "reported_by": CITY,
        "falls_within": CITY,
        "longitude": "-0.09",
        "latitude": "51.51",
        "location": "On or near Cheapside",
        "lsoa_code": "E01000005",
        "lsoa_name": "City of London 001E",
        "crime_type": "Other crime",
    }
    values |= changes
    return {header: values.get(header.lower().replace(" ", "_"), "") for header in HEADER}


def asb(month: str = "2017-02") -> dict[str, str]:
    return row(month, crime_type="Anti-social behaviour")


def load(*files: File, today: date = TODAY) -> Model:
    return Model(files, today)


def one_file(*rows: dict[str, str], path: str = PATH) -> Model:
    return load(File(path, rows))


def history(counts: dict[str, int]) -> dict[str, dict[str, Any]]:
    """`asb_performance` by month, where each month named has arrived with so many ASB rows and one crime."""
    files = [
        File(f"{month}/{month}-city-of-london-street.csv", (row(month), *[asb(month)] * count))
        for month, count in counts.items()
    ]
    return {f"{each['month']:%Y-%m}": each for each in load(*files).performance("asb")}


def months(first: str, counts: Sequence[int | None]) -> dict[str, int]:
    """Counts of consecutive months as `history` takes them; None is a month that did not arrive."""
    start = date.fromisoformat(f"{first}-01")
    return {f"{months_later(start, number):%Y-%m}": count for number, count in enumerate(counts) if count is not None}


# ---- extract dates


@pytest.mark.parametrize(
    ("above", "extract_date"),
    [
        ("2017-02/", date(2017, 4, 30)),
        ("", date(2017, 4, 30)),
        ("published-2018/2017-02/", date(2018, 12, 31)),
        ("published-2018-02/2017-02/", date(2018, 2, 28)),
        ("PUBLISHED-2018-02/", date(2018, 2, 28)),
        ("2020-02.zip/2017-02/", date(2020, 2, 29)),
        ("published-2018/2020-02.zip/2017-02/", date(2020, 2, 29)),
        ("2020-02.zip/published-2018/2017-02/", date(2020, 2, 29)),
        ("published-2018/published-2019-01/police/2017-02/", date(2019, 1, 31)),
        ("published-2018/latest.zip/2017-02/", date(2018, 12, 31)),
        ("latest.zip/published-2018/2017-02/", date(2018, 12, 31)),
        ("published-2018/latest.zip/published-2019-01/2017-02/", date(2019, 1, 31)),
        ("unpublished-2018/2017-02/", date(2017, 4, 30)),
    ],
)
def test_extract_date_comes_from_archive_then_nearest_folder_then_default(above: str, extract_date: date) -> None:
    [delivery] = one_file(row(), path=f"{above}2017-02-city-of-london-street.csv").deliveries()
    assert (delivery["slice"], delivery["extract_date"]) == ("2017-02", extract_date)


def test_default_extract_date_crosses_the_year() -> None:
    [delivery] = one_file(row("2016-12"), path="2016-12/2016-12-kent-street.csv").deliveries()
    assert delivery["extract_date"] == date(2017, 2, 28)


def test_other_files_are_no_deliveries() -> None:
    model = load(File("2017-02/2017-02-kent-outcomes.csv", (row(),)), File("README.txt", ()))
    assert model.deliveries() == []


# ---- rows


@pytest.mark.parametrize(
    "changes",
    [
        {"reported_by": ""},
        {"reported_by": KENT},
        {"month": ""},
        {"month": "2017-03"},
        {"month": "2017-2"},
        {"crime_type": ""},
        {"crime_type": "Violent crime"},
        {"crime_type": "other crime"},
        {"crime_id": SEVEN[1:]},
        {"crime_id": SEVEN + "7"},
        {"crime_id": "A" * 64},
        {"crime_id": "g" + SEVEN[1:]},
    ],
)
def test_a_row_that_breaks_a_critical_rule_is_quarantined(changes: dict[str, str]) -> None:
    model = one_file(row(), row(**changes), row())
    [delivery] = model.deliveries()
    assert delivery == {
        "source": "police_uk_street",
        "force": CITY,
        "slice": "2017-02",
        "file_name": "2017-02-city-of-london-street.csv",
        "extract_date": date(2017, 4, 30),
        "revision": 1,
        "received": 3,
        "accepted": 2,
        "quarantined": 1,
        "rejected": 0,
        "loaded": 2,
        "unchanged": 0,
        "superseded_in_file": 0,
        "state": "loaded",
    }
    assert len(model.street_crimes()) == 2


@pytest.mark.parametrize(
    ("month", "crime_type", "is_accepted"),
    [
        ("2011-08", "Violent crime", True),
        ("2011-08", "Drugs", False),
        ("2011-09", "Drugs", True),
        ("2013-04", "Public disorder and weapons", True),
        ("2013-04", "Public order", False),
        ("2013-05", "Public disorder and weapons", False),
        ("2013-05", "Violent crime", False),
        ("2013-05", "Bicycle theft", True),
    ],
)
def test_crime_types_are_those_of_the_month(month: str, crime_type: str, is_accepted: bool) -> None:
    model = one_file(row(month, crime_type=crime_type), path=f"{month}-kent-street.csv")
    assert model.deliveries()[0]["accepted"] == int(is_accepted)


def test_values_are_trimmed_and_blanks_are_none() -> None:
    model = one_file(
        row(
            crime_id=f" {SEVEN}",
            crime_type="Burglary ",
            location="On or near ",
            lsoa_name=" ",
            falls_within="",
            last_outcome_category="Lost in the post",
        )
    )
    assert model.street_crimes() == [
        {
            "force": CITY,
            "month": date(2017, 2, 1),
            "crime_id": SEVEN,
            "falls_within": None,
            "longitude": -0.09,
            "latitude": 51.51,
            "location": "On or near",
            "lsoa_code": "E01000005",
            "lsoa_name": None,
            "crime_type": "Burglary",
            "last_outcome": "Lost in the post",
            "context": None,
        }
    ]


@pytest.mark.parametrize(
    ("longitude", "latitude", "expected"),
    [
        ("-0.10", "51.500", (-0.1, 51.5)),
        ("-9", "49.5", (-9.0, 49.5)),
        ("2.1", "61.1", (2.1, 61.1)),
        ("-9.01", "51.5", (None, None)),
        ("2.11", "51.5", (None, None)),
        ("-0.1", "49.49", (None, None)),
        ("-0.1", "61.11", (None, None)),
        ("0", "0", (None, None)),
        ("", "51.5", (None, None)),
        ("-0.1", "", (None, None)),
        ("", "", (None, None)),
        ("west", "51.5", (None, None)),
        ("-0.1", "51,5", (None, None)),
    ],
)
def test_coordinates_are_both_there_or_neither(
    longitude: str, latitude: str, expected: tuple[float | None, float | None]
) -> None:
    [crime] = one_file(row(longitude=longitude, latitude=latitude)).street_crimes()
    assert (crime["longitude"], crime["latitude"]) == expected


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("E01000005", "E01000005"),
        ("W01001234", "W01001234"),
        ("S01008677", "S01008677"),
        ("N01000123", "N01000123"),
        ("95AA01S1", "95AA01S1"),
        ("e01000005", None),
        ("E02000005", None),
        ("E0100000", None),
        ("E010000050", None),
        ("", None),
    ],
)
def test_a_malformed_lsoa_code_is_none_and_its_name_stays(code: str, expected: str | None) -> None:
    [crime] = one_file(row(lsoa_code=code)).street_crimes()
    assert (crime["lsoa_code"], crime["lsoa_name"]) == (expected, "City of London 001E")


def test_the_last_row_of_a_crime_id_wins_and_rows_without_id_all_stay() -> None:
    model = one_file(
        row(crime_id=SEVEN, last_outcome_category="Under investigation"),
        row(crime_id=EIGHT),
        asb(),
        row(crime_id=SEVEN, last_outcome_category="Local resolution"),
        row(crime_id=EIGHT),  # a full copy is superseded too
        asb(),
        row(crime_id=SEVEN, crime_type="Mopery"),  # quarantined: it replaces nothing
    )
    [delivery] = model.deliveries()
    assert (delivery["received"], delivery["accepted"], delivery["quarantined"]) == (7, 6, 1)
    assert (delivery["loaded"], delivery["superseded_in_file"]) == (4, 2)
    assert [(crime["crime_id"], crime["last_outcome"]) for crime in model.street_crimes()] == [
        (None, None),
        (SEVEN, "Local resolution"),
        (EIGHT, None),
        (None, None),
    ]


def test_a_crime_id_is_unique_only_with_force_and_month() -> None:
    model = load(
        File(PATH, (row(crime_id=SEVEN),)),
        File("2017-03-city-of-london-street.csv", (row("2017-03", crime_id=SEVEN),)),
        File("2017-02-kent-street.csv", (row(reported_by=KENT, crime_id=SEVEN),)),
    )
    assert len(model.street_crimes()) == 3


def test_a_file_belongs_to_the_force_of_most_rows() -> None:
    kent = row(reported_by=KENT)
    [delivery] = one_file(row(), kent, kent, row(reported_by="")).deliveries()
    assert (delivery["force"], delivery["accepted"], delivery["quarantined"]) == (KENT, 2, 2)
    [delivery] = one_file(kent, row()).deliveries()
    assert (delivery["force"], delivery["accepted"], delivery["quarantined"]) == (CITY, 1, 1)


# ---- rejected files


@pytest.mark.parametrize(
    ("bad", "good", "state"),
    [
        (9, 0, "loaded"),  # 100 %, but fewer than 10 rows
        (10, 40, "loaded"),  # 20 % exactly
        (10, 39, "rejected"),  # 10 of 49: 20.4 %
        (11, 44, "loaded"),  # 20 % exactly
        (11, 43, "rejected"),  # 11 of 54: 20.4 %
    ],
)
def test_a_file_over_the_share_of_bad_rows_is_rejected(bad: int, good: int, state: str) -> None:
    model = one_file(*[row(month="")] * bad, *[asb()] * good)
    [delivery] = model.deliveries()
    counts = (delivery["received"], delivery["accepted"], delivery["quarantined"], delivery["rejected"])
    assert delivery["state"] == state
    assert counts == ((bad + good, good, bad, 0) if state == "loaded" else (bad + good, 0, 0, bad + good))
    assert len(model.street_crimes()) == (good if state == "loaded" else 0)


def test_a_file_without_rows_is_rejected() -> None:
    [delivery] = one_file().deliveries()
    assert (delivery["state"], delivery["force"], delivery["received"]) == ("rejected", None, 0)


def test_a_file_of_an_impossible_month_is_rejected_unread() -> None:
    [delivery] = one_file(row(), path="2017-13-city-of-london-street.csv").deliveries()
    assert (delivery["state"], delivery["slice"], delivery["received"]) == ("rejected", None, None)


def test_an_extract_date_in_the_future_rejects_unread() -> None:
    for file, first_day in (
        (File("published-2017-04/2017-02-kent-street.csv", (row(),)), date(2017, 4, 30)),
        (File("2017-04.zip/2017-02-kent-street.csv", (row(),)), date(2017, 4, 30)),
        (File(PATH, (row(),)), date(2017, 2, 28)),  # nothing says when it was published: its month must have ended
    ):
        [delivery] = load(file, today=first_day - timedelta(days=1)).deliveries()
        assert (delivery["state"], delivery["force"], delivery["received"]) == ("rejected", None, None)
        assert (delivery["rejected"], delivery["quarantined"]) == (None, 0)
        [delivery] = load(file, today=first_day).deliveries()
        assert (delivery["state"], delivery["extract_date"]) == ("loaded", date(2017, 4, 30))


def test_the_same_delivery_at_another_place_is_seen_once() -> None:
    model = load(File(PATH, (row(),)), File("published-2017-04/2017-02-x-street.csv", (row(),)))
    assert [delivery["file_name"] for delivery in model.deliveries()] == ["2017-02-city-of-london-street.csv"]


def test_empty_files_of_two_names_are_two_deliveries() -> None:
    names = [f"2017-02-{name}-street.csv" for name in ("kent", "essex")]
    model = load(*[File(f"{above}{name}", ()) for name in names for above in ("", "published-2017-04/")])
    assert [delivery["file_name"] for delivery in model.deliveries()] == names


def test_of_two_files_that_claim_the_same_extract_the_first_stands() -> None:
    model = load(
        File(PATH, (row(),)),
        File("published-2017-04/2017-02-city-of-london-street.csv", (row(), row())),
        File("2017-04.zip/2017-02-city-of-london-street.csv", (row(), row())),  # the second one again
    )
    first, second = model.deliveries()
    assert (first["state"], first["loaded"]) == ("loaded", 1)
    assert (second["state"], second["rejected"], second["loaded"]) == ("rejected", 2, 0)


def test_a_rejected_file_does_not_stand_in_the_way_of_a_good_one() -> None:
    bad = File(PATH, tuple([row(month="")] * 10))
    good = File("published-2017-04/2017-02-city-of-london-street.csv", (row(),))
    for files in ((bad, good), (good, bad)):
        states = {each["received"]: each["state"] for each in load(*files).deliveries()}
        assert states == {10: "rejected", 1: "loaded"}


# ---- states


def published(year: int, *rows: dict[str, str]) -> File:
    return File(f"published-{year}/2017-02/2017-02-city-of-london-street.csv", rows)


BURGLARY = row(crime_id=SEVEN, crime_type="Burglary")
ROBBERY = row(crime_id=SEVEN, crime_type="Robbery")


def test_a_later_publication_ends_the_state_before_it_and_an_equal_one_changes_nothing() -> None:
    model = load(
        published(2021, BURGLARY, asb()),  # back to the first content: a state again
        published(2018, BURGLARY, asb()),
        published(2020, ROBBERY, asb()),
        published(2019, asb(), {**BURGLARY, "Latitude": "51.510"}),  # equal once it is typed
    )
    figures = {each["extract_date"].year: (each["loaded"], each["unchanged"]) for each in model.deliveries()}
    assert figures == {2018: (2, 0), 2019: (0, 2), 2020: (2, 0), 2021: (2, 0)}
    versions = [
        (each["crime_type"], each["known_from"].year, each["known_to"] and each["known_to"].year)
        for each in model.street_crime_versions()
        if each["crime_id"]
    ]
    assert versions == [("Burglary", 2018, 2020), ("Robbery", 2020, 2021), ("Burglary", 2021, None)]
    assert [each["crime_type"] for each in model.street_crimes()] == ["Burglary", "Anti-social behaviour"]


def test_a_state_is_known_until_the_day_before_the_next() -> None:
    state = State(CITY, date(2017, 2, 1), (), known_from=date(2018, 1, 31), known_to=date(2018, 2, 28))
    days = [date(2018, 1, 30), date(2018, 1, 31), date(2018, 2, 27), date(2018, 2, 28)]
    assert [state.is_known(day) for day in days] == [False, True, True, False]


def test_one_identical_asb_row_more_is_another_content() -> None:
    model = load(published(2018, asb()), published(2019, asb(), asb()))
    assert [delivery["loaded"] for delivery in model.deliveries()] == [1, 2]


def test_copies_in_the_file_are_superseded_also_when_the_slice_is_unchanged() -> None:
    model = load(published(2018, BURGLARY), published(2019, ROBBERY, BURGLARY))
    second = model.deliveries()[1]
    assert (second["accepted"], second["unchanged"], second["superseded_in_file"]) == (2, 1, 1)


def test_a_file_of_which_every_row_is_quarantined_ends_the_state_before_it() -> None:
    model = load(published(2018, BURGLARY), published(2019, row(month="")), published(2020, BURGLARY))
    assert [each["state"] for each in model.deliveries()] == ["loaded"] * 3
    versions = model.street_crime_versions()
    assert [each["known_from"].year for each in versions] == [2018, 2020]
    assert [each["known_to"] for each in versions] == [date(2019, 12, 31), None]
    burglary = [each for each in model.restatements() if each["measure"] == "burglary"]
    assert [(each["extract_date"].year, each["offences"]) for each in burglary] == [(2018, 1), (2019, 0), (2020, 1)]


def test_a_month_of_quarantined_rows_counts_nothing_and_is_no_first_month() -> None:
    files = [
        File(f"2017-0{month}-city-of-london-street.csv", (row(f"2017-0{month}", crime_type=crime_type),))
        for month, crime_type in enumerate(["Mopery", "Burglary", "Mopery"], start=1)
    ]
    figures = load(*files).performance("all_crime")
    assert [each["month"].month for each in figures] == [2, 3]
    assert [(each["offences"], each["previous_month"]) for each in figures] == [(1, None), (0, 1)]
    assert load(files[0]).performance("all_crime") == []
    assert [(each["state"], each["rows"]) for each in load(files[0]).coverage()] == [("complete", 0)]
    assert {(each["offences"], each["first_published"]) for each in load(files[0]).restatements()} == {(0, True)}


def test_coverage_by_hand() -> None:
    model = load(
        File("2017-01/2017-01-city-of-london-street.csv", (asb("2017-01"),)),
        File("2017-02/2017-02-city-of-london-street.csv", (row(month=""),)),  # every row quarantined
        File("2017-03/2017-03-city-of-london-street.csv", (asb("2017-03"),)),
        File("published-2018/2017-03-city-of-london-street.csv", (asb("2017-03"),) * 2),
        File("published-2019/2017-03-city-of-london-street.csv", (asb("2017-03"),) * 2),  # unchanged
    )
    columns = ("month", "state", "deliveries", "rows", "first_extract", "last_extract")
    assert [tuple(each[column] for column in columns) for each in model.coverage()] == [
        (date(2017, 1, 1), "complete", 1, 1, date(2017, 3, 31), date(2017, 3, 31)),
        (date(2017, 2, 1), "complete", 0, 0, None, None),
        (date(2017, 3, 1), "complete", 2, 2, date(2017, 5, 31), date(2018, 12, 31)),
    ]


def test_restatements_by_hand() -> None:
    model = load(published(2018, BURGLARY, asb()), published(2019, BURGLARY, asb(), asb()), published(2020, asb()))
    columns = ("extract_date", "offences", "previous_offences", "change", "resupplied", "cancelled")
    moved = {
        measure: [
            tuple(each[column] for column in columns) for each in model.restatements() if each["measure"] == measure
        ]
        for measure in ("asb", "burglary", "robbery")
    }
    first, second, third = date(2018, 12, 31), date(2019, 12, 31), date(2020, 12, 31)
    assert moved == {
        "asb": [(first, 1, None, None, None, None), (second, 2, 1, 1, 1, 0), (third, 1, 2, -1, -1, 0)],
        "burglary": [(first, 1, None, None, None, None), (third, 0, 1, -1, -1, 0)],
        "robbery": [(first, 0, None, None, None, None)],
    }
    assert sum(each["first_published"] for each in model.restatements()) == 12


def test_measures_of_each_category() -> None:
    reached = {
        "Violence and sexual offences": {"violence"},
        "Robbery": {"violence", "robbery"},
        "Burglary": {"acquisitive_crime", "burglary"},
        "Shoplifting": {"acquisitive_crime", "shoplifting"},
        "Theft from the person": {"acquisitive_crime", "theft_from_person"},
        "Bicycle theft": {"acquisitive_crime", "bicycle_theft"},
        "Vehicle crime": {"acquisitive_crime", "vehicle_crime"},
        "Other theft": {"acquisitive_crime", "theft_other"},
        "Public order": {"public_order"},
        "Drugs": set(),
    }
    for category, measures in reached.items():
        assert counted(one_file(row(crime_type=category))) == {"all_crime", *measures}
    assert counted(one_file(asb())) == {"asb"}
    before = {"Violent crime": "violence", "Public disorder and weapons": "public_order"}
    for category, measure in before.items():
        model = one_file(row("2013-04", crime_type=category), path="2013-04-kent-street.csv")
        assert counted(model) == {"all_crime", measure}


def counted(model: Model) -> set[str]:
    rows = [each for theme in THEMES for each in model.performance(theme)]
    return {each["measure"] for each in rows if each["offences"] == 1}


def test_as_of_shows_what_was_known_then() -> None:
    model = load(
        published(2018, asb()),
        published(2020, asb(), asb(), asb()),
        File("published-2019/2017-05-city-of-london-street.csv", (asb("2017-05"),)),
    )

    def offences(as_of: date | None) -> list[int | None]:
        return [each["offences"] for each in model.performance("asb", as_of)]

    assert offences(date(2018, 12, 30)) == []
    assert offences(date(2018, 12, 31)) == [1]
    assert offences(date(2020, 12, 30)) == [1, None, None, 1]
    assert offences(date(2020, 12, 31)) == [3, None, None, 1]
    assert offences(None) == [3, None, None, 1]


# ---- hotspots


def at(street: str, lsoa_code: str = "", month: str = "2017-02") -> dict[str, str]:
    return {**asb(month), "Location": street, "LSOA code": lsoa_code}


def test_hotspots_by_hand() -> None:
    model = one_file(
        *[at("On or near Cheapside", "E01000005")] * 2,
        *[at("Cheapside")] * 2,
        at("On or near Poultry", "E01000001"),
        at("On or near Lime Street", "95AA01S1"),
        at("On or near Supermarket", "E01000001"),
        at("On or near "),
        at("No Location", "nowhere"),
        row(location="On or near Cheapside", crime_type="Burglary"),
    )
    columns = ("place_type", "place", "offences", "share_pct", "rank", "repeat_months")
    assert {tuple(each[column] for column in columns) for each in model.hotspots("asb")} == {
        ("street", "Cheapside", 4, 44.4, 1, 1),
        ("street", "Poultry", 1, 11.1, 2, 0),
        ("street", "Lime Street", 1, 11.1, 2, 0),
        ("street", "Supermarket", 1, 11.1, 2, 0),
        ("lsoa", "E01000005", 2, 22.2, 1, 1),
        ("lsoa", "E01000001", 2, 22.2, 1, 1),
        ("lsoa", "95AA01S1", 1, 11.1, 2, 0),
    }
    assert {(each["record_source"], each["force"], each["month"]) for each in model.hotspots("asb")} == {
        ("police_uk", CITY, date(2017, 2, 1))
    }
    assert {each["measure"] for each in model.hotspots("acquisitive_crime")} == {"acquisitive_crime", "burglary"}


def test_repeat_months_are_those_of_the_last_three_with_two() -> None:
    counts = {"2017-01": 2, "2017-02": 1, "2017-03": 3, "2017-04": 2, "2017-06": 1}  # May did not arrive
    model = load(
        *[
            File(f"{month}-city-of-london-street.csv", tuple([at("On or near Poultry", month=month)] * count))
            for month, count in counts.items()
        ]
    )
    repeats = {f"{each['month']:%Y-%m}": each["repeat_months"] for each in model.hotspots("asb")}
    assert repeats == {"2017-01": 1, "2017-02": 1, "2017-03": 2, "2017-04": 2, "2017-06": 1}


def test_hotspots_as_of_show_what_was_known_then() -> None:
    model = load(published(2018, at("Poultry")), published(2019, at("Poultry"), at("Poultry")))
    offences = [[each["offences"] for each in model.hotspots("asb", date(year, 12, 31))] for year in (2017, 2018, 2019)]
    assert offences == [[], [1], [2]]


# ---- comparators


@pytest.mark.parametrize(
    ("new", "old", "expected"),
    [
        (6, 1, 500.0),
        (1, 6, -83.3),  # 83.33
        (57, 31, 83.9),  # 83.87
        (401, 400, 0.3),  # 0.25: half goes away from zero
        (399, 400, -0.3),
        (2001, 2000, 0.1),  # 0.05
        (10001, 10000, 0.0),  # 0.01
        (0, 7, -100.0),
        (5, 0, None),
        (0, 0, None),
    ],
)
def test_change_pct(new: int, old: int, expected: float | None) -> None:
    assert change_pct(new, old) == expected


def test_month_on_month() -> None:
    rows = history({"2017-01": 4, "2017-02": 9, "2017-03": 0, "2017-04": 25, "2017-05": 16, "2017-07": 5})
    columns = ("coverage", "offences", "previous_month", "change", "change_pct", "change_z", "base_note")
    assert {month: tuple(each[column] for column in columns) for month, each in rows.items()} == {
        "2017-01": ("complete", 4, None, None, None, None, None),
        "2017-02": ("complete", 9, 4, 5, 125.0, 2.0, "no_percentage"),  # 2(3 - 2)
        "2017-03": ("complete", 0, 9, -9, -100.0, -6.0, "small_base"),  # 2(0 - 3)
        "2017-04": ("complete", 25, 0, 25, None, 10.0, "no_percentage"),  # no percentage of 0
        "2017-05": ("complete", 16, 25, -9, -36.0, -2.0, None),  # 2(4 - 5)
        "2017-06": ("missing", None, 16, None, None, None, "small_base"),
        "2017-07": ("complete", 5, None, None, None, None, None),
    }


@pytest.mark.parametrize(("base", "note"), [(4, "no_percentage"), (5, "small_base"), (19, "small_base"), (20, None)])
def test_base_note(base: int, note: str | None) -> None:
    assert history({"2017-01": base, "2017-02": 1})["2017-02"]["base_note"] == note


def test_financial_year_to_date() -> None:
    # 2016-03 is 100; from 2016-04 on 1, 2, 3 …; so 2017-03 is 12, 2017-04 is 13 and 2017-06 is 15
    rows = history(months("2016-03", [100, *range(1, 16)]))
    columns = ("fytd", "fytd_previous", "fytd_change_pct")
    figures = {month: tuple(each[column] for column in columns) for month, each in rows.items()}
    assert figures["2016-03"] == (None, None, None)  # April 2015 to February 2016 are before the first month
    assert figures["2016-04"] == (1, None, None)
    assert figures["2017-03"] == (78, None, None)  # 1 + … + 12
    assert figures["2017-04"] == (13, 1, 1200.0)
    assert figures["2017-06"] == (42, 6, 600.0)  # 13 + 14 + 15; 1 + 2 + 3


def test_rolling_twelve_months() -> None:
    rows = history(months("2016-01", [1] * 12 + [2] * 12 + [3]))
    columns = ("rolling_12", "rolling_12_previous", "rolling_12_change_pct")
    figures = {month: tuple(each[column] for column in columns) for month, each in rows.items()}
    assert figures["2016-11"] == (None, None, None)
    assert figures["2016-12"] == (12, None, None)
    assert figures["2017-06"] == (18, None, None)  # six of 1, six of 2
    assert figures["2017-12"] == (24, 12, 100.0)
    assert figures["2018-01"] == (25, 13, 92.3)  # 11 of 2 and a 3; 11 of 1 and a 2; 12 / 13 = 92.31 %


def test_a_missing_month_spreads_to_the_sums_that_need_it() -> None:
    counts: list[int | None] = [1] * 30
    counts[7] = None  # 2016-11
    rows = history(months("2016-04", counts))  # to 2018-09
    assert rows["2016-10"]["fytd"] == 7
    assert [rows[month]["fytd"] for month in ("2016-11", "2016-12", "2017-03")] == [None] * 3
    assert (rows["2017-10"]["fytd_previous"], rows["2017-11"]["fytd_previous"]) == (7, None)
    assert (rows["2017-10"]["rolling_12"], rows["2017-11"]["rolling_12"]) == (None, 12)
    assert (rows["2018-09"]["rolling_12"], rows["2018-09"]["rolling_12_previous"]) == (12, None)
    assert rows["2016-11"]["rolling_12_previous"] is None


def test_five_year_average_and_run() -> None:
    # Januaries and Februaries of 2011 to 2017; the months between are 0, 2014-02 is missing
    january = {2011: 6, 2012: 5, 2013: 7, 2014: 2, 2015: 4, 2016: 9, 2017: 6}
    february = {2011: 1, 2012: 2, 2013: 3, 2014: None, 2015: 4, 2016: 2, 2017: 9}
    counts: list[int | None] = []
    for year, count in january.items():
        counts += [count, february[year], *[0] * 10]
    rows = history(months("2011-01", counts))
    columns = ("five_year_average", "five_year_years", "above_five_year_run")
    figures = {month: tuple(each[column] for column in columns) for month, each in rows.items()}
    assert figures["2011-01"] == (None, 0, None)
    assert figures["2012-01"] == (6.0, 1, 0)  # 5 is below
    assert figures["2012-02"] == (1.0, 1, 1)
    assert figures["2012-03"] == (0.0, 1, 0)  # 0 is not strictly above 0
    assert figures["2013-01"] == (5.5, 2, 1)
    assert figures["2013-02"] == (1.5, 2, 2)
    assert figures["2014-01"] == (6.0, 3, 0)
    assert figures["2014-02"] == (2.0, 3, None)  # missing, yet its average is known
    assert figures["2014-03"] == (0.0, 3, 0)
    assert figures["2015-02"] == (2.0, 3, 1)  # of 1, 2, 3: the missing one doesn't count
    assert figures["2016-01"] == (4.8, 5, 1)  # (6 + 5 + 7 + 2 + 4) / 5
    assert figures["2016-02"] == (2.5, 4, 0)
    assert figures["2017-01"] == (5.4, 5, 1)  # (5 + 7 + 2 + 4 + 9) / 5: 2011 is out
    assert figures["2017-02"] == (2.75, 4, 2)


def test_a_run_begins_at_one_after_a_month_that_can_not_be_judged() -> None:
    rows = history(months("2016-01", [1] * 12 + [2, None, 2, 2, 1, 2]))
    runs = [rows[f"2017-0{month}"]["above_five_year_run"] for month in range(1, 7)]
    assert runs == [1, None, 1, 2, 0, 1]


# ---- control charts

SWINGING = [14, 10] * 12  # mean 12, moving ranges 4: limits 12 ± 10.64, two thirds of the way 12 ± 7.093
CHART = ("baseline_from", "baseline_to", "baseline_months", "limits_note")


def after_baseline(*counts: int | None, baseline: list[int] = SWINGING) -> list[str | None]:
    """The signals of the months from April 2018 on, after a baseline from April 2016 to March 2018."""
    rows = history(months("2016-04", [*baseline, *counts]))
    return [each["signal"] for month, each in rows.items() if month >= "2018-04"]


def test_lines_are_mean_and_moving_ranges_of_the_baseline() -> None:
    chart = history(months("2016-04", [*SWINGING, 12]))["2018-04"]
    assert [chart[column] for column in CHART] == [date(2016, 4, 1), date(2018, 3, 1), 24, None]
    assert chart["centre_line"] == 12.0
    assert chart["lower_limit"] == pytest.approx(1.36)
    assert chart["upper_limit"] == pytest.approx(22.64)


def test_the_lower_limit_is_floored_at_zero() -> None:
    # 5 and 1 by turns: mean 3, moving ranges 4, so 3 - 10.64 is below 0
    chart = history(months("2016-04", [*[5, 1] * 12, 3]))["2018-04"]
    assert (chart["centre_line"], chart["lower_limit"]) == (3.0, 0.0)
    assert chart["upper_limit"] == pytest.approx(13.64)


def test_the_baseline_ends_with_the_financial_year_before() -> None:
    rows = history(months("2015-02", [3] * 50))  # to March 2019
    assert [rows["2015-03"][column] for column in CHART] == [None, None, 0, "none"]
    assert [rows["2015-04"][column] for column in CHART] == [date(2015, 2, 1), date(2015, 3, 1), 2, "trial"]
    assert [rows["2016-03"][column] for column in CHART] == [date(2015, 2, 1), date(2015, 3, 1), 2, "trial"]
    assert [rows["2016-04"][column] for column in CHART] == [date(2015, 2, 1), date(2016, 3, 1), 14, None]
    assert [rows["2018-03"][column] for column in CHART] == [date(2015, 4, 1), date(2017, 3, 1), 24, None]
    assert [rows["2018-04"][column] for column in CHART] == [date(2016, 4, 1), date(2018, 3, 1), 24, None]


@pytest.mark.parametrize(("baseline", "note"), [(11, "trial"), (12, None), (1, "none")])
def test_limits_note(baseline: int, note: str | None) -> None:
    first = f"{months_later(date(2018, 4, 1), -baseline):%Y-%m}"
    assert history(months(first, [3] * (baseline + 1)))["2018-04"]["limits_note"] == note


def test_moving_ranges_need_two_adjacent_months() -> None:
    # 4 is there, 6 is missing in between, 10 and 13 follow each other: mean 9, the only moving range 3
    chart = history({"2017-10": 4, "2018-02": 10, "2018-03": 13, "2018-04": 9})["2018-04"]
    assert [chart[column] for column in CHART] == [date(2017, 10, 1), date(2018, 3, 1), 3, "trial"]
    assert (chart["centre_line"], chart["upper_limit"]) == (9.0, pytest.approx(9 + 7.98))
    chart = history({"2017-10": 4, "2017-12": 10, "2018-02": 13, "2018-04": 9})["2018-04"]
    assert [chart[column] for column in CHART] == [date(2017, 10, 1), date(2018, 2, 1), 3, "none"]
    assert (chart["centre_line"], chart["lower_limit"], chart["upper_limit"]) == (None, None, None)


def test_no_signal_in_a_quiet_month() -> None:
    assert after_baseline(12, 14, 10) == [None, None, None]


def test_above_and_below_limit() -> None:
    assert after_baseline(22, 12, 12, 23) == [None, None, None, "above_limit"]  # 22.64 lies between
    assert after_baseline(2, 12, 12, 1) == [None, None, None, "below_limit"]  # 1.36 lies between


def test_a_floored_limit_is_never_undercut() -> None:
    assert after_baseline(0, 0, 0, baseline=[5, 1] * 12) == [None, None, None]


def test_run_above_takes_seven_months() -> None:
    assert after_baseline(*[13] * 8) == [None] * 6 + ["run_above"] * 2  # March 2018 is 10
    assert after_baseline(*[13] * 3, 12, *[13] * 6) == [None] * 10  # on the centre is on neither side


def test_run_below_takes_seven_months() -> None:
    swinging_up = [10, 14] * 12  # March 2018 is 14
    assert after_baseline(*[11] * 8, baseline=swinging_up) == [None] * 6 + ["run_below"] * 2


def test_trends_take_seven_points() -> None:
    # March 2018 is 10, not below 9, so April is the first of the seven points
    assert after_baseline(9, 10, 11, 12, 13, 14, 15, 15) == [None] * 6 + ["trend_up", None]
    # March 2018 is 10, not above 15
    assert after_baseline(15, 14, 13, 12, 11, 10, 9, 9) == [None] * 6 + ["trend_down", None]


def test_near_takes_this_month_and_one_of_two_before() -> None:
    # beyond 19.09 and below 22.64, all three above 12
    assert after_baseline(20, 13, 20) == [None, None, "near_upper"]
    assert after_baseline(13, 20, 20) == [None, None, "near_upper"]
    assert after_baseline(20, 20) == [None, None]  # March 2018 is 10, on the other side
    assert after_baseline(20, 12, 20) == [None, None, None]  # 12 is not above the centre
    assert after_baseline(20, 20, 19) == [None, None, None]  # this month is not beyond
    # beyond 4.91 and above 1.36, all three below 12
    assert after_baseline(4, 11, 4) == [None, None, "near_lower"]
    assert after_baseline(4, 11, 5) == [None, None, None]
    assert after_baseline(4, 12, 4) == [None, None, None]


def test_near_is_strictly_beyond_two_thirds() -> None:
    # mean 225, moving ranges 75: limits 225 ± 199.5, two thirds of the way 225 ± 133 is 358 and 92 exactly
    def june(*counts: int) -> str | None:
        return history(months("2018-01", [200, 275, 200, *counts]))["2018-06"]["signal"]

    assert (june(358, 230, 359), june(359, 230, 358), june(359, 230, 359)) == (None, None, "near_upper")
    assert (june(92, 200, 91), june(91, 200, 92), june(91, 200, 91)) == (None, None, "near_lower")


def test_near_is_judged_before_flooring() -> None:
    # mean 7, moving ranges 4: 7 - 10.64 is below 0, but 7 - 7.093 is too: nothing comes near
    assert after_baseline(0, 0, 0, baseline=[9, 5] * 12) == [None, None, None]
    # mean 8: 8 - 10.64 is below 0, and 0 lies beyond 8 - 7.093 = 0.907
    assert after_baseline(1, 0, 0, baseline=[10, 6] * 12) == [None, None, "near_lower"]


def test_a_missing_month_breaks_runs_trends_and_near() -> None:
    assert after_baseline(*[13] * 3, None, *[13] * 6) == [None] * 10
    assert after_baseline(9, 10, 11, None, 13, 14, 15, 16) == [None] * 8
    assert after_baseline(20, None, 20) == [None, None, None]


def test_the_first_signal_in_order_is_given() -> None:
    # the seventh month above the centre: above the limit, in a run and in a trend
    assert after_baseline(13, 14, 15, 16, 17, 18, 23)[-1] == "above_limit"
    assert after_baseline(13, 14, 15, 16, 17, 18, 19)[-1] == "run_above"
    assert after_baseline(11, 13, 14, 15, 17, 20, 21)[-1] == "trend_up"  # near_upper too


def test_constant_baseline_has_lines_that_coincide() -> None:
    assert after_baseline(3, 4, 2, baseline=[3] * 24) == [None, "above_limit", "below_limit"]


def test_without_lines_only_trends_are_judged() -> None:
    rows = history(months("2018-04", [1, 2, 3, 4, 5, 6, 7, 90]))
    assert [each["signal"] for each in rows.values()] == [None] * 6 + ["trend_up"] * 2
    rows = history(months("2018-04", [7, 6, 5, 4, 3, 2, 1, 1]))
    assert [each["signal"] for each in rows.values()] == [None] * 6 + ["trend_down", None]


# ---- worlds


@pytest.mark.parametrize("seed", range(25))
def test_rows_are_accounted_for_and_the_order_of_loading_does_not_matter(seed: int) -> None:
    files = world(seed)
    model = Model(files, TODAY)
    deliveries = model.deliveries()
    for each in deliveries:
        assert each["received"] == each["accepted"] + each["quarantined"] + each["rejected"]
        assert each["accepted"] == each["loaded"] + each["unchanged"] + each["superseded_in_file"]
        assert each["extract_date"] <= LAST_EXTRACT
    current = sum(each["rows"] for each in model.coverage())
    assert current == len(model.street_crimes())
    assert sum(each["loaded"] for each in deliveries) == len(model.street_crime_versions())

    extracts = [(each["force"], each["slice"], each["extract_date"]) for each in deliveries]
    if len(extracts) == len(set(extracts)):  # none contradicts another
        shuffled = Random(seed).sample(files, len(files))
        again = Model(shuffled, TODAY)
        assert in_any_order(again.deliveries()) == in_any_order(deliveries)
        assert again.restatements() == model.restatements()
        assert again.street_crime_versions() == model.street_crime_versions()


def in_any_order(deliveries: list[dict[str, Any]]) -> list[str]:
    """Deliveries to compare: of a file that lies at two places, which name is kept depends on the order."""
    return sorted(str({**each, "file_name": None}) for each in deliveries)


def test_worlds_hold_what_they_promise() -> None:
    deliveries: list[dict[str, Any]] = []
    signals: set[str | None] = set()
    years: set[int] = set()
    places = 0
    for seed in range(60):
        files = world(seed)
        assert files == world(seed)
        assert files == sorted(files, key=lambda file: file.path.encode())
        model = Model(files, TODAY)
        places += len(files)
        deliveries += model.deliveries()
        performance = [each for theme in THEMES for each in model.performance(theme)]
        signals |= {each["signal"] for each in performance}
        years |= {each["five_year_years"] for each in performance}
    assert places > len(deliveries)  # some are there twice
    assert any(each["unchanged"] for each in deliveries)
    assert any(each["superseded_in_file"] for each in deliveries)
    assert any(each["state"] == "rejected" and each["received"] == 0 for each in deliveries)
    assert any(each["state"] == "rejected" and each["received"] >= 10 for each in deliveries)
    assert any(each["state"] == "loaded" and each["accepted"] == 0 for each in deliveries)
    assert {each["slice"] < "2011-09" for each in deliveries} == {True, False}
    assert {"2011-09" <= each["slice"] < "2013-05" for each in deliveries} == {True, False}
    assert {"above_limit", "below_limit", "run_above", "run_below", "near_upper"} <= signals
    assert years == {0, 1, 2, 3, 4, 5}


def test_written_files_hold_the_rows_of_the_world(tmp_path: Path) -> None:
    for seed in range(10):
        files = world(seed)
        write(files, tmp_path / str(seed))
        for file in files:
            text = read_back(tmp_path / str(seed), file.path).decode()
            assert text.encode() == as_csv(file.rows)
            assert tuple(csv.DictReader(io.StringIO(text))) == file.rows


def read_back(folder: Path, path: str) -> bytes:
    if ".zip/" in path:
        archive, member = path.split(".zip/")
        with zipfile.ZipFile(folder / f"{archive}.zip") as bundle:
            return bundle.read(member)
    content = (folder / path).read_bytes()
    return gzip.decompress(content) if path.endswith(".gz") else content
