"""The last look at a report: what reads like a person stops it, what a report says of itself does not."""

from __future__ import annotations

from datetime import date

import pytest

from flows.errors import SaferCityError
from flows.report import personal
from flows.report.document import Block, Chart, Edition, Report, Section, Table, count, word

BORN_BY = 2014
EDITION = Edition("City of London Police", "force", date(2019, 7, 1), date(2019, 8, 7))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Mr Sampleby was seen in Bishopsgate", "a named person"),
        ("reported by PC Sampleby", "a named person"),
        ("Dr. O'Sampleby", "a named person"),
        ("Oliver Sampleby", "a named person"),
        ("Grace M. Sampleby-Example", "a named person"),
        ("SAMPLEBY, Oliver", "a named person"),
        ("the suspect Zz Sampleby", "a named person"),
        ("a man named Zed Sampleby", "a named person"),
        ("Operation Fatima Sampleby", "a named person"),
        ("DOB unknown", "a date of birth"),
        ("born in the spring", "a date of birth"),
        ("Date of Birth: 3", "a date of birth"),
        ("12/03/1985", "a date of birth"),
        ("3.4.85", "a date of birth"),
        ("1985-03-12", "a date of birth"),
        ("12 March 1985", "a date of birth"),
        ("3rd Sept 2011", "a date of birth"),
        ("a pupil of the grammar school", "a child with a school"),
        ("Sample Academy boy, aged 14", "a child with a school"),
        ("a 9-year-old and her nursery", "a child with a school"),
        ("Year 9, Example College", "a child with a school"),
    ],
)
def test_what_stops_a_report(text: str, found: str) -> None:
    assert list(personal.personal(text, BORN_BY)) == [found]


@pytest.mark.parametrize(
    "text",
    [
        "As of: 7 August 2019. Release 20190911T080001Z-01ea, published 11 September 2019, 09:01 BST.",
        "crimes_2019-08-07.csv (new)",
        "Period: 1 February 2019 to 31 July 2019, by the day of recording.",
        "is in it from 31 July 2015",
        "Thomas More Street and King William Street",
        "George Yard, Philip Lane, Rose Alley, Mark Lane, Martin Lane, Peter's Hill, St Mary Axe",
        "Bishopsgate, Farringdon Without, Castle Baynard, Coleman Street, Bread Street, Lime Street",
        "Victoria Embankment, Queen Victoria Street, John Carpenter Street, Ben Jonson Place, Thomas More Highwalk",
        "Philpot Lane, Laurence Pountney Lane, Lawrence Lane, King Edward Street, St Andrew Street, St Martin's",
        "St Bride Street, St Mary at Hill, Austin Friars, Bartholomew Lane, Arthur Street, Martin Lane, Albert Dock",
        "West Smithfield, Tower Hill, London Wall, Cheapside, Old Jewry",
        "Operation Luscombe held 17 hubs from May 2018 to July 2019",
        "Project Griffin, Project Argus, CT local profile, Road safety",
        "awareness session education",
        "a school was visited",
        "a child was helped home",
        "Cornhill Gracechurch Street 12 10.5 % 3",
    ],
)
def test_what_a_report_says(text: str) -> None:
    assert list(personal.personal(text, BORN_BY)) == []


def test_a_footnote_may_name_the_day_of_a_law() -> None:
    """A cell may not: it could be anything that somebody typed."""
    day = "counted from 1 December 2008"
    personal.check(report(note=day))
    with pytest.raises(SaferCityError, match=r"a date of birth in section 'Violence', table streets, row 1"):
        personal.check(report(place=day))


def report(*, place: str = "Bishopsgate", said: str = "", alternative: str = "", note: str = "") -> Report:
    """A report with a text in one of the places that it may stand in."""
    table = Table("streets", "Streets", ("Street", "Offences"), ((word(place), count(7)),))
    chart = Chart("chart", "Chart", "<svg><text>Jul</text></svg>", alternative, table)
    block = Block("Part", (said,), (chart,), (table,), (note,))
    return Report("Report", EDITION, "OFFICIAL", "r", "2019-08-08T08:00:00", "0", (Section("s", "Violence", (block,)),))


def test_a_sound_report_passes() -> None:
    personal.check(report())


@pytest.mark.parametrize("where", ["place", "said", "alternative", "note"])
def test_it_is_found_wherever_it_stands_and_not_repeated(where: str) -> None:
    with pytest.raises(SaferCityError) as stopped:
        personal.check(report(**{where: "Oliver Sampleby, born 12/03/1985"}))
    told = str(stopped.value)
    assert "a named person in section 'Violence'" in told
    assert "a date of birth in section 'Violence'" in told
    assert "Sampleby" not in told
    assert "1985" not in told
    assert "Correct the record in its own system" in told


def test_a_number_beside_a_month_is_no_day() -> None:
    table = Table("hubs", "Hubs", ("Hub", "Month"), ((word("3"), word("June 2008"), count(16)),), heads=2)
    made = Report("R", EDITION, "OFFICIAL", "r", "", "0", (Section("s", "S", (Block(tables=(table,)),)),))
    personal.check(made)


def test_a_child_and_a_school_in_two_cells_of_a_row_are_together() -> None:
    table = Table("t", "T", ("Who", "Where"), ((word("boy of 14"), word("Sample Academy")),))
    blocks = (Block(tables=(table,)),)
    made = Report("R", EDITION, "OFFICIAL", "r", "", "0", (Section("s", "S", blocks),))
    with pytest.raises(SaferCityError, match=r"a child with a school in section 'S', table t, row 1"):
        personal.check(made)
