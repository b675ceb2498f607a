"""dbt as it runs in tests: it audits a release only where that is the point.

The 180 tests of the data take dbt as long as the marts themselves. Most tests here compare what a release holds with
what it must hold, and learn nothing from them; those that do say `audited`.

Runs of `safercity` in processes of their own audit always.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from flows.settings import Settings
from flows.stages import transform

WITHOUT_TESTS = ["--exclude-resource-type", "test"]


@contextmanager
def audited() -> Iterator[None]:
    """Inside, runs of this process run the tests of the data too, as every run does outside of these tests."""
    with patch.object(sys.modules[__name__], "WITHOUT_TESTS", []):
        yield


@contextmanager
def lean_dbt() -> Iterator[None]:
    """Inside, dbt audits nothing unless asked to."""
    run_dbt = transform.run_dbt

    def run_lean(settings: Settings, command: list[str], **given: Any) -> list[transform.Node]:
        return run_dbt(settings, [*command, *(WITHOUT_TESTS if command[0] == "build" else [])], **given)

    with patch.object(transform, "run_dbt", run_lean):
        yield
