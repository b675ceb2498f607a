"""How Prefect is set up before it is imported: its state below the data folder, quiet, patient with a slow start."""

from __future__ import annotations

import importlib
import os
import threading

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
