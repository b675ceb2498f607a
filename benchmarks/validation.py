"""How time and memory of judging a force's crimes grow, also where every row fails: extract, validate and load alone.

Three contents of as many rows are read, judged by the whole suite of `crimes` and loaded into an empty warehouse:
sound rows; rows that each break one critical rule; rows that each break every rule that a row can break at once. What
fails is loaded twice: under the contract's share of bad rows, by which its files are rejected, and with that share
lifted, so that every row goes to quarantine. Each stage is a process of its own. See README.md.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
import time
from dataclasses import asdict
from datetime import date
from pathlib import Path

import duckdb
from measure import BenchmarkError, Measurement, machine, run, say

SOURCE = "crimes"
FILES = 10
STARTED = "2020-01-01 00:00:00"

SOUND = {
    "crime_number": "'BM/' || lpad(i::varchar, 8, '0')",
    "status": "'recorded'",
    "class_code": "['39', '105A', '49', '66'][1 + i % 4]",
    "sub_code": "['039/00', '105/01', '049/10', '066/01'][1 + i % 4]",
    "offence": "'Title of an offence ' || i % 40",
    "recorded_at": "strftime(moment, '%Y-%m-%d %H:%M')",
    "reported_at": "strftime(moment - interval 1 hour, '%Y-%m-%d %H:%M')",
    "committed_from": "strftime(moment - interval 9 hour, '%Y-%m-%d %H:%M')",
    "committed_to": "strftime(moment - interval 2 hour, '%Y-%m-%d %H:%M')",
    "street": "'Example Street ' || i % 200",
    "ward": "['Aldgate', 'Bishopsgate', 'Tower', ''][1 + i % 4]",
    "premises": "'Sample Arms ' || i % 5000",
    "premises_type": "['licensed', 'office', 'street', ''][1 + i % 4]",
    "easting": "531000 + i % 2500",
    "northing": "180500 + i % 1500",
    "outcome_code": "if(i % 2 = 0, '18', '')",
    "outcome_at": "if(i % 2 = 0, strftime(moment + interval 5 hour, '%Y-%m-%d %H:%M'), '')",
    "alcohol": "['Y', 'N'][1 + i % 2]",
    "domestic_abuse": "'N'",
    "drugs": "'N'",
    "victim_type": "'public'",
    "circumstance": "''",
    "method_tags": "if(i % 5 = 0, 'pickpocket;distraction', '')",
    "operation": "''",
    "victim_name": "'Invented Person ' || i",
    "victim_date_of_birth": "'1801-01-01'",
    "suspect_name": "''",
    "suspect_date_of_birth": "''",
    "summary": "'Invented account ' || i || ', in words of its own'",
}
"""Column → SQL for its text in row `i`, recorded at `moment`."""

ONE_RULE = SOUND | {"status": "'mislaid'"}

EVERY_RULE = SOUND | {
    "crime_number": "'bm!' || i // 2",
    "status": "'mislaid'",
    "class_code": "'ZZZ'",
    "sub_code": "'two words'",
    "recorded_at": "'1999-12-31 12:00'",
    "reported_at": "'2031-01-01 12:00'",
    "committed_from": "'2032-01-01 12:00'",
    "committed_to": "'2030-01-01 12:00'",
    "ward": "'Mordor'",
    "premises_type": "'castle'",
    "easting": "'far'",
    "northing": "''",
    "outcome_code": "'99'",
    "outcome_at": "'1998-01-01 12:00'",
    "alcohol": "'maybe'",
    "domestic_abuse": "'maybe'",
    "drugs": "'maybe'",
    "victim_type": "'nobody'",
    "circumstance": "'unclear'",
    "method_tags": "'sleight; of hand'",
    "operation": "'two words'",
}

CONTENTS = {"sound": SOUND, "one critical rule": ONE_RULE, "every rule": EVERY_RULE}


def main() -> int:
    """Read the arguments, measure, print. Exit codes: 0 measured, 1 failed, 2 wrong usage."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rows", type=int, default=500_000, help="rows of each content (default 500000)")
    parser.add_argument("--memory-limit", default="2GB", help="DuckDB memory limit of every stage (default 2GB)")
    parser.add_argument("--content", choices=CONTENTS, nargs="+", default=list(CONTENTS), help="default all three")
    parser.add_argument("--work", type=Path, help="new folder to work in, which is kept; default a temporary one")
    parser.add_argument("--json", type=Path, help="write everything measured to this file")
    parser.add_argument("--stage", choices=("extract", "validate", "load", "load lifted"), help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.stage:
        print(json.dumps(run_stage(arguments.stage, arguments.folder, arguments.memory_limit)))
        return 0
    if arguments.work and arguments.work.exists():
        parser.error(f"{arguments.work} exists; name a new folder")
    root = (arguments.work or Path(tempfile.mkdtemp(prefix="safercity-benchmark-"))).absolute()
    measured = {}
    try:
        print(", ".join(f"{name} {value}" for name, value in machine().items()))
        print(f"{arguments.rows:,} rows in {FILES} files, DuckDB memory limit {arguments.memory_limit}\n")
        for content in arguments.content:
            folder = root / content.replace(" ", "-")
            measured[content] = measure(content, arguments.rows, folder, arguments.memory_limit)
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


def measure(content: str, rows: int, folder: Path, memory_limit: str) -> dict[str, object]:
    """Write one content, take it through the stages; prints as it goes. Raises BenchmarkError when one fails."""
    began = time.perf_counter()
    size = write(CONTENTS[content], rows, folder / "landing")
    say(f"{content}: {size / 1024**2:,.0f} MB written in {time.perf_counter() - began:.1f} s")
    stages = ["extract", "validate", "load"] + ([] if content == "sound" else ["load lifted"])
    taken: dict[str, Measurement] = {}
    for stage in stages:
        command = [sys.executable, __file__, "--stage", stage, "--folder", str(folder), "--memory-limit", memory_limit]
        taken[stage] = measurement = run(command, folder, {})
        memory = measurement.together or measurement.largest
        seconds = measurement.stages["itself"]
        print(
            f"{content:18}{stage:12}{measurement.wall:8.1f} s{measurement.cpu:8.1f} s CPU{memory:8,.0f} MB"
            f"{rows / seconds:12,.0f} rows/s   {measurement.state}",
            flush=True,
        )
    return {stage: asdict(measurement) for stage, measurement in taken.items()}


def write(columns: dict[str, str], rows: int, landing: Path) -> int:
    """Write so many rows in files of equal length, one extract date each; their size in bytes."""
    landing.mkdir(parents=True)
    values = ", ".join(f"{value} as {name}" for name, value in columns.items())
    with duckdb.connect() as connection:
        for number in range(FILES):
            first, last = rows * number // FILES, rows * (number + 1) // FILES
            connection.execute(
                f"copy (select {values}"
                " from (select i, timestamp '2018-01-01' + to_minutes((i % 500000)::bigint) as moment"
                f" from range({first}, {last}) as numbers(i)))"
                f" to '{landing}/{SOURCE}_{date(2019, number + 1, 7)}.csv' (header)"
            )
    return sum(path.stat().st_size for path in landing.iterdir())


def run_stage(stage: str, folder: Path, memory_limit: str) -> dict[str, object]:
    """Run one stage of the pipeline in this process; says how long it took without its start, and what came of it."""
    from flows import clock, warehouse
    from flows.contracts import load_contracts
    from flows.settings import Settings, quiet_environment
    from flows.stages import extract, load, validate

    quiet_environment()
    contract = load_contracts()[SOURCE]
    data = folder / stage.replace(" ", "-")
    settings = Settings(data=data, landing=folder / "landing", memory_limit=memory_limit)
    scratch = folder / "scratch"
    database = scratch / "scratch.duckdb"
    settings.paths.make()
    began = time.perf_counter()
    match stage:
        case "extract":
            scratch.mkdir()
            found = extract.find(
                settings.landing_dir,
                {SOURCE: contract},
                known=lambda file: False,
                default_force=settings.force,
                folder_forces={},
                today=clock.today(),
            )
            done = extract.extract(
                contract, found.arrivals, scratch, is_repeat=lambda arrival, hash_: False, memory_limit=memory_limit
            )
            state = f"{done.rows:,} rows of {done.files} files"
        case "validate":
            results = validate.validate(contract, database, settings.duckdb_options())
            failed = sum(result.failed for result in results)
            state = f"{failed:,} failures of {sum(result.failed > 0 for result in results)} rules"
        case _:
            if stage == "load lifted":
                lifted = contract.delivery.model_copy(update={"max_quarantined_share": 1})
                contract = contract.model_copy(update={"delivery": lifted})
            warehouse.prepare(settings, {SOURCE: contract})
            with warehouse.connect(settings) as connection:
                loaded = load.load(contract, connection, database, "benchmark", STARTED)
            files = loaded.files
            state = (
                f"{sum(file.accepted for file in files):,} accepted, {sum(file.quarantined for file in files):,}"
                f" quarantined, {sum(file.rejected or 0 for file in files):,} rejected"
            )
    return {"seconds": {"itself": time.perf_counter() - began}, "state": state}


if __name__ == "__main__":
    sys.exit(main())
