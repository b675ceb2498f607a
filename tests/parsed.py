"""dbt parses the project once in a session, not once in each data folder.

dbt keeps what it parsed in its target folder, and parses all of it again where the paths of the databases are others
than they were: they might stand in a model. In this project they don't; `warehouse` and `safer_city` do. So in tests
the paths don't count, and a data folder without a parse is given that of another. Runs of `safercity` in processes of
their own parse for themselves.
"""

import os
import shutil
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


@contextmanager
def parsed_once() -> Iterator[None]:
    """Inside, dbt takes the parse that is kept, or keeps the one that it makes."""
    run_dbt = transform.run_dbt

    def run_parsed(settings: Settings, command: list[str], **given: Any) -> list[transform.Node]:
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
        with patch.object(ManifestLoader, "build_manifest_state_check", without_paths):
            nodes = run_dbt(settings, command, **given)
        if not kept.exists():
            half = kept.with_name(f"{PARSE}-{os.getpid()}")
            shutil.copy(own, half)
            half.rename(kept)
        return nodes

    with patch.object(transform, "run_dbt", run_parsed):
        yield
