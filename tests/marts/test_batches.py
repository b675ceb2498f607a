"""However deliveries arrive, the warehouse and the release are the same: any batches, any order, any repeats.

Real runs of dbt. Files that contradict each other are left out: of those the first loaded stands.
"""

import shutil
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from random import Random

import duckdb
import pytest
from pydantic import SecretStr

from flows.contracts import load_contracts
from flows.settings import Settings
from flows.stages.transform import transform
from tests.marts.arrival import place, receive
from tests.marts.differences import differences
from tests.marts.test_random_records import models
from tests.marts.test_random_worlds import first_to_last, slow
from tests.model import police_uk, worlds
from tests.model.activities import HMAC_KEY
from tests.model.keyed_worlds import SOURCES, worlds_together
from tests.model.police_uk import File, read
from tests.model.record_worlds import LAST_EXTRACT, Drop, folder_forces

OF_THE_RUN = {"run", "run_id", "loaded_at", "quarantined_at", "path"}
"""Columns that say when and by which run a row came, and at which place it was found first."""

NOT_COMPARED = {"ledger.files", "ledger.runs"}
"""Tables about runs and the landing folder, not about deliveries."""


@pytest.mark.parametrize(
    "seeds",
    [
        range(3000, 3002),
        *slow([range(first, first + 6) for first in (3000, 3006, *range(3100, 3220, 6))]),
    ],
    ids=first_to_last,
)
def test_batches_order_and_repeats_do_not_matter(seeds: range, tmp_path: Path) -> None:
    """Each batch is a build of the whole project, so few worlds come in two batches, and many in three."""
    settings = Settings(data=tmp_path / "data", folder_forces=folder_forces(seeds), hmac_key=SecretStr(HMAC_KEY))
    rng = Random(seeds[0])
    files = without_contradictions(worlds.worlds_together(seeds))
    sources = ["crimes", *rng.sample(SOURCES, 2)]
    drops = [drop for drop in worlds_together(seeds, sources) if not drop.is_contradiction]
    everything: list[File | Drop] = [*files, *drops]

    at_once = deliver([everything], settings, tmp_path / "at once")
    with duckdb.connect() as connection:
        connection.execute(f"attach '{at_once}/safer_city.duckdb' (read_only)")
        found = differences(connection, [police_uk.Model(files, LAST_EXTRACT), *models(drops, LAST_EXTRACT)], [])
        assert not found, "\n".join(found)

    shutil.rmtree(settings.landing_dir)
    settings.paths.warehouse.unlink()
    in_batches = deliver(batches(everything, 2 if len(seeds) == 2 else 3, rng), settings, tmp_path / "in batches")
    assert_same(in_batches, at_once)

    assert build(settings, full_refresh=True)
    assert_same(keep(settings, tmp_path / "made anew"), in_batches)


def without_contradictions(files: Sequence[File]) -> list[File]:
    """The files without those that claim the extract of an earlier one, with other content or under another name.

    A file that would be rejected anyway is no contradiction; one delivery at two places keeps the name of the first.
    """
    kept: list[File] = []
    claimed: dict[object, object] = {}
    for file in files:
        delivery = read(file)
        if (
            delivery is None
            or police_uk.Model([file], LAST_EXTRACT).deliveries()[0]["state"] == "rejected"
            or claimed.setdefault(delivery.extract, (delivery.content, delivery.file_name))
            == (
                delivery.content,
                delivery.file_name,
            )
        ):
            kept.append(file)
    return kept


def batches(files: Sequence[File | Drop], count: int, rng: Random) -> list[list[File | Drop]]:
    """The files in so many batches, of which later ones bring some files of earlier ones again, at other places."""
    arriving: list[list[File | Drop]] = [[] for _ in range(count)]
    for file in rng.sample(files, len(files)):
        arriving[rng.randrange(count)].append(file)
    for number in range(1, count):
        earlier = [file for batch in arriving[:number] for file in batch]
        again = rng.sample(earlier, len(earlier) // 5)
        arriving[number] += [replace(file, path=f"again-{number}/{file.path}") for file in again]
    return arriving


def deliver(arriving: Iterable[Sequence[File | Drop]], settings: Settings, kept: Path) -> Path:
    """Deliver batch after batch, each followed by a build; returns the folder with copies of the final files."""
    in_landing: list[File | Drop] = []
    for number, batch in enumerate(arriving):
        in_landing += batch
        place(in_landing, settings.landing_dir)
        receive(settings, LAST_EXTRACT)
        assert build(settings) == (number == 0)
    return keep(settings, kept)


def build(settings: Settings, *, full_refresh: bool = False) -> bool:
    """Build and audit a release with dbt; returns whether the states were made anew."""
    return transform(settings, load_contracts(), "as ever", full_refresh=full_refresh).rebuilt_states


def keep(settings: Settings, folder: Path) -> Path:
    """Copy warehouse and release to a folder, and return it."""
    folder.mkdir()
    shutil.copy(settings.paths.warehouse, folder)
    shutil.copy(settings.paths.building / "safer_city.duckdb", folder)
    return folder


def assert_same(got: Path, expected: Path) -> None:
    """Compare every table of two warehouses and of their releases, but for what is of the run."""
    with duckdb.connect() as connection:
        for database in ("warehouse", "safer_city"):
            for alias, folder in (("got", got), ("expected", expected)):
                connection.execute(f"attach '{folder}/{database}.duckdb' as {alias} (read_only)")
            assert columns_of_tables(connection, "got") == columns_of_tables(connection, "expected")
            for table, columns in columns_of_tables(connection, "got").items():
                wrong = only_in(connection, table, columns, "got", "expected")
                missing = only_in(connection, table, columns, "expected", "got")
                assert (wrong, missing) == ([], []), f"{table} in {got.name} and {expected.name}: {columns}"
            connection.execute("detach got; detach expected")


def columns_of_tables(connection: duckdb.DuckDBPyConnection, database: str) -> dict[str, list[str]]:
    rows = connection.execute(
        """
        select schema_name || '.' || table_name, list(column_name order by column_index)
        from duckdb_columns()
        semi join duckdb_tables() using (database_name, schema_name, table_name)
        where database_name = ?
        group by all
        order by all
        """,
        [database],
    ).fetchall()
    return {
        table: [column for column in columns if column not in OF_THE_RUN]
        for table, columns in rows
        if table not in NOT_COMPARED
    }


def only_in(
    connection: duckdb.DuckDBPyConnection, table: str, columns: Sequence[str], one: str, other: str
) -> list[tuple[object, ...]]:
    """Some of the rows that one of the databases has more often than the other."""
    listed = ", ".join(f'"{column}"' for column in columns)
    return connection.execute(
        f"select {listed} from {one}.{table} except all select {listed} from {other}.{table} limit 5"
    ).fetchall()
