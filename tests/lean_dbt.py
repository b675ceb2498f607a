"""dbt as it runs in tests: it parses the project once in a session, and audits a release only where that is the point.

dbt keeps what it parsed in its target folder, and parses all of it again where the paths of the databases are others
than they were: they might stand in a model. In this project they don't; `warehouse` and `safer_city` do. So in tests
the paths don't count, and a data folder without a parse is given that of another.

The 180 tests of the data take dbt as long as the marts themselves. Most tests here compare what a release holds with
what it must hold, and learn nothing from them; those that do say `audited`.

Runs of `safercity` in processes of their own parse for themselves, and audit always.
"""

import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

from flows.settings import Settings
from flows.stages import transform

KEPT_IN = "TESTS_PARSED"
"""The variable that names the folder in which the parse is kept; processes that tests start inherit it."""

PARSE = "partial_parse.msgpack"

WITHOUT_TESTS = ["--exclude-resource-type", "test"]


@contextmanager
def audited() -> Iterator[None]:
    """Inside, runs of this process run the tests of the data too, as every run does outside of these tests."""
    with patch.object(sys.modules[__name__], "WITHOUT_TESTS", []):
        yield


@contextmanager
def lean_dbt() -> Iterator[None]:
    """Inside, dbt takes the parse that is kept, or keeps the one that it makes; it audits nothing unless asked to."""
    run_dbt = transform.run_dbt

    def run_lean(settings: Settings, command: list[str], **given: Any) -> list[transform.Node]:
        from dbt.artifacts.resources.base import FileHash
        from dbt.contracts.graph.manifest import ManifestStateCheck
        from dbt.parser.manifest import ManifestLoader

        state_check = ManifestLoader.build_manifest_state_check

        def without_paths(loader: ManifestLoader) -> ManifestStateCheck:
            check = state_check(loader)
            check.profile_hash = FileHash.from_contents("of any path")
            return check

        kept, own = Path(os.environ[KEPT_IN]) / PARSE, settings.paths.dbt_target / PARSE
        if kept.exists() and not own.exists():
            own.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(kept, own)
        if command[0] == "build":
            command = [*command, *WITHOUT_TESTS]
        with patch.object(ManifestLoader, "build_manifest_state_check", without_paths):
            nodes = run_dbt(settings, command, **given)
        if not kept.exists():
            half = kept.with_name(f"{PARSE}-{os.getpid()}")
            shutil.copy(own, half)
            half.rename(kept)
        return nodes

    with patch.object(transform, "run_dbt", run_lean):
        yield
