"""How the time and memory of the pipeline grow with a force's own crimes: synthetic deliveries at several scales.

Each scale is a sample of monthly extracts. They are loaded in one run into an empty data folder; then the last
extract, held back, is added by a second run, and a third finds nothing to do. See README.md.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict
from pathlib import Path

import duckdb
from measure import BenchmarkError, Measurement, machine, run, say

SAFERCITY = Path(sys.executable).with_name("safercity")
WRITE = """
import sys
from pathlib import Path
from flows.sample.crimes import write_crimes
write_crimes(Path(sys.argv[1]), scale=float(sys.argv[2]))
"""
FULL, MONTH, NOTHING = "full load", "one more extract", "nothing new"
QUERIES = {
    "performance": "from marts.violence_performance_as_of(date '2018-08-07') where measure = 'violence'",
    "temporal": "from marts.violence_temporal_as_of(date '2018-08-07') where month = date '2018-06-01'",
    "hotspots": "from marts.violence_hotspots_as_of(date '2018-08-07') where month = date '2018-06-01'",
    "profile": "from marts.violence_profile_as_of(date '2018-08-07')",
    "records": "select count(*) from marts.crimes where list_contains(measures, 'abh') and ward = 'Bishopsgate'",
}


def main() -> int:
    """Read the arguments, measure each scale, print. Exit codes: 0 measured, 1 failed, 2 wrong usage."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--scale", type=float, nargs="+", default=[1, 10], help="scales of the sample (default 1 10)")
    parser.add_argument("--memory-limit", help="DuckDB memory limit of the pipeline, such as 3GB; default its own")
    parser.add_argument("--work", type=Path, help="new folder to work in, which is kept; default a temporary one")
    parser.add_argument("--json", type=Path, help="write everything measured to this file")
    arguments = parser.parse_args()
    if arguments.work and arguments.work.exists():
        parser.error(f"{arguments.work} exists; name a new folder")
    root = (arguments.work or Path(tempfile.mkdtemp(prefix="safercity-benchmark-"))).absolute()
    measured = {}
    try:
        print(", ".join(f"{name} {value}" for name, value in machine().items()), "\n")
        for scale in arguments.scale:
            folder = root / f"{scale:g}"
            folder.mkdir(parents=True)
            measured[f"{scale:g}"] = measure(folder, scale, arguments.memory_limit)
            if not arguments.work:
                shutil.rmtree(folder)
        if arguments.json:
            arguments.json.write_text(json.dumps(measured, indent=2) + "\n", encoding="utf-8")
    except BenchmarkError as error:
        print(f"benchmark: {error}", file=sys.stderr)
        return 1
    finally:
        if not arguments.work:
            shutil.rmtree(root, ignore_errors=True)
    return 0


def measure(folder: Path, scale: float, memory_limit: str | None) -> dict[str, object]:
    """Write the sample of one scale, load it in the three cases, ask the queries; prints as it goes.

    Raises BenchmarkError when a command fails.
    """
    landing, data, working = folder / "landing", folder / "data", folder / "working"
    working.mkdir()
    began = time.perf_counter()
    # The crimes of the sample without its street files, in a process of their own as memory is measured by process.
    written = subprocess.run(
        [sys.executable, "-c", WRITE, str(landing), str(scale)], capture_output=True, text=True, check=False
    )
    if written.returncode:
        raise BenchmarkError(f"the sample could not be written:\n{written.stderr}")
    sample_seconds = time.perf_counter() - began
    held_back = hold_back(landing, folder)
    variables = {"SAFERCITY_DATA": str(data)}
    if memory_limit:
        variables["SAFERCITY_MEMORY_LIMIT"] = memory_limit
    command = [str(SAFERCITY), "run", "--landing", str(landing), "--json"]
    cases: dict[str, Measurement] = {FULL: run(command, working, variables)}
    for source, target in held_back:
        source.rename(target)
    cases[MONTH] = run(command, working, variables)
    cases[NOTHING] = run(command, working, variables)
    release = data / "published" / "safer_city.duckdb"
    facts = describe(release)
    warehouse_mb = (data / "warehouse" / "warehouse.duckdb").stat().st_size / 1024**2
    print(f"Scale {scale:g}: {facts['received']:,} rows of crimes received, {facts['versions']:,} states;", end=" ")
    print(f"sample written in {sample_seconds:.1f} s; warehouse {warehouse_mb:,.0f} MB,", end=" ")
    print(f"release {release.resolve().stat().st_size / 1024**2:,.0f} MB")
    for case, measurement in cases.items():
        stages = ", ".join(f"{stage} {seconds:.1f}" for stage, seconds in measurement.stages.items())
        memory = measurement.together or measurement.largest
        print(f"  {case:18}{measurement.wall:8.1f} s{measurement.cpu:8.1f} s CPU{memory:8,.0f} MB   {stages}")
    milliseconds = ask(release)
    print("  queries, ms:      " + ", ".join(f"{name} {taken:.0f}" for name, taken in milliseconds.items()))
    say("")
    return {
        **facts,
        "sample_seconds": sample_seconds,
        "cases": {case: asdict(measurement) for case, measurement in cases.items()},
        "queries_ms": milliseconds,
    }


def hold_back(landing: Path, folder: Path) -> list[tuple[Path, Path]]:
    """Take the newest extract of crimes out of the landing folder; returns where it is, and where it belongs.

    Raises BenchmarkError when the sample holds none.
    """
    extracts = sorted(landing.rglob("crimes_????-??-??.csv"))
    if not extracts:
        raise BenchmarkError(f"{landing} holds no extract of crimes")
    moved = folder / extracts[-1].name
    extracts[-1].rename(moved)
    return [(moved, extracts[-1])]


def describe(release: Path) -> dict[str, int]:
    """How much was loaded, in rows."""
    with duckdb.connect(str(release), read_only=True) as connection:
        [(received,)] = connection.execute(
            "select coalesce(sum(received), 0) from marts.deliveries where source = 'crimes'"
        ).fetchall()
        [(versions,)] = connection.execute("select count(*) from marts.crime_versions").fetchall()
    return {"received": int(received), "versions": versions}


def ask(release: Path) -> dict[str, float]:
    """Milliseconds of each query, the best of three."""
    taken = {}
    with duckdb.connect(str(release), read_only=True) as connection:
        for name, query in QUERIES.items():
            times = []
            for _ in range(3):
                began = time.perf_counter()
                connection.execute(query).fetchall()
                times.append(time.perf_counter() - began)
            taken[name] = 1000 * min(times)
    return taken


if __name__ == "__main__":
    sys.exit(main())
