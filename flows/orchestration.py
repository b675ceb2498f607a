"""How a run gets its Prefect: its state below the data folder, quiet, and a server for as long as the run lasts.

Prefect would start such a server itself, but only when the flow begins, and one that does everything a lasting server
does. This one starts while the run imports what it needs, and ends with it.
"""

from __future__ import annotations

import atexit
import gc
import http.client
import importlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from flows.errors import SaferCityError, UsageError
from flows.settings import Settings
from flows.warehouse import WarehouseBusyError

if TYPE_CHECKING:
    from prefect.client.schemas.objects import FlowRun

SERVER = Path(__file__).with_name("prefect_server.py")
PATIENCE_SECONDS = 120
WAREHOUSE_LIMIT = "safer-city-warehouse"
PROCESS = "safercity.process"
"""The label of a flow run that says which process runs it."""

RUNNER = "SAFERCITY_RUNNER"
"""Holds the process that starts the runs of `safercity serve`, in their environment."""

LEAN = {
    # Nobody could open the pages of a server that ends with the run.
    "PREFECT_SERVER_UI_ENABLED": "false",
    # Block types are made known by a server that has pages to show them on.
    "PREFECT_SERVER_REGISTER_BLOCKS_ON_START": "false",
    "PREFECT_SERVER_MEMOIZE_BLOCK_AUTO_REGISTRATION": "false",
    # What Prefect sets for a server that it starts itself, for a run without one.
    "PREFECT__SERVER_EPHEMERAL": "1",
    "PREFECT__SERVER_FINAL": "1",
}
"""What a server of one run can do without."""


class RunServer:
    """A Prefect server on a free port of this machine that ends when this process does, however it ends."""

    def __init__(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as listening:
            self._port = listening.getsockname()[1]
            self._process = subprocess.Popen(
                # -P: what lies beside a script shall not be taken for a library.
                [sys.executable, "-P", str(SERVER), str(listening.fileno())],
                env={**LEAN, **os.environ},
                stdin=subprocess.PIPE,
                pass_fds=[listening.fileno()],
                # Ctrl-C is for the run, which still has to write how it ended.
                start_new_session=True,
            )
        # Registered before Prefect's own, and so called after them: what they still send arrives.
        atexit.register(self.end)

    def use(self) -> None:
        """Have the flows of this process use the server, as soon as it answers.

        Raises SaferCityError when it does not.
        """
        from prefect.context import refresh_global_settings_context

        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=PATIENCE_SECONDS)
        try:
            connection.request("GET", "/api/health")
            answer = connection.getresponse().status
        except (OSError, http.client.HTTPException) as error:
            answer = type(error).__name__
        finally:
            connection.close()
        if answer != http.HTTPStatus.OK:
            raise SaferCityError(
                f"Prefect's server for this run did not start ({answer}); run again with"
                " PREFECT_SERVER_LOGGING_LEVEL=INFO to see why"
            )
        os.environ["PREFECT_API_URL"] = f"http://127.0.0.1:{self._port}/api"
        refresh_global_settings_context()

    def end(self) -> None:
        """End the server, if it has not ended."""
        assert self._process.stdin is not None
        with suppress(BrokenPipeError):
            self._process.stdin.close()
        try:
            self._process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


_prepared = threading.Event()


def is_prepared() -> bool:
    """Whether this process runs flows with a Prefect that was prepared here."""
    return _prepared.is_set()


def prepare_prefect(settings: Settings) -> None:
    """Set Prefect's environment where it is not set already. Must run before Prefect is imported.

    Garbage is not collected from here on until `import_meanwhile` is through.
    """
    _prepared.set()
    gc.disable()
    settings.paths.prefect.mkdir(parents=True, exist_ok=True)
    os.environ.setdefault("PREFECT_HOME", str(settings.paths.prefect))
    os.environ.setdefault("PREFECT_LOGGING_LEVEL", "CRITICAL")
    os.environ.setdefault("PREFECT_SERVER_LOGGING_LEVEL", "CRITICAL")


def start_server() -> RunServer | None:
    """A server for this run, unless the environment names one."""
    return None if "PREFECT_API_URL" in os.environ else RunServer()


def use_server(server: RunServer | None) -> None:
    """Use the server of this run, unless Prefect's own settings name one."""
    from prefect.settings import PREFECT_API_URL

    if server and PREFECT_API_URL.value():
        server.end()
    elif server:
        server.use()


def server_is_missing(error: RuntimeError) -> bool:
    """Whether a flow could not begin because no server answers at the address in PREFECT_API_URL."""
    return "PREFECT_API_URL" in os.environ and "Failed to reach API" in str(error)


def import_meanwhile(*modules: str) -> None:
    """Import modules in the background, while the process waits for Prefect's server to start.

    Whoever needs one of them before it is ready waits for it as for any import. What has been imported until then
    stays: to look through all of it for garbage, again and again, would take more than a second.
    """

    def import_all() -> None:
        try:
            for module in modules:
                importlib.import_module(module)
        finally:
            gc.freeze()
            gc.enable()

    threading.Thread(target=import_all, name="imports", daemon=True).start()


@contextmanager
def turn_at_the_warehouse(wait_minutes: float) -> Iterator[None]:
    """Hold Prefect's one slot for writing the warehouse, where a deployment began this flow.

    It keeps runs on different machines apart; those on one are by the lock of the warehouse itself, which holds for
    every command. The slot of a process that died is free again within two minutes.

    Raises WarehouseBusyError when another run holds it that long, UsageError where there is no such limit.
    """
    from prefect.runtime import deployment

    if not deployment.id:
        yield
        return
    from prefect.concurrency.asyncio import ConcurrencySlotAcquisitionError
    from prefect.concurrency.sync import concurrency

    with ExitStack() as held:
        try:
            held.enter_context(
                concurrency(
                    WAREHOUSE_LIMIT,
                    timeout_seconds=max(1.0, 60 * wait_minutes),
                    lease_duration=60,
                    strict=True,
                    raise_on_lease_renewal_failure=False,
                )
            )
        except TimeoutError:
            raise WarehouseBusyError(
                f"another run holds Prefect's concurrency limit {WAREHOUSE_LIMIT}, and still does after"
                f" {wait_minutes:g} minutes; try again later"
            ) from None
        except ConcurrencySlotAcquisitionError:
            raise UsageError(
                f"Prefect gives no slot of the concurrency limit {WAREHOUSE_LIMIT}; where there is none, make it:"
                f" prefect gcl create {WAREHOUSE_LIMIT} --limit 1"
            ) from None
        yield


def begin(flow: object, flow_run: FlowRun, state: object) -> None:
    """Note which process runs a flow; as a run of `safercity serve`, end with what started it, however that ends."""
    from prefect.client.orchestration import get_client

    with get_client(sync_client=True) as client:
        client.update_flow_run_labels(flow_run.id, {PROCESS: _process(os.getpid())})
    if not (runner := os.environ.get(RUNNER)):
        return

    def end_when_alone() -> None:
        while os.getppid() == int(runner):
            time.sleep(1)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=end_when_alone, name="end with runner", daemon=True).start()


def crash_runs_without_process() -> int:
    """Have Prefect show as crashed what it takes for running and whose process on this machine is gone; how many."""
    from prefect.client.orchestration import get_client
    from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterState, FlowRunFilterStateType
    from prefect.client.schemas.objects import StateType
    from prefect.states import Crashed

    running = FlowRunFilter(state=FlowRunFilterState(type=FlowRunFilterStateType(any_=[StateType.RUNNING])))
    crashed = 0
    with get_client(sync_client=True) as client:
        for run in client.read_flow_runs(flow_run_filter=running):
            process = str(run.labels.get(PROCESS, ""))
            host, pid, _ = [*process.rsplit(" ", 2), "", ""][:3]
            if host == socket.gethostname() and _process(int(pid)) != process:
                client.set_flow_run_state(run.id, Crashed(message="Its process ended without a word"), force=True)
                crashed += 1
    return crashed


def _process(pid: int) -> str:
    """A process by its machine, its number and when it began, in ticks since the machine did; numbers come again."""
    try:
        began = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[19]
    except OSError:
        began = "?"
    return f"{socket.gethostname()} {pid} {began}"


def leave(exit_code: int) -> NoReturn:
    """End the process as `sys.exit` does, but for freeing its memory object by object, which takes a second."""
    # What the interpreter does first when it ends, in its order. DuckDB is not told, and has nothing open.
    threading._shutdown()  # noqa: SLF001  # pyright: ignore[reportAttributeAccessIssue]
    atexit._run_exitfuncs()  # noqa: SLF001
    with suppress(BrokenPipeError):
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(exit_code)
