"""How long the pipeline takes for all street crime files, and how long a bare DuckDB script for the same tables.

Each case runs as a process of its own in a fresh folder, several times, all cases in turn so that a slow minute hits
each of them. It fails when the pipeline and the bare script do not give equal states and marts. See README.md.
"""

from __future__ import annotations

import argparse
import gzip
import json
import shutil
import sys
import tempfile
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, field
from multiprocessing import get_context
from pathlib import Path
from statistics import median

import duckdb
from measure import BenchmarkError, Measurement, machine, run, say, spread, verdict

PROJECT = Path(__file__).resolve().parents[1]
BARE = PROJECT / "benchmarks" / "bare_street.py"
SAFERCITY = Path(sys.executable).with_name("safercity")
REAL = PROJECT.parent / "shared" / "real"
DEFAULT_LANDING = (REAL / "police_uk", REAL / "police_uk_revised")


FULL, BARE_LOAD, NOTHING, MONTH, START_UP = (
    "pipeline, full load",
    "bare script, full load",
    "pipeline, nothing new",
    "pipeline, one more month",
    "pipeline, one row",
)
AIM_RATIO = 3.0
AIM_MB = 3 * 1024


@dataclass(frozen=True)
class Folders:
    """Where the benchmark works."""

    root: Path

    def __post_init__(self) -> None:
        for folder in (self.landing, self.one_row, self.working):
            folder.mkdir(parents=True)

    @property
    def landing(self) -> Path:
        """All street files; without the held-back one while a month is to be added."""
        return self.root / "landing"

    @property
    def one_row(self) -> Path:
        """A landing folder with one file of one row."""
        return self.root / "one-row"

    @property
    def working(self) -> Path:
        """The empty folder that commands run in, so that they find no settings file."""
        return self.root / "working"

    @property
    def bare(self) -> Path:
        """What the bare script writes."""
        return self.root / "bare"

    def data(self, name: str) -> Path:
        """A data folder of the pipeline."""
        return self.root / f"data-{name}"


@dataclass
class Results:
    """All measurements by case, and how many rows of each table were found equal."""

    measurements: dict[str, list[Measurement]] = field(default_factory=dict)
    equal_rows: dict[str, int] = field(default_factory=dict)

    def add(self, case: str, measurement: Measurement) -> None:
        """Keep a measurement, and say it."""
        self.measurements.setdefault(case, []).append(measurement)
        say(f"  {case}: {measurement.wall:.1f} s")

    def median(self, case: str, value: Callable[[Measurement], float]) -> float:
        """Median of a value over the repetitions of a case."""
        return median(map(value, self.measurements[case]))

    def ratio(self, value: Callable[[Measurement], float]) -> float:
        """(full load − one row) ÷ bare script, of medians."""
        full, start_up, bare = (self.median(case, value) for case in (FULL, START_UP, BARE_LOAD))
        return (full - start_up) / bare


def main() -> int:
    """Read the arguments, measure, print. Exit codes: 0 measured, 1 failed or not equal, 2 wrong usage."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument(
        "--landing",
        type=Path,
        nargs="+",
        default=[folder for folder in DEFAULT_LANDING if folder.is_dir()],
        help="folders of street files (archives are not read);"
        " default ../shared/real/police_uk and ../shared/real/police_uk_revised",
    )
    parser.add_argument("--repeat", type=int, default=3, help="how often each case is measured (default 3)")
    parser.add_argument("--work", type=Path, help="new folder to work in, which is kept; default a temporary one")
    parser.add_argument("--json", type=Path, help="write everything measured to this file")
    arguments = parser.parse_args()
    if arguments.repeat < 1:
        parser.error("--repeat must be at least 1")
    if not arguments.landing:
        parser.error(f"there is no {DEFAULT_LANDING[0]}; name a folder of data.police.uk street files with --landing")
    if absent := [str(folder) for folder in arguments.landing if not folder.is_dir()]:
        parser.error(f"there is no folder {', '.join(absent)}")
    if not SAFERCITY.exists():
        parser.error(f"there is no {SAFERCITY}; run this with the Python that the pipeline is installed for")
    if arguments.work and arguments.work.exists():
        parser.error(f"{arguments.work} exists; name a new folder")
    root = (arguments.work or Path(tempfile.mkdtemp(prefix="safercity-benchmark-"))).absolute()
    try:
        folders = Folders(root)
        files = copy_landing([folder.absolute() for folder in arguments.landing], folders)
        results = measure_all(folders, files, arguments.repeat)
        landing = describe(folders.landing, files, results)
        show(landing, results)
        if arguments.json:
            write_json(arguments.json, landing, results)
    except BenchmarkError as error:
        print(f"benchmark: {error}", file=sys.stderr)
        return 1
    finally:
        if not arguments.work:
            shutil.rmtree(root, ignore_errors=True)
    return 0


def copy_landing(given: list[Path], folders: Folders) -> list[Path]:
    """Copy the street files, and nothing else, into the landing folder; returns the copies, newest month last.

    Copies keep their times: a file that looks young would make the pipeline wait for it to come to rest.
    """
    copies = []
    for folder in given:
        for path in sorted(folder.rglob("*")):
            if path.is_file() and path.name.lower().endswith(("-street.csv", "-street.csv.gz")):
                copy = folders.landing / folder.name / path.relative_to(folder)
                copy.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(path, copy)
                copies.append(copy)
    if len(copies) < 2:
        raise BenchmarkError(f"{', '.join(map(str, given))}: fewer than two files YYYY-MM-<force>-street.csv[.gz]")
    copies.sort(key=lambda path: path.name)
    write_one_row(min(copies, key=lambda path: path.stat().st_size), folders.one_row)
    return copies


def write_one_row(source: Path, folder: Path) -> None:
    """Write the header and the first row of a street file to a landing folder."""
    target = folder / source.name.removesuffix(".gz")
    reader = gzip.open if source.suffix == ".gz" else open
    with reader(source, "rt", encoding="utf-8") as opened:
        target.write_text(opened.readline() + opened.readline(), encoding="utf-8")
    shutil.copystat(source, target)


def measure_all(folders: Folders, files: list[Path], repeat: int) -> Results:
    """Measure every case `repeat` times, and compare each time.

    Raises BenchmarkError when a command fails or the tables differ.
    """
    results = Results()
    newest = files[-1]
    held_back = folders.root / newest.name
    prepared = folders.data("before-month")

    say(f"Loading all but {newest.name}, to add it later")
    newest.rename(held_back)
    run_pipeline(folders, folders.landing, folders.data("month"))
    folders.data("month").rename(prepared)
    held_back.rename(newest)

    for repetition in range(1, repeat + 1):
        say(f"Repetition {repetition} of {repeat}")
        for name in ("full", "one-row", "month"):
            shutil.rmtree(folders.data(name), ignore_errors=True)
        full, month = folders.data("full"), folders.data("month")
        results.add(START_UP, run_pipeline(folders, folders.one_row, folders.data("one-row")))
        results.add(FULL, run_pipeline(folders, folders.landing, full))
        results.add(BARE_LOAD, run_bare(folders))
        results.equal_rows = compare_apart(full, folders.bare)
        results.add(NOTHING, run_pipeline(folders, folders.landing, full, expected="nothing to do"))
        shutil.copytree(prepared, month, symlinks=True)
        results.add(MONTH, run_pipeline(folders, folders.landing, month))
        compare_apart(month, folders.bare)
    return results


def run_pipeline(folders: Folders, landing: Path, data: Path, expected: str = "done") -> Measurement:
    """Run the pipeline as a user would, with default settings and a data folder of its own.

    Raises BenchmarkError when it did not do what is expected.
    """
    command = [str(SAFERCITY), "run", "--landing", str(landing), "--json"]
    measurement = run(command, folders.working, {"SAFERCITY_DATA": str(data)})
    if measurement.state != expected:
        raise BenchmarkError(
            f"the pipeline says {measurement.state!r} where {expected!r} was expected; if its code or a contract was"
            " edited while this ran, run it again"
        )
    return measurement


def run_bare(folders: Folders) -> Measurement:
    """Run the bare script."""
    command = [sys.executable, str(BARE), "--landing", str(folders.landing), "--out", str(folders.bare), "--json"]
    return run(command, folders.working, {})


def compare_apart(data: Path, bare: Path) -> dict[str, int]:
    """`compare` in a process of its own.

    On Linux a new process's peak memory begins with the peak of the one that started it: this one must stay small.
    """
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(compare, data, bare).result()


def compare(data: Path, bare: Path) -> dict[str, int]:
    """Rows per table, when every table of the bare script equals the pipeline's as a bag of rows.

    Equal numbers of rows, and nothing left of one side after EXCEPT ALL the other, mean that nothing is left the other
    way round either. Raises BenchmarkError naming the tables that differ, with the rows on each side only.
    """
    rows, wrong = {}, []
    with duckdb.connect() as connection:
        connection.execute("set enable_progress_bar = false")
        for name, path in {
            "pipeline": data / "published" / "safer_city.duckdb",
            "pipeline_warehouse": data / "warehouse" / "warehouse.duckdb",
            "bare": bare / "safer_city.duckdb",
            "bare_warehouse": bare / "warehouse.duckdb",
        }.items():
            connection.execute(f"attach '{path}' as {name} (read_only)")
        marts = connection.execute("select table_name from duckdb_tables() where database_name = 'bare' order by all")
        pairs = {table: (f"pipeline.marts.{table}", f"bare.marts.{table}") for (table,) in marts.fetchall()}
        pairs["states"] = ("pipeline_warehouse.intermediate.int_street_crimes__states", "bare_warehouse.states")
        for table, (ours, theirs) in pairs.items():
            our_types, their_types = column_types(connection, ours), column_types(connection, theirs)
            # The pipeline's states also name the delivery, which only the ledger knows.
            shared = their_types if table == "states" else our_types | their_types
            unlike = sorted(column for column in shared if our_types.get(column) != their_types.get(column))
            if unlike:
                wrong.append(f"{table} has other columns or types of them: {', '.join(unlike)}")
                continue
            counts = [connection.execute(f"select count(*) from {side}").fetchall()[0][0] for side in (ours, theirs)]
            only_ours = only_rows(connection, ours, theirs, list(shared))
            if only_ours or counts[0] != counts[1]:
                only_theirs = only_rows(connection, theirs, ours, list(shared))
                wrong.append(
                    f"{table} has {only_ours} rows in the pipeline only, {only_theirs} in the bare script only"
                )
            rows[table] = counts[0]
    if wrong:
        raise BenchmarkError("the pipeline and the bare script do not agree:\n" + "\n".join(wrong))
    return rows


def column_types(connection: duckdb.DuckDBPyConnection, table: str) -> dict[str, str]:
    """Type of each column of a table."""
    return {row[0]: row[1] for row in connection.execute(f"describe {table}").fetchall()}


def only_rows(connection: duckdb.DuckDBPyConnection, these: str, those: str, columns: list[str]) -> int:
    """How many rows of one table the other does not have, counting copies."""
    listed = ", ".join(f'"{column}"' for column in columns)
    query = f"select count(*) from (select {listed} from {these} except all select {listed} from {those})"
    return connection.execute(query).fetchall()[0][0]


def describe(landing: Path, files: list[Path], results: Results) -> str:
    """What was loaded, in words."""
    size = sum(path.stat().st_size for path in files) / 1024**2
    folders = ", ".join(sorted(path.name for path in landing.iterdir()))
    states = results.equal_rows["states"]
    return f"{len(files)} street files ({folders}), {size:.0f} MB as they lie, {states:,} states"


def show(landing: str, results: Results) -> None:
    """Print the tables that README.md shows."""
    repeats = len(results.measurements[FULL])
    print(f"\n{landing}")
    print(", ".join(f"{name} {value}" for name, value in machine().items()))
    print(f"Median of {repeats} (lowest to highest)\n")
    print(f"{'':26}{'wall, s':>22}{'CPU, s':>22}{'largest process, MB':>24}{'together, MB':>24}")
    for case, measurements in results.measurements.items():
        cells = (
            spread([m.wall for m in measurements], 1),
            spread([m.cpu for m in measurements], 1),
            spread([m.largest for m in measurements], 0),
            spread([m.together for m in measurements if m.together is not None], 0),
        )
        print(f"{case:26}{cells[0]:>22}{cells[1]:>22}{cells[2]:>24}{cells[3]:>24}")
    print("\nSeconds per stage, medians; what is left of the wall time is starting Python, Prefect and its server")
    for case, measurements in results.measurements.items():
        if stages := measurements[0].stages:
            medians = {stage: median(m.stages.get(stage, 0.0) for m in measurements) for stage in stages}
            print(f"{case:26}" + ", ".join(f"{stage} {seconds:.1f}" for stage, seconds in medians.items()))
    wall, cpu = results.ratio(lambda m: m.wall), results.ratio(lambda m: m.cpu)
    peak = results.median(FULL, lambda m: m.together or m.largest)
    print(f"\nEqual in every repetition: {', '.join(f'{t} ({n:,})' for t, n in results.equal_rows.items())}")
    print(f"(full load − one row) ÷ bare script: {wall:.1f} of wall time, {cpu:.1f} of CPU time")
    print(f"Aim: at most {AIM_RATIO:g} of wall time: {verdict(wall <= AIM_RATIO)};", end=" ")
    print(f"under {AIM_MB / 1024:g} GB of memory: {verdict(peak < AIM_MB)} ({peak:,.0f} MB)")


def write_json(path: Path, landing: str, results: Results) -> None:
    """Write everything measured."""
    everything = {
        "landing": landing,
        "machine": machine(),
        "cases": {case: [asdict(m) for m in measured] for case, measured in results.measurements.items()},
        "equal_rows": results.equal_rows,
        "ratio": {"wall": results.ratio(lambda m: m.wall), "cpu": results.ratio(lambda m: m.cpu)},
    }
    path.write_text(json.dumps(everything, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
