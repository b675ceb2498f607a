"""A data folder and a landing folder of a test's own, and the pipeline on them without a Prefect server.

The flow itself is run, with each of its tasks called as the plain function that it is, so that what a test runs is
what the pipeline does, in its order.
"""

import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any
from unittest.mock import patch

import duckdb

from flows import clock, runs
from flows.contracts import Contract
from flows.runs import Summary
from flows.settings import Paths, Settings

LONG_AGO = 1_000_000_000
"""When every delivered file was last changed, seconds since 1970: a young one would be waited for."""

Artifacts = dict[str, Any]
"""What the flow showed in Prefect: key → text, or rows."""


@dataclass
class Sandbox:
    """A warehouse of its own below `folder`, with the settings `given`; by default for the project's contracts."""

    folder: Path
    given: dict[str, Any] = field(default_factory=dict)
    contracts: dict[str, Contract] | None = None
    today: date = date(2024, 1, 31)
    artifacts: Artifacts = field(default_factory=dict)

    @property
    def data(self) -> Path:
        """The data folder."""
        return self.folder / "data"

    @property
    def landing(self) -> Path:
        """The landing folder."""
        return self.folder / "landing"

    @property
    def paths(self) -> Paths:
        """Where everything lies."""
        return Paths(self.data)

    @property
    def settings(self) -> Settings:
        """The settings of a run here."""
        return Settings(data=self.data, landing=self.landing, **self.given)

    def deliver(self, files: Mapping[str, bytes]) -> None:
        """Drop files in the landing folder."""
        self.landing.mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            path = self.landing / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
            os.utime(path, (LONG_AGO, LONG_AGO))

    def run(self, **given: Any) -> Summary:
        """What `safercity run` does when there is something to do, without a server."""
        from flows import pipeline

        with self.patched(), without_prefect(self.artifacts):
            return pipeline.ingest_and_publish.fn(landing=self.landing, **given)

    def load(self, **given: Any) -> Summary:
        """The same, but nothing is built or published: for what ends in the warehouse's raw tables and ledger."""
        with patch.object(runs, "release_is_due", lambda run, full_refresh: False):
            return self.run(**given)

    def nothing_to_do(self) -> bool:
        """Whether a run would find nothing to do."""
        with self.patched():
            return runs.nothing_to_do(self.settings)

    @contextmanager
    def patched(self) -> Iterator[None]:
        """Have everything that is called inside use this warehouse, its contracts and its calendar."""
        with ExitStack() as stack:
            stack.enter_context(patch.dict(os.environ, self.environment()))
            stack.enter_context(patch.object(clock, "today", lambda: self.today))
            if self.contracts:
                stack.enter_context(patch.object(runs, "load_contracts", lambda: self.contracts))
            yield

    def environment(self) -> dict[str, str]:
        """The variables that bring a command to this warehouse."""
        values = {"SAFERCITY_DATA": str(self.data), "SAFERCITY_LANDING": str(self.landing)}
        for name, value in self.given.items():
            values[f"SAFERCITY_{name.upper()}"] = value if isinstance(value, str) else json.dumps(value)
        return values

    def warehouse(self, query: str, parameters: Any = None) -> list[tuple[Any, ...]]:
        """Rows of the private warehouse, which no run may have open."""
        return _query(self.paths.warehouse, query, parameters)

    def marts(self, query: str) -> list[tuple[Any, ...]]:
        """Rows of the published release."""
        return _query(self.paths.published_database.resolve(), query)

    def differences(self, other: "Sandbox") -> dict[str, int]:
        """Tables of the published releases that differ, with how many rows stand in one of them only.

        What says when and by which run something was loaded is left out.
        """
        with duckdb.connect() as connection:
            for name, sandbox in (("one", self), ("other", other)):
                connection.execute(f"attach '{sandbox.paths.published_database.resolve()}' as {name} (read_only)")
            tables = connection.execute(
                "select distinct table_name from duckdb_tables() where schema_name = 'marts' order by all"
            ).fetchall()
            counted = {name: _rows_apart(connection, name) for (name,) in tables if name != "releases"}
        return {name: rows for name, rows in counted.items() if rows}

    def copy(self, folder: Path) -> "Sandbox":
        """This warehouse in another folder, with an empty landing folder."""
        shutil.copytree(self.data, folder / "data", symlinks=True)
        (folder / "landing").mkdir()
        return replace(self, folder=folder, artifacts={})


@contextmanager
def without_prefect(artifacts: Artifacts) -> Iterator[None]:
    """Make the flow's tasks plain functions, and gather what it would show."""
    from prefect import Task

    from flows import pipeline

    def show_text(markdown: str, key: str) -> None:
        artifacts[key] = markdown

    def show_rows(table: list[dict[str, Any]], key: str, description: str) -> None:
        artifacts[key] = table

    tasks = {name: _Plain(value.fn) for name, value in vars(pipeline).items() if isinstance(value, Task)}
    assert len(tasks) >= 8, "the flow has tasks that are no longer found by looking for them in its module"
    shown = {"create_markdown_artifact": show_text, "create_table_artifact": show_rows}
    with patch.multiple(pipeline, **tasks, **shown):
        yield


@dataclass(frozen=True)
class _Plain:
    function: Callable[..., Any]

    def with_options(self, **_: Any) -> "_Plain":
        return self

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.function(*args, **kwargs)


def _rows_apart(connection: duckdb.DuckDBPyConnection, table: str) -> int:
    of_a_run = {"deliveries": "exclude (loaded_at)", "data_quality": "exclude (run)"}.get(table, "")
    one, other = (f"select * {of_a_run} from {side}.marts.{table}" for side in ("one", "other"))
    apart = f"select count(*) from ((({one}) except all ({other})) union all (({other}) except all ({one})))"
    return connection.execute(apart).fetchall()[0][0]


def _query(database: Path, query: str, parameters: Any = None) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(database), read_only=True) as connection:
        return connection.execute(query, parameters).fetchall()
