"""The SQL of the marts against the plain model, on random worlds.

Each case takes real files through the real stages, builds every model from its compiled SQL, and compares every
column of every row. A failure names the seeds: `world(seed)` of tests/model/worlds.py gives the files again.
"""

from datetime import date, timedelta
from pathlib import Path
from random import Random

import duckdb
import pytest

from flows import warehouse
from flows.contracts import load_contracts
from flows.settings import Settings
from flows.stages import transform
from tests.marts.arrival import place, receive
from tests.marts.compiled import Project
from tests.marts.differences import differences
from tests.model.police_uk import File, Model, read
from tests.model.worlds import LAST_EXTRACT, world, worlds_together

DAY = timedelta(days=1)


@pytest.mark.parametrize("seed", range(40))
def test_the_marts_of_a_world_equal_the_model(seed: int, project: Project, tmp_path: Path) -> None:
    check(world(seed), Random(seed), project, tmp_path)


def check(files: list[File], rng: Random, project: Project, folder: Path) -> None:
    """Take the files through the pipeline; compare what comes out with the model, now and as of three dates."""
    extracts = sorted({delivery.extract_date for file in files if (delivery := read(file)) and delivery.extract_date})
    today = rng.choice((LAST_EXTRACT, LAST_EXTRACT, rng.choice(extracts)))
    settings = Settings(data=folder)
    place(files, settings.landing_dir)
    receive(settings, today)
    with warehouse.connect(settings) as connection:
        transform.write_sources(connection, load_contracts())
    with duckdb.connect() as connection:
        connection.execute(f"attach '{settings.paths.warehouse}' as warehouse; attach ':memory:' as safer_city")
        project.build(connection)
        dates = [rng.choice((extracts[0] - DAY, extracts[0], LAST_EXTRACT)), *around(extracts, rng), *around(extracts, rng)]
        found = differences(connection, Model(files, today), dates)
        assert not found, "\n".join(found)
        assert project.failed_tests(connection) == {}


def around(extracts: list[date], rng: Random) -> list[date]:
    """A day on which something became known, or the day before or after."""
    return [rng.choice(extracts) + rng.choice((-DAY, 0 * DAY, DAY))]
