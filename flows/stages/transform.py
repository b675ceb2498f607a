"""Transform: dbt builds states and marts, and its tests audit the release file.

dbt runs once, in this process, over the whole project. The release is built at a fixed path beside the releases and
takes its name when it is published; a build that fails leaves nothing that a reader could see.
"""

from __future__ import annotations

import gc
import hashlib
import os
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import duckdb

from flows import warehouse
from flows.contracts import Contract
from flows.errors import InterruptedRunError, SaferCityError
from flows.settings import PROJECT_DIR, Settings

DBT_DIR = PROJECT_DIR / "dbt_project"

PARSE_DIR = DBT_DIR / "target"
"""Where the parse of the project is kept for all data folders; dbt makes it by itself in any project."""

PATIENCE_SECONDS = 10

STATES_PARTS = ("models/staging", "models/intermediate", "macros", "seeds", "dbt_project.yml")
"""What the states depend on; a change in anything else of the project rebuilds only the release."""


@dataclass(frozen=True)
class Node:
    """What became of one node of the dbt project. `failures` counts rows of a failed test; `seconds` is wall time.

    `part` is what it is for: the states in the warehouse, or the marts of the release.
    """

    name: str
    kind: str
    status: str
    seconds: float
    failures: int | None
    part: Literal["states", "marts"]


class BuildFailedError(SaferCityError):
    """Models that could not be built, or tests of dbt that found rows. `named` says which; `log` is dbt's own."""

    def __init__(self, named: str, log: Path) -> None:
        super().__init__(
            f"the build did not pass its audit, and the published release stands: {named}."
            f" What dbt says of them is in {log}"
        )
        self.named = named
        self.log = log


@dataclass(frozen=True)
class Transformed:
    """A built and audited release file."""

    database: Path
    nodes: list[Node]
    rebuilt_states: bool

    def share_of(self, part: str) -> float:
        """The part's share of the time of all nodes, 0 to 1. Nodes of both run side by side, so it has no wall time."""
        total = sum(node.seconds for node in self.nodes)
        return sum(node.seconds for node in self.nodes if node.part == part) / total if total else 0.0


def states_fingerprint(contracts_fingerprint: str) -> str:
    """Hash of everything the states depend on but the rows."""
    return _hash_files([DBT_DIR / part for part in STATES_PARTS], contracts_fingerprint)


def release_fingerprint(contracts_fingerprint: str) -> str:
    """Hash of everything a release depends on but the rows: contracts, dbt project, seeds and code."""
    return _hash_files([DBT_DIR, PROJECT_DIR / "flows"], contracts_fingerprint)


def write_sources(connection: duckdb.DuckDBPyConnection, contracts: dict[str, Contract]) -> None:
    """Write what the contracts say of themselves to the ledger, where dbt reads it."""
    connection.execute("begin")
    connection.execute("delete from ledger.sources")
    for contract in contracts.values():
        connection.execute(
            "insert into ledger.sources values (?, ?, ?, ?, ?, ?, ?, ?)",
            [
                contract.source,
                contract.system,
                contract.record_source,
                contract.delivery.kind,
                contract.title,
                contract.description,
                contract.owner,
                contract.cadence,
            ],
        )
    connection.execute("commit")


def transform(
    settings: Settings,
    contracts: dict[str, Contract],
    fingerprint: str,
    *,
    full_refresh: bool = False,
    on_node: Callable[[int, int | None], None] | None = None,
) -> Transformed:
    """Build states and marts with dbt and run its tests.

    `fingerprint` is that of the states; where it is not the one that the states were made by, they are made anew.
    The warehouse must not be open in this process.

    Raises BuildFailedError naming the nodes that failed; the published release is untouched.
    """
    paths = settings.paths
    with warehouse.connect(settings) as connection:
        write_sources(connection, contracts)
        made_by = [row[0] for row in connection.execute("select fingerprint from ledger.states").fetchall()]
        rebuild = full_refresh or made_by != [fingerprint]
        if rebuild:
            connection.execute("delete from ledger.states")
    database = start_release_file(settings)
    # Seeds are part of the fingerprint: where it holds they stand as they are, and so do the tests of them.
    how = ["--full-refresh"] if rebuild else ["--exclude", "resource_type:seed"]
    not_built = ["--exclude-resource-type", "unit_test", "--exclude-resource-type", "exposure"]
    nodes = run_dbt(settings, ["build", *not_built, *how], on_node=on_node)
    failed = [node for node in nodes if node.status not in ("success", "pass", "warn", "no-op")]
    if failed:
        raise BuildFailedError(_named(failed), paths.dbt_target / "logs" / "dbt.log")
    with warehouse.connect(settings) as connection:
        connection.execute("begin")
        connection.execute("delete from ledger.pending")
        connection.execute("delete from ledger.states")
        connection.execute("insert into ledger.states values (?)", [fingerprint])
        connection.execute("commit")
    return Transformed(database, nodes, rebuild)


def start_release_file(settings: Settings) -> Path:
    """An empty folder for the release to be built in; returns the path of its database."""
    building = settings.paths.building
    shutil.rmtree(building, ignore_errors=True)
    building.mkdir(parents=True)
    return building / "safer_city.duckdb"


def run_dbt(
    settings: Settings, command: list[str], *, on_node: Callable[[int, int | None], None] | None = None
) -> list[Node]:
    """Run one dbt command in this process and return what became of each node.

    Raises SaferCityError when dbt could not run at all (a model that doesn't compile, a missing source).
    """
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager
    from dbt.adapters.factory import reset_adapters
    from dbt.cli.main import dbtRunner
    from dbt_common.events.event_manager_client import ctx_set_event_manager

    from flows.stages.dbt_in_process import TerseEventManager, last_parse

    def report(event: Any) -> None:
        if on_node and event.info.name in ("LogModelResult", "LogSeedResult"):
            on_node(event.data.index, event.data.total)
        elif on_node and event.info.name == "LogTestResult":
            on_node(event.data.index, event.data.num_models)

    paths = settings.paths
    os.environ["SAFERCITY_DBT_WAREHOUSE"] = str(paths.warehouse)
    os.environ["SAFERCITY_DBT_RELEASE"] = str(paths.building / "safer_city.duckdb")
    for option, value in settings.duckdb_options().items():
        os.environ[f"SAFERCITY_DBT_{option.upper()}"] = str(value)
    ctx_set_event_manager(TerseEventManager())  # pyright: ignore[reportArgumentType]
    with last_parse(paths.dbt_target, kept_in=PARSE_DIR):
        result = dbtRunner(callbacks=[report]).invoke(
            [
                *("--log-level", "none", "--log-level-file", "warn", "--no-write-json"),
                *command,
                *("--project-dir", str(DBT_DIR), "--profiles-dir", str(DBT_DIR)),
                *("--target-path", str(paths.dbt_target), "--log-path", str(paths.dbt_target / "logs")),
            ]
        )
    # dbt opens the warehouse once and keeps it; the files must be free for the next stage.
    DuckDBConnectionManager.close_all_connections()
    reset_adapters()
    for file in (paths.warehouse, paths.building / "safer_city.duckdb"):
        _wait_until_closed(file)
    if isinstance(result.exception, InterruptedRunError) or not isinstance(result.exception, Exception | None):
        # dbt holds on to whatever ends it. What ends the run must go on to do so.
        raise result.exception
    outcomes: Any = result.result
    if result.exception is not None or outcomes is None:
        raise SaferCityError(f"dbt could not run the project: {result.exception}") from None
    for outcome in outcomes.results:
        if reason := warehouse.no_room(outcome.message):
            raise SaferCityError(f"dbt could not build {outcome.node.name}: {reason}")
    return [
        Node(
            name=outcome.node.name,
            kind=str(outcome.node.resource_type),
            status=str(outcome.status),
            seconds=round(outcome.execution_time, 3),
            failures=outcome.failures,
            part="states" if outcome.node.original_file_path.startswith(STATES_PARTS) else "marts",
        )
        for outcome in outcomes.results
    ]


def _wait_until_closed(file: Path) -> None:
    """Wait until this process has a DuckDB file open no more, for as long as dbt can reasonably take to let go of it.

    A thread of dbt that has not ended, or a cursor that is garbage and was not collected, holds the files open, and
    nobody else here could attach them. Where it takes too long, whoever opens the file next says so.
    """
    last = time.monotonic() + PATIENCE_SECONDS
    while file.exists() and time.monotonic() < last:
        try:
            with duckdb.connect() as connection:
                connection.execute(f"attach {warehouse.quoted(file)} as closed (read_only)")
                return
        except duckdb.Error:
            gc.collect()
            time.sleep(0.05)


def _named(failed: list[Node]) -> str:
    """The nodes that failed, the first few by name; what was skipped because of them by number."""
    causes = [node for node in failed if node.status != "skipped"]
    named = [f"{node.name} ({node.failures} rows)" if node.failures else node.name for node in causes[:5]]
    if len(causes) > 5:
        named.append(f"{len(causes) - 5} more")
    if len(failed) > len(causes):
        named.append(f"{len(failed) - len(causes)} skipped after them")
    return ", ".join(named)


def _hash_files(roots: list[Path], salt: str) -> str:
    digest = hashlib.sha256(salt.encode())
    for root in roots:
        files = [root] if root.is_file() else sorted(path for path in root.rglob("*") if path.is_file())
        for path in files:
            relative = path.relative_to(PROJECT_DIR)
            built = "__pycache__" in relative.parts or relative.parts[1:2] in (("target",), ("logs",))
            if not built and not path.name.endswith("_unit_tests.yml"):
                digest.update(str(relative).encode())
                digest.update(path.read_bytes())
    return digest.hexdigest()[:16]
