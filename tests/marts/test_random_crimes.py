"""The SQL of the marts against the plain model, on random worlds of a force's own crimes, also beside data.police.uk.

Each case takes files through the real stages, builds every model from its compiled SQL, runs dbt's tests on it and
compares every column of every row with the models, now and as of a few dates. The numbers in a case's name are seeds:
`worlds_together(seeds)` of tests/model/crime_worlds.py gives its files again.
"""

from collections.abc import Sequence
from pathlib import Path
from random import Random

import pytest

from flows.settings import Settings
from tests.marts.arrival import marts, place, receive
from tests.marts.compiled import Project
from tests.marts.differences import differences
from tests.marts.test_random_worlds import as_of_dates, first_to_last, slow
from tests.model import asb, crimes, police_uk, worlds
from tests.model.crime_worlds import world, worlds_together
from tests.model.record_worlds import (
    FOLDER_FORCES,
    LAST_EXTRACT,
    Drop,
    deliveries,
    folder_forces,
    known_on,
)

# Most of a case's time goes into starting Great Expectations and DuckDB and into queries, whatever the number of rows:
# so twenty-four worlds share a warehouse as a rule. Some have one to themselves, where no other moves their months.
ALONE = range(4)
ALONE_SLOW = range(10, 70)
TOGETHER = [range(first, first + 24) for first in range(100, 148, 24)]
TOGETHER_SLOW = [range(first, first + 24) for first in (148, *range(1000, 2200, 24))]
BESIDE = [range(300, 306)]
BESIDE_SLOW = [range(first, first + 6) for first in range(3000, 3060, 6)]


@pytest.mark.parametrize("seed", [*ALONE, *slow(ALONE_SLOW)])
def test_the_marts_of_a_world_equal_the_model(seed: int, project: Project, tmp_path: Path) -> None:
    settings = Settings(data=tmp_path, folder_forces=FOLDER_FORCES)
    compare(world(seed), [], Random(seed), project, settings)


@pytest.mark.parametrize("seeds", [*TOGETHER, *slow(TOGETHER_SLOW)], ids=first_to_last)
def test_the_marts_of_many_worlds_equal_the_model(seeds: range, project: Project, tmp_path: Path) -> None:
    settings = Settings(data=tmp_path, folder_forces=folder_forces(seeds))
    compare(worlds_together(seeds), [], Random(seeds[0]), project, settings)


@pytest.mark.parametrize("seeds", [*BESIDE, *slow(BESIDE_SLOW)], ids=first_to_last)
def test_crimes_and_street_crimes_of_the_same_forces_stay_apart(seeds: range, project: Project, tmp_path: Path) -> None:
    settings = Settings(data=tmp_path, folder_forces=folder_forces(seeds))
    compare(worlds_together(seeds), worlds.worlds_together(seeds), Random(seeds[0]), project, settings)


def compare(
    drops: Sequence[Drop], files: Sequence[police_uk.File], rng: Random, project: Project, settings: Settings
) -> None:
    """Deliver the files on one day, often before the last of their extract dates, and compare the marts."""
    extracts = sorted(delivery.extract_date for delivery in deliveries(drops))
    today = rng.choice((LAST_EXTRACT, LAST_EXTRACT, rng.choice(extracts)))
    place([*files, *drops], settings.landing_dir)
    receive(settings, today)
    with marts(settings, project) as connection:
        of_crimes = crimes.Model(known_on(today, drops))
        models = [police_uk.Model(files, today), of_crimes, asb.Linked(of_crimes, asb.Model([]))]
        found = differences(connection, models, as_of_dates(extracts, rng))
        assert not found, "\n".join(found)
        assert project.failed_tests(connection) == {}
