"""What a scheduled look at the landing folder costs where nothing is new, inside a running `safercity serve`."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from contenders import safercity
from measure import BenchmarkError, clean_environment

STARTS_WITHIN = 120
ENDS_WITHIN = 120


@dataclass(frozen=True)
class Check:
    """Seconds of one look: from when a run was asked for, and of these those in the flow itself."""

    asked_to_end: float
    picked_up_to_end: float
    flow: float


def checks(landing: Path, data: Path, variables: dict[str, str], working: Path, repeat: int) -> list[Check]:
    """Start `safercity serve` on a loaded data folder, and have it look at the landing folder `repeat` times.

    Raises BenchmarkError when the server does not start, or a look ends otherwise than completed.
    """
    port = free_port()
    api = f"http://127.0.0.1:{port}/api"
    environment = clean_environment() | variables | {"SAFERCITY_DATA": str(data), "SAFERCITY_LANDING": str(landing)}
    command = safercity("serve", "--port", str(port))
    with subprocess.Popen(
        command, cwd=working, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as server:
        try:
            deployment = wait_for_deployment(api, server)
            return [look(api, deployment) for _ in range(repeat)]
        finally:
            server.send_signal(signal.SIGTERM)


def wait_for_deployment(api: str, server: subprocess.Popen[bytes]) -> str:
    """The id of the deployment that looks at the landing folder, once the server knows it."""
    until = time.monotonic() + STARTS_WITHIN
    while time.monotonic() < until and server.poll() is None:
        try:
            found = ask(api, "deployments/filter", {"flows": {"name": {"any_": ["ingest what is new"]}}})
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            found = []
        if found:
            time.sleep(5)  # what starts the runs has told the server of them, and now begins to ask for some
            return found[0]["id"]
        time.sleep(0.5)
    raise BenchmarkError("safercity serve did not come up; start it by hand to see why")


def look(api: str, deployment: str) -> Check:
    """Ask for one look, and wait until it has ended."""
    run = ask(api, f"deployments/{deployment}/create_flow_run", {"state": {"type": "SCHEDULED"}})["id"]
    until = time.monotonic() + ENDS_WITHIN
    while time.monotonic() < until:
        time.sleep(0.5)
        states = ask(api, f"flow_run_states/?flow_run_id={run}")
        at = {state["type"]: datetime.fromisoformat(state["timestamp"]) for state in states}
        if "COMPLETED" in at:
            end, running = at["COMPLETED"], at["RUNNING"]
            return Check(
                asked_to_end=(end - at["SCHEDULED"]).total_seconds(),
                picked_up_to_end=(end - at.get("PENDING", running)).total_seconds(),
                flow=(end - running).total_seconds(),
            )
        if at.keys() & {"FAILED", "CRASHED", "CANCELLED"}:
            raise BenchmarkError(f"a scheduled check ended as {', '.join(at)}; see Prefect's pages for why")
    raise BenchmarkError(f"a scheduled check had not ended after {ENDS_WITHIN} seconds")


def ask(api: str, path: str, body: dict[str, Any] | None = None) -> Any:
    """What Prefect's server answers."""
    request = urllib.request.Request(
        f"{api}/{path}",
        data=None if body is None else json.dumps(body).encode(),
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.load(answer)


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return listening.getsockname()[1]
