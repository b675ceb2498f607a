"""How Prefect is set up before it is imported: its state below the data folder, quiet, patient with a slow start."""

from __future__ import annotations

import ctypes
import importlib
import os
import signal
import subprocess
import sys
import threading
from functools import partial
from typing import Any

from flows.settings import Settings


def prepare_prefect(settings: Settings) -> None:
    """Set Prefect's environment where it is not set already. Must run before Prefect is imported."""
    settings.paths.prefect.mkdir(parents=True, exist_ok=True)
    os.environ.setdefault("PREFECT_HOME", str(settings.paths.prefect))
    os.environ.setdefault("PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS", "120")
    os.environ.setdefault("PREFECT_LOGGING_LEVEL", "CRITICAL")
    os.environ.setdefault("PREFECT_SERVER_LOGGING_LEVEL", "CRITICAL")
    if "PREFECT_API_URL" not in os.environ:
        # The server of one run lives as long as the run: nobody could open its pages, and making them takes seconds.
        os.environ.setdefault("PREFECT_SERVER_UI_ENABLED", "false")


def server_dies_with_us() -> None:
    """Have the server of a run end with it, however it ends: a killed process cannot stop what it has started.

    Only Linux can do this; elsewhere a killed run leaves its server behind.
    """
    if sys.platform != "linux":
        return
    from prefect.server.api.server import SubprocessASGIServer

    libc = ctypes.CDLL(None)
    # Prefect offers no way to say how its server is started.
    start = SubprocessASGIServer._run_uvicorn_command  # noqa: SLF001

    def start_bound(self: SubprocessASGIServer) -> subprocess.Popen[Any]:
        popen = subprocess.Popen
        try:
            subprocess.Popen = partial(popen, preexec_fn=lambda: libc.prctl(1, signal.SIGTERM))
            return start(self)
        finally:
            subprocess.Popen = popen

    SubprocessASGIServer._run_uvicorn_command = start_bound  # noqa: SLF001


def server_is_missing(error: RuntimeError) -> bool:
    """Whether a flow could not begin because no server answers at the address in PREFECT_API_URL."""
    return "PREFECT_API_URL" in os.environ and "Failed to reach API" in str(error)


def import_meanwhile(*modules: str) -> None:
    """Import modules in the background, while the process waits for Prefect's server to start.

    Whoever needs one of them before it is ready waits for it as for any import.
    """

    def import_all() -> None:
        for module in modules:
            importlib.import_module(module)

    threading.Thread(target=import_all, name="imports", daemon=True).start()
