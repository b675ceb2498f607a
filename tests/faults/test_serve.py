"""`safercity serve`: what lands is published, what dies comes back or is seen to have died, and nothing is left."""

import json
import os
import signal
import sqlite3
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeVar

import pytest

from tests.faults.commands import refused, start
from tests.faults.sandbox import Sandbox
from tests.faults.street import rows, street
from tests.faults.test_killed_command import children_of, command_of

pytestmark = [
    pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="this system has no /proc to find children in"),
]

Found = TypeVar("Found")
ON_ARRIVAL = "soon after something lands"


@dataclass
class Served:
    """A `safercity serve` whose server answers at `address`."""

    process: subprocess.Popen[str]
    address: str

    def ask(self, path: str, content: dict[str, Any] | None = None) -> Any:
        """What Prefect's API answers; with content to a POST. It is asked again while its database is busy."""
        request = urllib.request.Request(
            f"{self.address}/api/{path}",
            data=None if content is None else json.dumps(content).encode(),
            headers={"Content-Type": "application/json"},
        )

        def answered() -> tuple[Any] | None:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return (json.load(answer),)

        return until(answered, seconds=60)[0]

    def begin(self, name: str) -> str:
        """Start a run of a deployment, as its button in the pages does; its id."""
        [deployment] = until(lambda: [item for item in self.ask("deployments/filter", {}) if item["name"] == name])
        return self.ask(f"deployments/{deployment['id']}/create_flow_run", {})["id"]

    def state(self, run: str) -> tuple[str, str]:
        """The state of a run and its message."""
        state = self.ask(f"flow_runs/{run}")["state"]
        return state["type"], state["message"]

    def ended(self, run: str) -> tuple[str, str]:
        """The state that a run ends in."""
        until(lambda: self.state(run)[0] in ("COMPLETED", "FAILED", "CRASHED", "CANCELLED"))
        return self.state(run)

    def reads(self, run: str, sandbox: Sandbox) -> None:
        """Wait until a run has begun to read what has landed."""
        begun = ("SCHEDULED", "PENDING", "RUNNING")
        with suppress(AssertionError):
            until(lambda: sandbox.paths.scratch.exists() or self.state(run)[0] not in begun, seconds=100)
        assert sandbox.paths.scratch.exists(), self.state(run)

    def child(self, program: str) -> int:
        """The process of it that runs a program."""
        return until(lambda: next((pid for pid in descendants(self.process.pid) if program in command_of(pid)), None))

    def process_of(self, run: str) -> int:
        """The process of a run that has begun."""
        labels = until(lambda: "safercity.process" in (found := self.ask(f"flow_runs/{run}")["labels"]) and found)
        return int(labels["safercity.process"].split()[1])


@contextmanager
def serving(sandbox: Sandbox, notes: Path | None = None) -> Iterator[Served]:
    """A `safercity serve`; whatever of it is left at the end is killed."""
    process = start(sandbox, "serve", "--port", "0", notes=notes)
    assert process.stdout is not None
    known: set[int] = set()
    try:
        told = process.stdout.readline()
        assert "http://127.0.0.1:" in told, process.stderr and process.stderr.read()
        yield Served(process, told.split(": ")[1].strip())
    finally:
        known |= set(descendants(process.pid))
        process.kill()
        for pid in known:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        for pipe in (process.stdout, process.stderr):
            assert pipe is not None
            pipe.close()


def until(found: Callable[[], Found | Literal[False] | None], seconds: float = 200) -> Found:
    """What is found at last."""
    end = time.monotonic() + seconds
    while True:
        with suppress(OSError):
            if result := found():
                return result
        assert time.monotonic() < end, "it never came"
        time.sleep(0.3)


def descendants(pid: int) -> list[int]:
    """All that a process has started, and what that has."""
    with suppress(OSError):
        return [one for child in children_of(pid) for one in (child, *descendants(child))]
    return []


def alive(pids: list[int]) -> list[int]:
    """Those that have not ended."""
    return [pid for pid in pids if command_of(pid)]


def test_what_lands_is_published_and_nothing_is_left(sandbox: Sandbox, tmp_path: Path) -> None:
    sandbox.landing.mkdir()
    notes = tmp_path / "notes"
    with serving(sandbox, notes) as served:
        with urllib.request.urlopen(served.address, timeout=60) as page:
            assert b"<html" in page.read()
        sandbox.deliver(street("2019-01", rows("2019-01", 3)))
        state, message = served.ended(served.begin(ON_ARRIVAL))
        assert state == "COMPLETED", message
        assert message.startswith("Published 20")
        assert message.endswith("1 files read, 0 rejected")
        assert sandbox.marts("select count(*) from marts.deliveries") == [(1,)]

        started = [served.process.pid, *descendants(served.process.pid)]
        assert len(started) >= 3
        served.process.send_signal(signal.SIGTERM)
        assert served.process.wait(60) == 0
        assert alive(started) == []
    assert refused(notes) == ""


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_what_dies_comes_back(sandbox: Sandbox) -> None:
    sandbox.deliver(street("2019-01", rows("2019-01", 3)))
    with serving(sandbox) as served:
        run = served.begin(ON_ARRIVAL)
        until(sandbox.paths.warehouse.exists)
        # The server under a run: it goes on, and so does the address.
        os.kill(served.child("prefect_server"), signal.SIGKILL)
        state, message = served.ended(run)
        assert (state, message[:10]) == ("COMPLETED", "Published ")
        assert served.ended(served.begin("every hour")) == ("COMPLETED", "0 messages sent, 0 dead runs found")

        # A run: it is shown as crashed, and the next one does its work.
        sandbox.deliver(street("2019-02", rows("2019-02", 3)))
        run = served.begin(ON_ARRIVAL)
        served.reads(run, sandbox)
        os.kill(served.process_of(run), signal.SIGKILL)
        assert served.ended(run)[0] == "CRASHED"
        until(lambda: served.ended(served.begin(ON_ARRIVAL))[1].startswith("Published "))
        assert sandbox.warehouse("select state from ledger.runs order by started_at") == [
            ("done",),
            ("killed",),
            ("done",),
        ]
        assert sandbox.marts("select count(*) from marts.deliveries") == [(2,)]


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_killed_and_started_again(sandbox: Sandbox) -> None:
    sandbox.deliver(street("2019-01", rows("2019-01", 3)))
    with serving(sandbox) as served:
        run = served.begin(ON_ARRIVAL)
        served.reads(run, sandbox)
        started = descendants(served.process.pid)
        os.kill(served.process_of(run), signal.SIGKILL)
        served.process.kill()
        served.process.wait(10)
        with suppress(AssertionError):
            until(lambda: not alive(started), seconds=75)
        assert [command_of(pid) for pid in alive(started)] == []
    missed = make_late(sandbox.paths.prefect / "prefect.db")
    assert missed > 5
    with serving(sandbox) as served:
        until(lambda: served.state(run)[0] == "CRASHED")
        caught_up = until(lambda: served.ask("flow_runs/filter", {"flow_runs": {"tags": {"all_": ["caught up"]}}}))
        assert len(caught_up) == 1
        state, message = served.ended(caught_up[0]["id"])
        assert state == "COMPLETED", message
        assert sandbox.marts("select count(*) from marts.deliveries") == [(1,)]
        late = served.ask("flow_runs/filter", {"flow_runs": {"state": {"name": {"any_": ["Late"]}}}})
        assert late == []
        assert sandbox.warehouse("select state from ledger.runs where state = 'killed'") == [("killed",)]


def make_late(database: Path) -> int:
    """As after two hours without power: all that is there happened, or was due, two hours before; how much was due."""
    with closing(sqlite3.connect(database)) as connection, connection:
        for column in ("expected_start_time", "next_scheduled_start_time"):
            connection.execute(f"update flow_run set {column} = datetime({column}, '-2 hours') || '.000000'")
        [count] = connection.execute(
            "select count(*) from flow_run where state_type = 'SCHEDULED' and expected_start_time < datetime('now')"
        ).fetchone()
    return count
