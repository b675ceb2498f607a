"""A `safercity run` that is ended from outside takes what it has started with it."""

import os
import signal
import time
from pathlib import Path

import pytest

from tests.faults.commands import start
from tests.faults.sandbox import Sandbox
from tests.faults.street import first_batch

pytestmark = [
    pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="this system has no /proc to find children in"),
]


@pytest.mark.parametrize(
    ("number", "begun"),
    [
        pytest.param(signal.SIGKILL, True, id="killed while running"),
        pytest.param(signal.SIGTERM, False, id="ended while starting"),
        pytest.param(signal.SIGKILL, False, id="killed while starting", marks=pytest.mark.slow),
        pytest.param(signal.SIGTERM, True, id="ended while running", marks=pytest.mark.slow),
        pytest.param(signal.SIGINT, False, id="interrupted while starting", marks=pytest.mark.slow),
        pytest.param(signal.SIGINT, True, id="interrupted while running", marks=pytest.mark.slow),
    ],
)
def test_its_server_ends_with_it(number: signal.Signals, begun: bool, sandbox: Sandbox) -> None:
    """Else every killed run leaves a server for good, which holds on to what the command printed to."""
    sandbox.deliver(first_batch())
    process = start(sandbox, "run")
    left: list[int] = []
    try:
        servers = found_servers(process.pid, seconds=120)
        assert servers
        if begun:
            wait_for(sandbox.paths.warehouse, seconds=120)
        process.send_signal(number)
        process.wait(30)
        left = still_there(servers, seconds=15)
        assert left == []
        assert process.stderr is not None
        assert process.returncode in (-number, 128 + number), process.stderr.read()
    finally:
        process.kill()
        for pid in left:
            os.kill(pid, signal.SIGKILL)
        for pipe in (process.stdout, process.stderr):
            assert pipe is not None
            pipe.close()


def found_servers(parent: int, seconds: float) -> list[int]:
    """The servers that a process starts, as soon as there is one."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if servers := [pid for pid in children_of(parent) if "prefect_server" in command_of(pid)]:
            return servers
        time.sleep(0.1)
    return []


def wait_for(file: Path, seconds: float) -> None:
    """Wait until there is such a file."""
    until = time.monotonic() + seconds
    while not file.exists():
        assert time.monotonic() < until
        time.sleep(0.05)


def still_there(processes: list[int], seconds: float) -> list[int]:
    """Those of the processes that have not ended after so long."""
    until = time.monotonic() + seconds
    while processes and time.monotonic() < until:
        time.sleep(0.1)
        processes = [pid for pid in processes if "prefect_server" in command_of(pid)]
    return processes


def children_of(parent: int) -> list[int]:
    """The processes that a process has started."""
    listed = Path(f"/proc/{parent}/task").glob("*/children")
    return [int(pid) for file in listed for pid in file.read_text().split()]


def command_of(pid: int) -> str:
    """The command line of a process, empty when it has ended."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_text(errors="replace")
    except OSError:
        return ""
