"""Who is measured: the pipeline, the limit, and what people would use instead. Each is a command of its own."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
PROJECT = HERE.parent
PEER_PYTHON = HERE / ".venv" / "bin" / "python"
PEER_PACKAGES = ("dbt-core", "dbt-duckdb", "dlt", "duckdb", "great-expectations", "pandas", "polars", "pyarrow")

STREET, CRIMES = "police_uk_street", "crimes"
OURS, LIMIT, DLT, DLT_ROWS, PANDAS, PANDAS_ROWS, POLARS = (
    "safercity",
    "bare DuckDB",
    "dlt + dbt",
    "dlt by rows + dbt",
    "pandas + GX",
    "pandas + GX by rows",
    "Polars",
)
BY_ROWS = {DLT_ROWS, PANDAS_ROWS}
"""Contenders that take minutes for what the others take seconds for; they are measured when they are asked for."""


@dataclass(frozen=True)
class Contender:
    """One way to do the work.

    `does` says in words how much of the work it does. Its results are in `out`, as `equality` reads them.
    """

    name: str
    does: str
    script: str | None = None
    options: tuple[str, ...] = ()

    def command(self, source: str, landing: Path, out: Path) -> list[str]:
        """What to run to take a source's files in `landing` to results in `out`."""
        if self.name == OURS:
            return safercity(*load(landing))
        if self.name == LIMIT:
            script = "bare_street.py" if source == STREET else "bare_crimes.py"
            return [sys.executable, str(HERE / script), "--landing", str(landing), "--out", str(out), "--json"]
        arguments = ["--source", source, "--landing", str(landing), "--out", str(out)]
        return [str(PEER_PYTHON), str(HERE / (self.script or "")), *arguments, *self.options]


def safercity(*arguments: str) -> list[str]:
    """A command of this checkout, as a user would start it."""
    return [sys.executable, "-c", "from flows.cli import main; main()", *arguments]


def in_turn(*arguments: str) -> list[str]:
    """The same command with its time taken apart."""
    return [sys.executable, str(HERE / "where_time_goes.py"), *arguments]


def load(landing: Path) -> tuple[str, ...]:
    """The arguments of a run on a folder."""
    return "run", "--landing", str(landing), "--json"


CONTENDERS = {
    contender.name: contender
    for contender in (
        Contender(OURS, "everything: ledger, quarantine, states, all marts and as-of macros, dbt's tests, release"),
        Contender(
            LIMIT,
            "of street files the same states and thirteen marts, of crimes states and counts by measure; critical rules"
            " only, no ledger, quarantine, tests, descriptions, as-of macros",
        ),
        Contender(DLT, "every row rule as a dbt test, states, counts by measure; nothing else", "with_dlt.py"),
        Contender(
            DLT_ROWS,
            "the same, where dlt is handed single rows and not Arrow tables",
            "with_dlt.py",
            ("--row-by-row",),
        ),
        Contender(PANDAS, "every row rule in a GX suite, states, counts by measure; nothing else", "with_pandas.py"),
        Contender(
            PANDAS_ROWS,
            "the same, with to_sql as it comes, which inserts row by row",
            "with_pandas.py",
            ("--row-by-row",),
        ),
        Contender(
            POLARS,
            "every row rule as an expression, states, counts by measure as Parquet; nothing else",
            "with_polars.py",
        ),
    )
}


def peer_versions() -> dict[str, str]:
    """Versions of what the peers run on; empty when their environment is not there, or not whole."""
    if not PEER_PYTHON.exists():
        return {}
    asked = f"from importlib.metadata import version; [print(p, version(p)) for p in {PEER_PACKAGES!r}]"
    done = subprocess.run([str(PEER_PYTHON), "-c", asked], capture_output=True, text=True, check=False)
    return {} if done.returncode else dict(line.split() for line in done.stdout.splitlines())
