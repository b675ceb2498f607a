"""A `safercity serve` of a test's own, asked and told what to do through Prefect's API as its pages do."""

import json
import os
import signal
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeVar

from tests.faults.commands import start
from tests.faults.sandbox import Sandbox
from tests.faults.test_killed_command import children_of, command_of

Found = TypeVar("Found")
OVER = ("COMPLETED", "FAILED", "CRASHED", "CANCELLED")
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

    def ended(self, run: str, seconds: float = 200) -> tuple[str, str]:
        """The state that a run ends in."""
        until(lambda: self.state(run)[0] in OVER, seconds)
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
