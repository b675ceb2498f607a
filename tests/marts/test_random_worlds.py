"""The SQL of the marts against the plain model, on random worlds.

Each case takes files through the real stages, builds every model from its compiled SQL, runs dbt's tests on it and
compares every column of every row with the model, now and as of a few dates. The numbers in a case's name are seeds:
`worlds_together(seeds)` of tests/model/worlds.py gives its files again.
"""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from pathlib import Path
from random import Random

import pytest

from flows.settings import Settings
from tests.marts.arrival import marts, place, receive
from tests.marts.compiled import Project
from tests.marts.differences import differences
from tests.model.police_uk import File, Model, read
from tests.model.worlds import LAST_EXTRACT, world, worlds_together

DAY = timedelta(days=1)

# Most of a case's time goes into starting Great Expectations and DuckDB and into queries, whatever the number of rows:
# so twenty-four worlds share a warehouse as a rule, where each keeps to forces of its own. Some have one to themselves.
ALONE = range(4)
ALONE_SLOW = range(4, 8)
TOGETHER = [range(first, first + 24) for first in range(100, 148, 24)]
TOGETHER_SLOW = [range(first, first + 24) for first in (*range(148, 268, 24), *range(1000, 2680, 24))]


def slow(cases: Iterable[object]) -> list[object]:
    """The cases as those of the slow runs."""
    return [pytest.param(case, marks=pytest.mark.slow) for case in cases]


def first_to_last(seeds: range) -> str:
    """The name of a case."""
    return f"{seeds[0]}-{seeds[-1]}"


@pytest.mark.parametrize("seed", [*ALONE, *slow(ALONE_SLOW)])
def test_the_marts_of_a_world_equal_the_model(seed: int, project: Project, tmp_path: Path) -> None:
    compare(world(seed), Random(seed), project, Settings(data=tmp_path))


@pytest.mark.parametrize("seeds", [*TOGETHER, *slow(TOGETHER_SLOW)], ids=first_to_last)
def test_the_marts_of_many_worlds_equal_the_model(seeds: range, project: Project, tmp_path: Path) -> None:
    compare(worlds_together(seeds), Random(seeds[0]), project, Settings(data=tmp_path))


def compare(files: Sequence[File], rng: Random, project: Project, settings: Settings) -> None:
    """Deliver the files on one day, often before the last of their extract dates, and compare the marts."""
    extracts = sorted(delivery.extract_date for file in files if (delivery := read(file)) and delivery.extract_date)
    today = rng.choice((LAST_EXTRACT, rng.choice(extracts)))
    place(files, settings.landing_dir)
    receive(settings, today)
    with marts(settings, project) as connection:
        found = differences(connection, [Model(files, today)], as_of_dates(extracts, rng))
        assert not found, "\n".join(found)
        assert project.failed_tests(connection) == {}


def as_of_dates(extracts: Sequence[date], rng: Random) -> list[date]:
    """Three days: one about the beginning or the end, two on which something became known or a day beside it.

    `extracts` are the extract dates of all files, in order: a day on which many came is taken more often.
    """
    edge = rng.choice((extracts[0] - DAY, extracts[0], extracts[-1], extracts[-1] + DAY, LAST_EXTRACT))
    return [edge, *(rng.choice(extracts) + rng.choice((-DAY, 0 * DAY, 0 * DAY, DAY)) for _ in range(2))]
