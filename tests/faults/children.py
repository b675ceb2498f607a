"""The pipeline in a process of its own, which can be killed at a named moment or at a random one.

The children are forked from a process that has imported everything and opened nothing, so that each starts at once.
"""

import gc
import json
import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from functools import wraps
from importlib import import_module
from multiprocessing import forkserver, resource_tracker
from multiprocessing.context import ForkServerContext, ForkServerProcess
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Event
from pathlib import Path
from traceback import walk_stack
from typing import Any
from unittest.mock import patch

import duckdb

from flows import clock
from flows.runs import Run
from flows.settings import PROJECT_DIR
from tests.faults.sandbox import Sandbox
from tests.lean_dbt import audited, lean_dbt

PATIENCE_SECONDS = 240
FLOWS = PROJECT_DIR / "flows"


STAGES = {
    "look_at_landing": "extract",
    "extract_source": "extract",
    "validate_source": "validate",
    "load_source": "load",
    "build_marts": "transform",
    "publish_release": "publish",
    "tell_people": "notify",
}
"""Tasks of the flow → the stage that they are."""


@dataclass(frozen=True)
class Moment:
    """Just before, or after, the n-th call of a function or method of a module.

    With `argument` only those calls count whose first argument, as text, ends so.
    """

    module: str
    function: str
    after: bool = False
    call: int = 1
    argument: str = ""


@dataclass(frozen=True)
class Instant:
    """So long after a stage has begun, wherever the pipeline then is: in the middle of a statement, as a rule."""

    stage: str
    seconds: float


@dataclass(frozen=True)
class Fell:
    """Where a process was when it was killed: stage ('' between stages), and the innermost functions of the flow."""

    stage: str
    where: str


def children() -> ForkServerContext:
    """Where children come from. Their environment is that of the first who asks, but for the time of a drill."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["flows.pipeline", "great_expectations", "dbt.cli.main", "dbt.adapters.duckdb"])
    with patch.dict(os.environ):
        os.environ.pop(clock.VARIABLE, None)
        # A killed child leaves semaphores behind, which this process removes at the end; it need not tell of it.
        with patch.dict(os.environ, {"PYTHONWARNINGS": "ignore:resource_tracker"}):
            resource_tracker.ensure_running()
        forkserver.ensure_running()
    return context


def start_run(sandbox: Sandbox, dies: Moment | Instant | None = None, **given: Any) -> ForkServerProcess:
    """Begin a run in a child. It ends with exit code 0 when the run succeeds, and 1 when it raises."""
    child = children().Process(target=_run, args=(sandbox, dies, given))
    child.start()
    return child


def run(sandbox: Sandbox, dies: Moment | Instant | None = None, **given: Any) -> int | None:
    """Run in a child to its end; the exit code is negative when a signal ended it."""
    child = start_run(sandbox, dies, **given)
    child.join(PATIENCE_SECONDS)
    if child.is_alive():
        child.kill()
        child.join()
        raise AssertionError(f"the run did not end within {PATIENCE_SECONDS} seconds")
    return child.exitcode


@dataclass(frozen=True)
class Reader:
    """A process that reads a published file over and over until it is told to stop."""

    process: ForkServerProcess
    stop: Event
    found: "Queue[list[str]]"

    def stopped(self) -> list[str]:
        """Have it stop; the releases it saw, in order, or what went wrong."""
        self.stop.set()
        found = self.found.get(timeout=PATIENCE_SECONDS)
        self.process.join(PATIENCE_SECONDS)
        return found


def start_reader(read: Callable[[Path, Event], list[str]], file: Path) -> Reader:
    """Begin to read."""
    context = children()
    stop, found = context.Event(), context.Queue()
    process = context.Process(target=_read, args=(read, file, stop, found), daemon=True)
    process.start()
    return Reader(process, stop, found)


def with_new_connections(file: Path, stop: Event) -> list[str]:
    """Open the file anew each time; the releases seen. Raises when a release does not hold the rows it says."""
    seen: list[str] = []
    while not stop.is_set():
        with duckdb.connect(str(file), read_only=True) as connection:
            release_id, _ = holds_what_it_says(connection)
        if seen[-1:] != [release_id]:
            seen.append(release_id)
        time.sleep(0.05)
    return seen


def with_one_connection(file: Path, stop: Event) -> list[str]:
    """Keep the file open from beginning to end; the releases seen. Raises when it changes under the connection."""
    seen: list[str] = []
    with duckdb.connect(str(file), read_only=True) as connection:
        first = holds_what_it_says(connection)
        while not stop.is_set():
            assert holds_what_it_says(connection) == first
            seen = [first[0]]
            time.sleep(0.05)
    return seen


def holds_what_it_says(connection: duckdb.DuckDBPyConnection) -> tuple[str, dict[str, int]]:
    """The release's id and the rows of its tables, counted."""
    [(release_id, said)] = connection.execute(
        "select release_id, rows_per_table from marts.releases order by published_at desc, release_id desc limit 1"
    ).fetchall()
    tables = connection.execute("select table_name from duckdb_tables() where schema_name = 'marts'").fetchall()
    held = {name: connection.execute(f"select count(*) from marts.{name}").fetchall()[0][0] for (name,) in tables}
    assert held == said, f"release {release_id} says {said} and holds {held}"
    return release_id, held


def _read(read: Callable[[Path, Event], list[str]], file: Path, stop: Event, found: "Queue[list[str]]") -> None:
    try:
        found.put(read(file, stop))
    except (duckdb.Error, AssertionError, OSError, ValueError) as error:
        found.put([f"{type(error).__name__}: {error}"])


def fell(sandbox: Sandbox) -> Fell:
    """Where the last process that was killed here was."""
    return Fell(**json.loads(_note_of(sandbox).read_text(encoding="utf-8")))


def _run(sandbox: Sandbox, dies: Moment | Instant | None, given: dict[str, Any]) -> None:
    gc.set_threshold(50_000, 20, 100)  # as tests/conftest.py does
    with ExitStack() as stack:
        stack.enter_context(lean_dbt())
        if dies:
            stack.enter_context(audited())
        if isinstance(dies, Moment):
            *owner, name = dies.function.split(".")
            of = import_module(dies.module)
            for part in owner:
                of = getattr(of, part)
            stack.enter_context(patch.object(of, name, _killing(dies, getattr(of, name), sandbox)))
        elif dies:
            stack.enter_context(patch.object(Run, "timed", _killing_soon(dies, Run.timed, sandbox)))
        sandbox.run(**given)


def _killing(dies: Moment, function: Callable[..., Any], sandbox: Sandbox) -> Callable[..., Any]:
    calls = 0

    @wraps(function)
    def killing(*args: Any, **kwargs: Any) -> Any:
        nonlocal calls
        counts = not dies.argument or str(args[0]).endswith(dies.argument)
        calls += counts
        is_now = counts and calls == dies.call
        if is_now and not dies.after:
            _kill(sandbox, f"before {dies.function}")
        result = function(*args, **kwargs)
        if is_now and dies.after:
            _kill(sandbox, f"after {dies.function}")
        return result

    return killing


def _killing_soon(dies: Instant, timed: Callable[..., Any], sandbox: Sandbox) -> Callable[..., Any]:
    @wraps(timed)
    def killing_soon(run: Run, stage: str) -> Any:
        if stage == dies.stage:
            timer = threading.Timer(dies.seconds, _kill, (sandbox, f"{dies.seconds:.3f} s after {stage} began"))
            timer.daemon = True
            timer.start()
        return timed(run, stage)

    return killing_soon


def _kill(sandbox: Sandbox, when: str) -> None:
    """Write down where the main thread is, and end the process as a power cut does."""
    frame = sys._current_frames()[threading.main_thread().ident or 0]
    inside = [code for code, _ in walk_stack(frame) if Path(code.f_code.co_filename).is_relative_to(FLOWS)]
    stages = [STAGES[code.f_code.co_name] for code in inside if code.f_code.co_name in STAGES]
    places = [f"{Path(code.f_code.co_filename).stem}.{code.f_code.co_qualname}:{code.f_lineno}" for code in inside[:2]]
    note = Fell(stages[0] if stages else "", f"{when} (in {', from '.join(places)})")
    _note_of(sandbox).write_text(json.dumps(asdict(note)), encoding="utf-8")
    os.kill(os.getpid(), signal.SIGKILL)


def _note_of(sandbox: Sandbox) -> Path:
    return sandbox.folder / "killed.json"
