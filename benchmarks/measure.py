"""Measuring a command from outside: wall and CPU time, peak memory of all its processes, what it says of itself."""

from __future__ import annotations

import json
import os
import platform
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from importlib.metadata import version
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from typing import TextIO, TypeVar

VERSIONS = ("safer-city", "duckdb", "dbt-core", "dbt-duckdb", "great-expectations", "prefect")
SAMPLE_SECONDS = 0.1
Result = TypeVar("Result")
PUBLISHED = (0, 3)
"""Exit codes of a run that published: 3 says that a file was rejected."""


class BenchmarkError(Exception):
    """A benchmark that can't be taken, or whose results are not worth having."""


@dataclass(frozen=True)
class Measurement:
    """One run of a command. Times are seconds, memory is MiB of resident set.

    `cpu`: user and system time of the command and of the processes it waited for. `largest`: peak of its largest
    process. `together`: peak of the sum over its processes, sampled, which counts shared pages more than once; None
    where there is no /proc. `stages`: wall time of each stage, as the command says. `state`: what the pipeline says it
    did; None of the bare script.
    """

    wall: float
    cpu: float
    largest: float
    together: float | None
    stages: dict[str, float]
    state: str | None


def run(command: list[str], working: Path, variables: dict[str, str]) -> Measurement:
    """Run a command that prints JSON, and measure it.

    Raises BenchmarkError with the end of what it said when it fails.
    """
    environment = clean_environment() | variables
    os.sync()  # what the command before has written is not to be waited for by this one
    with tempfile.TemporaryFile("w+") as output, tempfile.TemporaryFile("w+") as errors:
        began = time.perf_counter()
        process = subprocess.Popen(
            command, cwd=working, env=environment, stdout=output, stderr=errors, start_new_session=True
        )
        try:
            with MemorySampler(process.pid) as memory:
                _, status, usage = os.wait4(process.pid, 0)
                wall = time.perf_counter() - began
        except BaseException:
            os.killpg(process.pid, signal.SIGKILL)  # whoever stops the benchmark stops what it measures
            raise
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        errors.seek(0)
        if process.returncode not in PUBLISHED:
            raise BenchmarkError(
                f"{' '.join(command)} ended with exit code {process.returncode}:\n{last_words(errors)}"
            )
        try:
            said = json.load(output)
        except json.JSONDecodeError:
            raise BenchmarkError(f"{' '.join(command)} did not print JSON:\n{last_words(errors)}") from None
    return Measurement(
        wall=wall,
        cpu=usage.ru_utime + usage.ru_stime,
        largest=usage.ru_maxrss / (1024 if sys.platform == "linux" else 1024**2),
        together=memory.peak,
        stages=said.get("seconds", {}),
        state=said.get("state"),
    )


def last_words(errors: TextIO) -> str:
    """The end of what a command said on standard error, without what libraries say of their own memory."""
    lines = [line for line in errors.read().splitlines() if "leaked" not in line and "nanobind" not in line]
    return "\n".join(lines)[-1000:]


def apart(function: Callable[..., Result], *arguments: object) -> Result:
    """What a function returns, called in a process of its own.

    On Linux a new process's peak memory begins with the peak of the one that started it: this one must stay small.
    """
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(function, *arguments).result()


def clean_environment() -> dict[str, str]:
    """The environment without what would change how the pipeline runs, and with this checkout's code first."""
    ours = ("SAFERCITY_", "PREFECT_", "DBT_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    return kept | {"PYTHONPATH": str(Path(__file__).resolve().parents[1]), "DO_NOT_TRACK": "1"}


class MemorySampler:
    """Peak of the memory of all processes of a session, looked at several times a second while the block runs."""

    def __init__(self, session: int) -> None:
        self.peak: float | None = None
        self._session = session
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._sample, daemon=True)

    def __enter__(self) -> MemorySampler:
        if Path("/proc/self/stat").exists():
            self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        if self._thread.is_alive():
            self._thread.join()

    def _sample(self) -> None:
        page = os.sysconf("SC_PAGE_SIZE")
        while not self._ended.wait(SAMPLE_SECONDS):
            pages = sum(map(self._pages, Path("/proc").glob("[0-9]*/stat")))
            self.peak = max(self.peak or 0, pages * page / 1024**2)

    def _pages(self, stat: Path) -> int:
        try:
            # The second field is a name in brackets that can hold anything; of those after it the session is the
            # fourth, the number of pages the 22nd.
            fields = stat.read_text(errors="replace").rpartition(")")[2].split()
        except OSError:
            return 0
        return int(fields[21]) if int(fields[3]) == self._session else 0


def machine() -> dict[str, str]:
    """What the numbers depend on: hardware and versions."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    gigabytes = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1024**3
    return {
        "cores": str(cores),
        "memory": f"{gigabytes:.0f} GB",
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        **{package: version(package) for package in VERSIONS},
    }


def spread(values: list[float], digits: int) -> str:
    """Median, and lowest to highest."""
    if not values:
        return "not known"
    return f"{median(values):,.{digits}f} ({min(values):,.{digits}f}–{max(values):,.{digits}f})"


def verdict(met: bool) -> str:
    """Whether an aim is met, in a word or two."""
    return "met" if met else "not met"


def say(line: str) -> None:
    """Tell whoever waits how far it is."""
    print(line, file=sys.stderr, flush=True)
