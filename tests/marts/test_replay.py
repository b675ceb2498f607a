"""Rows that were quarantined by a wrong rule and replayed are as if they had never failed.

Random worlds are delivered while rules are wrong, which are then put right. Every table of the warehouse and the ledger
must equal that of a warehouse in which the rules were right from the beginning; the marts, now and as of a few dates,
must equal the model, which knows nothing of quarantine.
"""

import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Any
from unittest.mock import patch

import duckdb
import pytest
from pydantic import SecretStr

from flows import clock, runs, warehouse
from flows.contracts import Contract, load_contracts
from flows.settings import Settings
from flows.stages.replay import ReplayedFile
from tests.faults.sandbox import without_prefect
from tests.marts.arrival import marts, place, receive
from tests.marts.compiled import Project
from tests.marts.differences import differences
from tests.marts.test_batches import batches, without_contradictions
from tests.marts.test_random_records import models
from tests.marts.test_random_worlds import as_of_dates, first_to_last, slow
from tests.model import police_uk, worlds
from tests.model.activities import HMAC_KEY
from tests.model.keyed_worlds import worlds_together
from tests.model.police_uk import File
from tests.model.record_worlds import LAST_EXTRACT, Drop, deliveries, folder_forces

RIGHT = load_contracts()

Contracts = Mapping[str, Contract]

# Source → rule → what it is while it is wrong. All are too strict; some only warn when they are right.
WRONG: dict[str, dict[str, dict[str, Any]]] = {
    "crimes": {
        "COMMITTED_AFTER_RECORDED": {"breaks": "committed_from > recorded_at or premises_type = 'office'"},
        "STATUS_UNKNOWN": {"kwargs": {"column": "status", "value_set": ["recorded", "cancelled"]}},
        "CLASS_CODE_UNKNOWN": {
            "breaks": "class_code not in (select class_code from reference.offences where class_code <> '8N')"
        },
        "COORDINATE_OUTSIDE_FORCE": {"severity": "critical", "breaks": "easting > 532500"},
    },
    "asb_incidents": {"STATUS_UNKNOWN": {"kwargs": {"column": "status", "value_set": ["open", "cancelled"]}}},
    "enforcement_actions": {"INSTRUMENT_UNKNOWN": {"kwargs": {"column": "instrument", "value_set": ["ticket", "cpw"]}}},
    "police_uk_street": {
        "MONTH_NOT_OF_FILE": {"breaks": "month <> file_month or crime_type = 'Drugs'"},
        "FALLS_WITHIN_MISSING": {"severity": "critical"},
    },
}

COMPARED = ("quarantine.rows", "ledger.deliveries", "ledger.rule_results")
OF_THE_RUN = {"run_id", "loaded_at", "quarantined_at", "path", "contract"}
"""Columns that say when and by which run a row came, where it was found first, and the rules as they were then."""


def wrong(rng: Random) -> dict[str, Contract]:
    """The contracts with one or two rules of each source made wrong."""
    return {source: wronged(contract, rng) for source, contract in RIGHT.items()}


def wronged(contract: Contract, rng: Random) -> Contract:
    """One contract with some of its rules made wrong."""
    candidates = WRONG.get(contract.source, {})
    chosen = rng.sample(list(candidates), min(len(candidates), rng.choice((1, 2))))
    return wronged_by(contract.source, {code: candidates[code] for code in chosen})


def wronged_by(source: str, changes: Mapping[str, Mapping[str, Any]]) -> Contract:
    """The contract of a source with rules changed, by their codes."""
    content = RIGHT[source].model_dump()
    assert changes.keys() <= {rule["code"] for rule in content["rules"]}
    for rule in content["rules"]:
        if rule["code"] in changes:
            rule.update(changes[rule["code"]])
            rule["nulls"] = () if rule["severity"] == "critical" else rule["nulls"]
    return Contract.model_validate(content)


@contextmanager
def ruled_by(contracts: Contracts) -> Iterator[None]:
    """Have every run inside take these for the project's contracts, on a day after all extracts."""
    with (
        patch.object(runs, "load_contracts", lambda: contracts),
        patch.object(clock, "today", return_value=LAST_EXTRACT),
    ):
        yield


def replayed(settings: Settings, **given: Any) -> list[ReplayedFile]:
    """What the replay flow does with the rows, without building anything."""
    from flows import pipeline

    with without_prefect({}), ruled_by(RIGHT), runs.open_run(settings, "test") as run:
        return pipeline.replay_rows(run, given.get("rule"), given.get("dry_run", False))


@pytest.mark.parametrize(
    "seeds",
    [
        *slow([range(6000, 6004), range(6004, 6007), *(range(first, first + 6) for first in range(6100, 6220, 6))]),
    ],
    ids=first_to_last,
)
def test_a_replayed_row_is_as_if_it_had_never_failed(seeds: range, project: Project, tmp_path: Path) -> None:
    rng = Random(seeds[0])
    files = without_contradictions(worlds.worlds_together(seeds))
    drops = [
        drop
        for drop in worlds_together(seeds, ["crimes", rng.choice(("asb_incidents", "enforcement_actions"))])
        if not drop.is_contradiction
    ]
    everything: list[File | Drop] = [*files, *drops]
    settings = settings_of(tmp_path / "replayed", tmp_path / "landing", seeds)
    always_right = settings_of(tmp_path / "right", tmp_path / "landing", seeds)

    first, second, third = batches(everything, 3, rng)
    with ruled_by(wrong(rng)):
        deliver([*first, *second], settings)
    assert in_quarantine(settings) > 5
    for step in some_order(rng):
        if step == "the rest comes":
            with ruled_by(RIGHT):
                deliver([*first, *second, *third], settings)
        elif step == "replay without the files":
            gone = shutil.move(settings.landing_dir, tmp_path / "gone")
            settings.landing_dir.mkdir()
            replayed(settings)
            settings.landing_dir.rmdir()
            shutil.move(gone, settings.landing_dir)
        else:
            replayed(settings, rule=step if step in WRONG["crimes"] else None)
    replayed(settings)
    with ruled_by(RIGHT):
        receive(always_right, LAST_EXTRACT)
    assert warehouses_differ(settings, always_right) == {}
    assert not [file for file in replayed(settings) if file.loaded]
    assert warehouses_differ(settings, always_right) == {}

    with marts(settings, project) as connection:
        extracts = sorted(delivery.extract_date for delivery in deliveries(drops))
        of_all = [police_uk.Model(files, LAST_EXTRACT), *models(drops, LAST_EXTRACT)]
        found = differences(connection, of_all, as_of_dates(extracts, rng))
        assert not found, "\n".join(found)
        assert project.failed_tests(connection) == {}


def some_order(rng: Random) -> list[str]:
    """What happens after the rules were put right, in any order."""
    steps = rng.sample(["replay", rng.choice(list(WRONG["crimes"])), "replay without the files"], 2)
    steps.insert(rng.randrange(3), "the rest comes")
    return steps


def settings_of(data: Path, landing: Path, seeds: range) -> Settings:
    """Settings for a data folder of its own that reads the shared landing folder."""
    return Settings(data=data, landing=landing, folder_forces=folder_forces(seeds), hmac_key=SecretStr(HMAC_KEY))


def deliver(files: Sequence[File | Drop], settings: Settings) -> None:
    """Put files beside what lies in the landing folder, and load what is new."""
    place(files, settings.landing_dir)
    receive(settings, LAST_EXTRACT)


def in_quarantine(settings: Settings) -> int:
    """How many rows lie in quarantine."""
    with warehouse.connect(settings, read_only=True) as connection:
        return connection.execute("select count(*) from quarantine.rows").fetchall()[0][0]


def warehouses_differ(settings: Settings, expected: Settings) -> dict[str, object]:
    """Tables of raw, quarantine and ledger that differ, with rows that only one of the two has."""
    found: dict[str, object] = {}
    with duckdb.connect() as connection:
        for alias, data in (("got", settings), ("expected", expected)):
            connection.execute(f"attach '{data.paths.warehouse}' as {alias} (read_only)")
        columns = dict(
            connection.execute(
                "select schema_name || '.' || table_name, list(column_name) from duckdb_columns()"
                " where database_name = 'expected' and schema_name in ('raw', 'quarantine', 'ledger') group by all"
            ).fetchall()
        )
        for table in sorted(name for name in columns if name.startswith("raw.") or name in COMPARED):
            listed = [column for column in columns[table] if column not in OF_THE_RUN]
            if table == "ledger.rule_results":  # of a file without bad rows they stay those of its load
                listed[listed.index("severity")] = "if(rows_failed = 0, null, severity)"
            one, other = (f"select {', '.join(listed)} from {side}.{table}" for side in ("got", "expected"))
            apart = [
                connection.execute(f"{two} limit 5").fetchall()
                for two in (f"{one} except all {other}", f"{other} except all {one}")
            ]
            if any(apart):
                found[table] = (listed, *apart)
    return found
