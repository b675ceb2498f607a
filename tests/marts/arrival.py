"""Deliveries on their way to the marts without Prefect: the stages before dbt, in the order of the flow."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from unittest.mock import patch

import duckdb

from flows import clock, runs, warehouse
from flows.contracts import load_contracts
from flows.settings import Settings
from flows.stages import extract, load, transform, validate
from tests.marts.compiled import Project
from tests.model import record_worlds, worlds
from tests.model.police_uk import File
from tests.model.record_worlds import Drop

LONG_AGO = 1_000_000_000
"""When every file was last changed, seconds since 1970: one that is changed just now would be waited for."""


def place(files: Sequence[File | Drop], landing: Path) -> None:
    """Write files of data.police.uk, and of a force's own records, to the landing folder."""
    worlds.write([file for file in files if isinstance(file, File)], landing)
    record_worlds.write([file for file in files if isinstance(file, Drop)], landing)
    for path in landing.rglob("*"):
        os.utime(path, (LONG_AGO, LONG_AGO))


def receive(settings: Settings, today: date) -> None:
    """Read, validate and load what is new in the landing folder, as a run on the day `today` does."""
    with patch.object(clock, "today", return_value=today), runs.open_run(settings, "test") as run:
        landing = runs.look(run)
        assert not landing.waiting
        everything, loads = [], []
        for source, contract in run.contracts.items():
            arrivals = [arrival for arrival in landing.arrivals if arrival.source == source]
            if not arrivals:
                continue
            extracted = extract.extract(
                contract,
                arrivals,
                run.empty_scratch(source),
                is_repeat=runs.is_repeat(run, source),
                hmac_key=settings.hmac_key_bytes,
            )
            everything.append(extracted)
            if extracted.files:
                validate.validate(contract, extracted.database)
                with warehouse.connect(settings) as connection:
                    loads.append(load.load(contract, connection, extracted.database, run.run_id, run.started))
        runs.remember_files(run, landing, everything, loads)


@contextmanager
def marts(settings: Settings, project: Project) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection to the marts built from what was received, in a release in memory called `safer_city`."""
    with warehouse.connect(settings) as connection:
        transform.write_sources(connection, load_contracts())
    with duckdb.connect() as connection:
        connection.execute(f"attach '{settings.paths.warehouse}' as warehouse; attach ':memory:' as safer_city")
        project.build(connection)
        yield connection
