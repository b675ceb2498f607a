"""How fast the pipeline is, against what people would use instead: one command, and a page of results.

Each case runs as a process of its own in a fresh folder, several times, the contenders in turn so that a slow minute
hits each of them. What they came to is compared row by row, and no ratio is told where it differs. See README.md.
"""

from __future__ import annotations

import argparse
import json
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb
import landing
import served
import validation
from contenders import (
    BY_ROWS,
    CONTENDERS,
    CRIMES,
    HERE,
    LIMIT,
    OURS,
    STREET,
    Contender,
    in_turn,
    load,
    peer_versions,
    safercity,
)
from equality import compare, weigh
from measure import BenchmarkError, Measurement, apart, clean_environment, machine, run, say
from page import IN_TURN, write_page
from results import Results

PUBLISHED = Path("published") / "safer_city.duckdb"
TEST_KEY = "SAFERCITY_HMAC_KEY"


@dataclass(frozen=True)
class Plan:
    """What was asked for, and where to work."""

    root: Path
    repeat: int
    once_from: float
    scales: list[float]
    peer_scales: list[float]
    contenders: list[Contender]
    street: list[Path]
    memory_limit: str | None
    rows: int
    memory_scale: float

    @property
    def working(self) -> Path:
        """The empty folder that commands run in, so that they find no settings file."""
        return self.root / "working"

    @property
    def variables(self) -> dict[str, str]:
        """Settings of every run of the pipeline."""
        from flows.sample import TEST_HMAC_KEY

        limit = {"SAFERCITY_MEMORY_LIMIT": self.memory_limit} if self.memory_limit else {}
        return {TEST_KEY: TEST_HMAC_KEY, **limit}

    def repetitions(self, scale: float | None = None) -> Iterator[str]:
        """Which repetition of how many, as often as something is measured; something large only once."""
        times = 1 if scale is not None and scale >= self.once_from else self.repeat
        return (f"repetition {number} of {times}" for number in range(1, times + 1))

    def against(self, scale: float | None = None) -> list[Contender]:
        """Who takes part; beyond the scales of the peers only the pipeline and the limit."""
        if scale is None or scale in self.peer_scales:
            return self.contenders
        return [contender for contender in self.contenders if contender.name in {OURS, LIMIT}]

    def of_sample(self, scale: float, what: str) -> Path:
        """A folder of files at one scale."""
        return self.root / "files" / f"{what}-{scale:g}"


def main() -> int:
    """Read the arguments, measure, print. Exit codes: 0 measured, 1 failed or not equal, 2 wrong usage."""
    arguments = read_arguments()
    root = (arguments.work or Path(tempfile.mkdtemp(prefix="safercity-benchmark-"))).absolute()
    peers = peer_versions()
    plan = make_plan(arguments, root, with_peers=bool(peers))
    results = Results(machine=machine() | {"command": shlex.join(sys.argv[1:])}, peers=peers)
    if not peers:
        results.skip("peers: benchmarks/.venv is not there or not whole; benchmarks/README.md says how to make it")
    failed = False
    try:
        plan.working.mkdir(parents=True)
        for case in arguments.cases:
            try:
                CASES[case](plan, results)
            except (BenchmarkError, OSError, duckdb.Error) as error:
                failed = True
                results.skip(f"{case}: {error}")
                say(f"{case}: {error}")
            keep(results, arguments.json, arguments.page)
    finally:
        if not arguments.work:
            shutil.rmtree(root, ignore_errors=True)
    print(write_page(results))
    return 1 if failed or results.differs() else 0


def read_arguments() -> argparse.Namespace:
    """The arguments, checked. Ends with exit code 2 where they make no sense."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument(
        "--cases", type=words, default=DEFAULT_CASES, help=f"of {', '.join(CASES)}; default all but memory"
    )
    parser.add_argument(
        "--against",
        type=words,
        default=[name for name in CONTENDERS if name not in BY_ROWS],
        help=f"of {', '.join(CONTENDERS)}; default all but those by rows",
    )
    parser.add_argument("--repeat", type=int, default=3, help="how often each is measured (default 3)")
    parser.add_argument(
        "--once-from", type=float, default=100, help="the scale from which on each is measured once (default 100)"
    )
    parser.add_argument("--scales", type=numbers, default=[1, 10, 100], help="of the sample (default 1,10,100)")
    parser.add_argument("--peer-scales", type=numbers, default=[1, 10], help="those with all peers (default 1,10)")
    parser.add_argument(
        "--street", type=Path, nargs="+", help="folders of street files; default those of ../shared/real"
    )
    parser.add_argument("--memory-limit", help="of the pipeline's DuckDB, in all cases; default the settings' own")
    parser.add_argument("--rows", type=int, default=500_000, help="of the case in which every row is bad")
    parser.add_argument("--memory-scale", type=float, default=180, help="of the case memory; 180 is 10 million crimes")
    parser.add_argument(
        "--quick", action="store_true", help="the smallest thing of each case, once: to see that it works"
    )
    parser.add_argument("--work", type=Path, help="new folder to work in, which is kept; default a temporary one")
    parser.add_argument("--json", type=Path, help="write everything measured to this file")
    parser.add_argument("--page", type=Path, help="write the page of results to this file")
    arguments = parser.parse_args()
    if unknown := set(arguments.cases) - set(CASES) | set(arguments.against) - set(CONTENDERS):
        parser.error(f"unknown: {', '.join(sorted(unknown))}")
    if arguments.repeat < 1:
        parser.error("--repeat must be at least 1")
    if arguments.work and arguments.work.exists():
        parser.error(f"{arguments.work} exists; name a new folder")
    return arguments


def make_plan(arguments: argparse.Namespace, root: Path, *, with_peers: bool) -> Plan:
    """What to measure."""
    given = arguments.street or [folder for folder in landing.REAL_STREET if folder.is_dir()]
    names = [name for name in CONTENDERS if name in {OURS, *arguments.against}]
    if not with_peers:
        names = [name for name in names if name in {OURS, LIMIT}]
    scales = [0.05] if arguments.quick else arguments.scales
    return Plan(
        root=root,
        repeat=1 if arguments.quick else arguments.repeat,
        once_from=arguments.once_from,
        scales=scales,
        peer_scales=scales if arguments.quick else arguments.peer_scales,
        contenders=[CONTENDERS[name] for name in names],
        street=[folder.absolute() for folder in given],
        memory_limit=arguments.memory_limit,
        rows=2_000 if arguments.quick else arguments.rows,
        memory_scale=0.1 if arguments.quick else arguments.memory_scale,
    )


def words(text: str) -> list[str]:
    """A list parted by commas."""
    return [word.strip() for word in text.split(",")]


def numbers(text: str) -> list[float]:
    """A list of numbers parted by commas."""
    return [float(word) for word in words(text)]


def keep(results: Results, file: Path | None, page: Path | None) -> None:
    """Write what has been measured so far."""
    if file:
        file.write_text(json.dumps(results.as_dict(), indent=2) + "\n", encoding="utf-8")
    if page:
        page.write_text(write_page(results), encoding="utf-8")


def street(plan: Plan, results: Results) -> None:
    """All street files, each contender; then one more month and nothing new on top, for the pipeline."""
    if not plan.street:
        results.skip(f"street: there is no {landing.REAL_STREET[0]}; name a folder of street files with --street")
        return
    files, one_row = plan.root / "files" / "street", plan.root / "files" / "street-one-row"
    copies = landing.copy_street(plan.street, files)
    landing.first_row(min(copies, key=lambda path: path.stat().st_size), one_row)
    results.describe("street", files)
    compete(plan, results, "street", files, one_row, source=STREET)

    say(f"street: loading all but {copies[-1].name}, to add it later")
    before, held_back = plan.root / "data-before-month", plan.root / copies[-1].name
    copies[-1].rename(held_back)
    ours(plan, files, before)
    held_back.rename(copies[-1])
    for _ in range(plan.repeat):
        data = fresh(plan.root / "data-month")
        data.rmdir()
        shutil.copytree(before, data, symlinks=True)
        results.add("street + 1 month", OURS, ours(plan, files, data), data)
        results.add("street, nothing new", OURS, ours(plan, files, data, expected="nothing to do"), data)
    shutil.rmtree(before)


def compete(
    plan: Plan, results: Results, work: str, files: Path, one_row: Path, *, source: str, scale: float | None = None
) -> None:
    """Every contender in turn on the same files and on one row of them; then whether the results are the same."""
    contenders = plan.against(scale)
    for repetition in plan.repetitions(scale):
        say(f"{work}: {repetition}")
        for contender in contenders:
            for name, folder in ((f"{work}, one row", one_row), (work, files)):
                out = fresh(plan.root / f"out-{contender.name.replace(' ', '-')}")
                measured = (
                    ours(plan, folder, out) if contender.name == OURS else theirs(plan, contender, source, folder, out)
                )
                results.add(name, contender.name, measured, out)
        data = plan.root / f"out-{OURS}"
        results.weigh(work, *apart(weigh, data))
        for contender in contenders[1:]:
            out = plan.root / f"out-{contender.name.replace(' ', '-')}"
            results.compared(work, contender.name, *apart(compare, source, contender.name, data, out))


def sample(plan: Plan, results: Results) -> None:
    """All sources of the sample at each scale; on top of each the same new month, and nothing new."""
    newest = write_newest(plan)
    for scale in plan.scales:
        work, files = f"sample × {scale:g}", sample_files(plan, scale)
        for repetition in plan.repetitions(scale):
            say(f"{work}: {repetition}")
            results.describe(work, files)
            data = fresh(plan.root / f"data-sample-{scale:g}")
            results.add(work, OURS, ours(plan, files, data), data)
            results.weigh(work, *apart(weigh, data))
            added = landing.add(newest[1], newest[0], files)
            results.add(f"{work} + 1 month", OURS, ours(plan, files, data), data)
            results.add(f"{work}, nothing new", OURS, ours(plan, files, data, expected="nothing to do"), data)
            for path in added:
                path.unlink()


def write_newest(plan: Plan) -> tuple[Path, list[Path]]:
    """The month that arrives on top of every scale: the files of scale 1 that come after the others.

    As it is the same whatever the scale, what it costs can be told from what lies in the warehouse already.
    """
    scale = min(1.0, *plan.scales)
    after, before = plan.root / "files" / "newest", plan.root / "files" / "before-newest"
    landing.write_sample(after, scale)
    landing.write_sample(before, scale, landing.BEFORE_THE_NEWEST)
    files = landing.new_files(before, after)
    shutil.rmtree(before)
    return after, files


def sample_files(plan: Plan, scale: float) -> Path:
    """The sample at a scale without its newest month, written once."""
    files = plan.of_sample(scale, "sample")
    if not files.exists():
        landing.write_sample(files, scale, landing.BEFORE_THE_NEWEST)
    return files


def crimes(plan: Plan, results: Results) -> None:
    """The crimes of the sample at each scale, each contender."""
    for scale in plan.scales:
        files, one_row = plan.of_sample(scale, "crimes"), plan.of_sample(scale, "crimes-one-row")
        landing.sieve_crimes(sample_files(plan, scale) / "crimes", files)
        landing.first_row(max(files.glob("crimes_*.csv")), one_row)
        work = f"crimes × {scale:g}"
        results.describe(work, files)
        compete(plan, results, work, files, one_row, source=CRIMES, scale=scale)


def nothing(plan: Plan, results: Results) -> None:
    """A scheduled check inside a running server, where nothing is new."""
    scale = min(plan.scales)
    files, data = sample_files(plan, scale), plan.root / f"data-sample-{scale:g}"
    if not (data / PUBLISHED).exists():
        ours(plan, files, fresh(data))
    # What an earlier case added and took away again is not missed: files that are gone are no news.
    results.served = served.checks(files, data, plan.variables, plan.working, repeat=plan.repeat + 1)


def bad(plan: Plan, results: Results) -> None:
    """Every row bad: reading, judging and loading alone, for sound rows, one rule broken, every rule broken."""
    limit = plan.memory_limit or "2GB"
    for content in validation.CONTENTS:
        folder = plan.root / "bad" / content.replace(" ", "-")
        results.bad[content] = validation.measure(content, plan.rows, folder, limit)
        shutil.rmtree(folder)


def queries(plan: Plan, results: Results) -> None:
    """The analysts' questions and every as-of function, on the release of each scale."""
    for scale in plan.scales:
        data = plan.root / f"data-sample-{scale:g}"
        if not (data / PUBLISHED).exists():
            ours(plan, sample_files(plan, scale), fresh(data))
        done = subprocess.run(
            [sys.executable, str(HERE / "queries.py"), str(data / PUBLISHED)],
            env=clean_environment(),
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise BenchmarkError(f"a question of docs/analysts.md could not be asked:\n{done.stderr[-1000:]}")
        release = (data / PUBLISHED).resolve()
        results.queries[f"{scale:g}"] = json.loads(done.stdout) | {"release_mb": release.stat().st_size / 1024**2}


def start_up(plan: Plan, results: Results) -> None:
    """Where the time of a run on one row goes."""
    files = plan.root / "files" / "start-up"
    written = plan.root / "files" / "start-up-sample"
    landing.write_sample(written, 0.01, "2016-05-31")
    landing.first_row(max(written.rglob("*-street.csv")), files)
    for _ in range(plan.repeat):
        data = fresh(plan.root / "data-start-up")
        results.add("start-up", OURS, ours(plan, files, data), data)
        data = fresh(plan.root / "data-start-up")
        variables = plan.variables | {"SAFERCITY_DATA": str(data)}
        results.add(f"start-up{IN_TURN}", OURS, run(in_turn(*load(files)), plan.working, variables), data)


def demo(plan: Plan, results: Results) -> None:
    """What `make run` does on an installed machine: the default sample from nothing to the report, and once more."""
    command = safercity("demo", "--json")
    for _ in range(plan.repeat):
        data = fresh(plan.root / "data-demo")
        variables = {"SAFERCITY_DATA": str(data)}
        results.add("make run, installed", OURS, run(command, plan.working, variables), data)
        results.add("make run, once more", OURS, run(command, plan.working, variables), data)
        data = fresh(plan.root / "data-demo")
        results.add(f"make run{IN_TURN}", OURS, run(in_turn("demo", "--json"), plan.working, variables), data)


def memory(plan: Plan, results: Results) -> None:
    """Ten million crimes with a memory limit of 3 GB, or the one given."""
    files, data = plan.of_sample(plan.memory_scale, "memory"), fresh(plan.root / "data-memory")
    script = "import sys; from pathlib import Path; from flows.sample.crimes import write_crimes;"
    script += " write_crimes(Path(sys.argv[1]), scale=float(sys.argv[2]))"
    subprocess.run(
        [sys.executable, "-c", script, str(files), str(plan.memory_scale)], env=clean_environment(), check=True
    )
    landing.let_rest(files)
    results.describe("memory", files)
    limit = plan.memory_limit or "3GB"
    variables = plan.variables | {"SAFERCITY_DATA": str(data), "SAFERCITY_MEMORY_LIMIT": limit}
    results.add(
        f"crimes × {plan.memory_scale:g} within {limit}",
        OURS,
        run(safercity(*load(files)), plan.working, variables),
        data,
    )


CASES: dict[str, Callable[[Plan, Results], None]] = {
    "street": street,
    "crimes": crimes,
    "sample": sample,
    "nothing": nothing,
    "bad": bad,
    "queries": queries,
    "start-up": start_up,
    "demo": demo,
    "memory": memory,
}
DEFAULT_CASES = [case for case in CASES if case != "memory"]


def ours(plan: Plan, files: Path, data: Path, expected: str = "done") -> Measurement:
    """Run the pipeline as a user would, with default settings and a data folder of its own.

    Raises BenchmarkError when it did not do what is expected.
    """
    measurement = run(safercity(*load(files)), plan.working, plan.variables | {"SAFERCITY_DATA": str(data)})
    if measurement.state != expected:
        raise BenchmarkError(
            f"the pipeline says {measurement.state!r} where {expected!r} was expected; if its code or a contract was"
            " edited while this ran, run it again"
        )
    return measurement


def theirs(plan: Plan, contender: Contender, source: str, files: Path, out: Path) -> Measurement:
    """Run another contender."""
    return run(contender.command(source, files, out), plan.working, {})


def fresh(folder: Path) -> Path:
    """An empty folder."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


if __name__ == "__main__":
    began = time.monotonic()
    code = main()
    say(f"{(time.monotonic() - began) / 60:.1f} minutes")
    sys.exit(code)
