"""The SQL of the marts against the plain models, on random worlds of every source of a force's own records at once.

Each case takes files through the real stages, builds every model from its compiled SQL, runs dbt's tests on it and
compares every column of every row with the models, now and as of a few dates. The numbers in a case's name are seeds:
`worlds_together(seeds)` of tests/model/keyed_worlds.py gives its files again.
"""

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from random import Random

import pytest
from pydantic import SecretStr

from flows.settings import Settings
from tests.marts.arrival import marts, place, receive
from tests.marts.compiled import Project
from tests.marts.differences import Model, differences
from tests.marts.test_random_worlds import as_of_dates, first_to_last, slow
from tests.model import asb, crimes
from tests.model.activities import HMAC_KEY, MODELS
from tests.model.keyed_worlds import worlds, worlds_together
from tests.model.record_worlds import (
    FOLDER_FORCES,
    LAST_EXTRACT,
    Drop,
    deliveries,
    folder_forces,
    known_on,
    of_source,
)

# Most of a case's time goes into starting Great Expectations for each of the sources, whatever the number of rows.
ALONE = range(10, 40)
TOGETHER = [range(first, first + 8) for first in (8,)]
TOGETHER_SLOW = [range(16, 24), *(range(first, first + 24) for first in range(1200, 2160, 24))]


@pytest.mark.parametrize("seed", slow(ALONE))
def test_the_marts_of_a_world_equal_the_models(seed: int, project: Project, tmp_path: Path) -> None:
    settings = Settings(data=tmp_path, folder_forces=FOLDER_FORCES, hmac_key=SecretStr(HMAC_KEY))
    compare(worlds(seed), Random(seed), project, settings)


@pytest.mark.parametrize("seeds", [*TOGETHER, *slow(TOGETHER_SLOW)], ids=first_to_last)
def test_the_marts_of_many_worlds_equal_the_models(seeds: range, project: Project, tmp_path: Path) -> None:
    settings = Settings(data=tmp_path, folder_forces=folder_forces(seeds), hmac_key=SecretStr(HMAC_KEY))
    compare(worlds_together(seeds), Random(seeds[0]), project, settings)


def compare(drops: Sequence[Drop], rng: Random, project: Project, settings: Settings) -> None:
    """Deliver the files on one day, often before the last of their extract dates, and compare the marts."""
    extracts = sorted(delivery.extract_date for delivery in deliveries(drops))
    today = rng.choice((LAST_EXTRACT, LAST_EXTRACT, rng.choice(extracts)))
    place(drops, settings.landing_dir)
    receive(settings, today)
    with marts(settings, project) as connection:
        found = differences(connection, models(drops, today), as_of_dates(extracts, rng))
        assert not found, "\n".join(found)
        assert project.failed_tests(connection) == {}


def models(drops: Sequence[Drop], today: date) -> list[Model]:
    """The models of all sources, after these files were delivered on a day."""
    known = known_on(today, drops)
    of_crimes = crimes.Model(of_source("crimes", known))
    of_incidents = asb.Model(of_source("asb_incidents", known))
    others = [model(of_source(model.source, known)) for model in MODELS]
    return [of_crimes, of_incidents, asb.Linked(of_crimes, of_incidents), *others]
