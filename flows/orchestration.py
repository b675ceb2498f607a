"""How Prefect is set up before it is imported: its state below the data folder, quiet, patient with a slow start."""

from __future__ import annotations

import os

from flows.settings import Settings


def prepare_prefect(settings: Settings) -> None:
    """Set Prefect's environment where it is not set already. Must run before Prefect is imported."""
    settings.paths.prefect.mkdir(parents=True, exist_ok=True)
    os.environ.setdefault("PREFECT_HOME", str(settings.paths.prefect))
    os.environ.setdefault("PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS", "120")
    os.environ.setdefault("PREFECT_LOGGING_LEVEL", "CRITICAL")
    os.environ.setdefault("PREFECT_SERVER_LOGGING_LEVEL", "CRITICAL")
