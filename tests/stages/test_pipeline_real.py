"""Real street files of data.police.uk from end to end: figures that were counted by other means."""

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tests.faults.sandbox import Sandbox

REAL = Path(__file__).parents[3] / "shared" / "real"
CITY = "City of London Police"
TODAY = date(2026, 1, 31)
"""No file is of a later extract."""

THEMES = ("all_crime", "violence", "acquisitive_crime", "public_order", "asb")

pytestmark = [
    pytest.mark.skipif(
        not REAL.is_dir(), reason=f"real files are not part of the repository and are not at hand in {REAL}"
    ),
]


@pytest.fixture(scope="module")
def first(once: Callable[[str, Callable[[Path], object]], Path]) -> Sandbox:
    """The files of the City of London as they were first published."""

    def make(folder: Path) -> None:
        made = Sandbox(folder, today=TODAY)
        link(made, REAL / "police_uk")
        made.run()

    return Sandbox(once("real", make), today=TODAY)


@pytest.fixture(scope="module")
def revised(first: Sandbox, once: Callable[[str, Callable[[Path], object]], Path]) -> Sandbox:
    """Three months of them as they were published a second time, on top."""

    def make(folder: Path) -> None:
        made = first.copy(folder)
        link(made, REAL / "police_uk_revised")
        made.run()

    return Sandbox(once("real_revised", make), today=TODAY)


def link(sandbox: Sandbox, files: Path) -> None:
    """Have the City's street files lie in the landing folder, without copying them."""
    for file in files.rglob("*-city-of-london-street.csv"):
        landed = sandbox.landing / file.relative_to(files)
        landed.parent.mkdir(parents=True, exist_ok=True)
        landed.symlink_to(file)


def figure(sandbox: Sandbox, column: str, measure: str, month: str) -> Any:
    """One figure of the City as it is known now."""
    theme = "asb" if measure == "asb" else "all_crime"
    [(value,)] = sandbox.marts(
        f"select {column} from marts.{theme}_performance"
        f" where force = '{CITY}' and measure = '{measure}' and month = date '{month}-01'"
    )
    return value


def test_twelve_months_of_all_crime(first: Sandbox) -> None:
    assert figure(first, "rolling_12", "all_crime", "2018-12") == 7053
    assert figure(first, "rolling_12", "all_crime", "2019-03") == 7285


def test_a_year_of_anti_social_behaviour(first: Sandbox) -> None:
    assert figure(first, "rolling_12", "asb", "2019-12") == 1243


def test_months_that_did_not_arrive_are_missing(first: Sandbox) -> None:
    found = first.marts(
        "select strftime(month, '%Y-%m'), offences, rolling_12 from marts.all_crime_performance"
        f" where force = '{CITY}' and coverage = 'missing' and month < date '2018-01-01' order by month"
    )
    gap = ["2014-12", *(f"2015-{month:02}" for month in range(1, 13)), "2017-10", "2017-11"]
    assert [month for month, _, _ in found] == gap
    assert {(offences, rolling_12) for _, offences, rolling_12 in found} == {(None, None)}


def test_every_row_of_every_file_is_accounted_for(first: Sandbox) -> None:
    [(files, received, accepted, quarantined, rejected)] = first.marts(
        "select count(*), sum(received), sum(accepted), sum(quarantined), sum(rejected) from marts.deliveries"
    )
    lines = sum(
        file.read_bytes().count(b"\n") - 1 for file in (REAL / "police_uk").rglob("*-city-of-london-street.csv")
    )
    assert files == 75
    assert received == lines
    assert (accepted, quarantined, rejected) == (lines, 0, 0)


def test_a_second_publication_changes_nothing_before_its_date(first: Sandbox, revised: Sandbox) -> None:
    for theme in THEMES:
        before = f"from marts.{theme}_performance_as_of(date '2018-12-30')"
        assert revised.marts(before) == first.marts(before), theme
        assert len(first.marts(before)) > 40


def test_its_months_have_a_second_version_from_its_date_on(first: Sandbox, revised: Sandbox) -> None:
    again = ["2017-02", "2017-03", "2017-04"]
    grown = "select strftime(month, '%Y-%m'), count(*) from marts.street_crime_versions"
    grown += " where month < date '2018-01-01' and {} group by all order by all"
    published_again = dict(revised.marts(grown.format("known_from = date '2018-12-31'")))
    assert list(published_again) == again
    ended = revised.marts(grown.format("known_to = date '2018-12-31'"))
    assert [month for month, _ in ended] == again
    everything = "select count(*) from marts.street_crime_versions"
    [(before,)], [(after,)] = first.marts(everything), revised.marts(everything)
    assert after - before == sum(published_again.values())


def test_only_outcomes_moved_so_no_figure_is_restated(revised: Sandbox) -> None:
    moved = "select count(*) from marts.restatements where not first_published"
    assert revised.marts(moved) == [(0,)]


def test_the_alarms_of_history_are_few_and_find_the_month_without_anti_social_behaviour(first: Sandbox) -> None:
    found = first.marts(
        """
        select slice, rule, message from marts.data_quality
        where rows_failed > 0 and rule in (
          'VOLUME_UNUSUAL', 'CATEGORY_VANISHED', 'CATEGORY_APPEARED', 'CATEGORY_SHARE_JUMPED', 'PLACE_SHARE_JUMPED'
        )
        order by slice, rule
        """
    )
    assert [(slice_, rule) for slice_, rule, _ in found] == [
        ("2016-10", "CATEGORY_SHARE_JUMPED"),  # anti-social behaviour at its highest
        ("2017-03", "VOLUME_UNUSUAL"),  # the busiest month until then
        ("2017-05", "CATEGORY_SHARE_JUMPED"),  # the same as the next
        ("2017-05", "CATEGORY_VANISHED"),  # no anti-social behaviour was published
        ("2017-05", "PLACE_SHARE_JUMPED"),  # crimes without a place are more of fewer rows
        ("2017-09", "CATEGORY_SHARE_JUMPED"),  # none again
        ("2017-09", "PLACE_SHARE_JUMPED"),
        ("2019-04", "CATEGORY_SHARE_JUMPED"),  # other theft rises, and goes on to
        ("2019-05", "CATEGORY_SHARE_JUMPED"),
        ("2019-06", "VOLUME_UNUSUAL"),  # the busiest month of all
    ]
    assert ("2017-05", "CATEGORY_VANISHED") in {
        (slice_, rule)
        for slice_, rule, said in found
        if said == ("Anti-social behaviour has no row, and had 930 in the 6 deliveries before it")
    }
