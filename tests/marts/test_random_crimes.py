"""The SQL of the marts against the plain model, on random worlds of a force's own crimes, alone and with data.police.uk.

As test_random_worlds.py does it for data.police.uk alone. The numbers in a case's name are seeds: `worlds_together` of
tests/model/crime_worlds.py gives its files again.
"""

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from random import Random

import pytest

from flows.settings import Settings
from tests.marts.arrival import marts, place, receive
from tests.marts.compiled import Project
from tests.marts.differences import differences
from tests.marts.test_random_worlds import as_of_dates
from tests.model import crimes, police_uk, worlds
from tests.model.crime_worlds import (
    FOLDER_FORCES,
    LAST_EXTRACT,
    Drop,
    deliveries,
    folder_forces,
    known_on,
    world,
    worlds_together,
)

ALONE = range(4)
TOGETHER = [range(first, first + 12) for first in range(100, 124, 12)]
TOGETHER_SLOW = [range(first, first + 12) for first in range(1000, 2200, 12)]


@pytest.mark.parametrize("seed", ALONE)
def test_the_marts_of_a_world_equal_the_model(seed: int, project: Project, tmp_path: Path) -> None:
    compare(world(seed), [], Random(seed), project, Settings(data=tmp_path, folder_forces=FOLDER_FORCES))


@pytest.mark.parametrize(
    "seeds",
    [*TOGETHER, *(pytest.param(seeds, marks=pytest.mark.slow) for seeds in TOGETHER_SLOW)],
    ids=lambda seeds: f"{seeds[0]}-{seeds[-1]}",
)
def test_the_marts_of_many_worlds_equal_the_model(seeds: range, project: Project, tmp_path: Path) -> None:
    settings = Settings(data=tmp_path, folder_forces=folder_forces(seeds))
    compare(worlds_together(seeds), [], Random(seeds[0]), project, settings)


def compare(
    drops: Sequence[Drop], files: Sequence[police_uk.File], rng: Random, project: Project, settings: Settings
) -> None:
    """Deliver the files on one day, often before the last of their extract dates, and compare the marts."""
    extracts = sorted({delivery.extract_date for delivery in deliveries(drops)})
    today = rng.choice((LAST_EXTRACT, LAST_EXTRACT, rng.choice(extracts)))
    place([*files, *drops], settings.landing_dir)
    receive(settings, today)
    with marts(settings, project) as connection:
        models = [police_uk.Model(files, today), crimes.Model(known_on(today, drops))]
        found = differences(connection, models, as_of_dates(extracts, rng))
        assert not found, "\n".join(found)
        assert project.failed_tests(connection) == {}
