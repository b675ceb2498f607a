"""dbt as a run uses it: in this process, without the events that nobody reads, and going on from the last parse.

dbt parses the whole project in a few seconds and keeps what it parsed in its target folder, which is one for each data
folder. Elsewhere it would parse all of it again, and so it does wherever the paths of the databases are other ones, for
they might stand in a model. Here they don't: models say `warehouse` and `safer_city`. So the parse is kept with the
project too, and taken for any data folder; what has changed in the project since, dbt sees by itself.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from dbt.artifacts.resources.base import FileHash
from dbt.contracts.graph.manifest import ManifestStateCheck
from dbt.parser.manifest import ManifestLoader
from dbt_common.events.base_types import BaseEvent, EventLevel
from dbt_common.events.event_manager import EventManager

PARSE = "partial_parse.msgpack"


class TerseEventManager(EventManager):
    """Passes on what is more than debugging.

    dbt makes some thirty debugging events for each node, and words, scrubs and stamps each of them before it looks
    whether anybody wants them. Nobody does here, and it is a fifth of dbt's own time.
    """

    def fire_event(self, e: BaseEvent, level: EventLevel | None = None, *args: Any, **kwargs: Any) -> None:
        if (level or e.level_tag()) not in (EventLevel.DEBUG, EventLevel.TEST):
            super().fire_event(e, level, *args, **kwargs)


@contextmanager
def last_parse(target: Path, kept_in: Path) -> Iterator[None]:
    """Inside, dbt goes on from the parse in its target folder, else from the one that is kept; a new one is kept."""
    own, kept = target / PARSE, kept_in / PARSE
    if kept.exists() and not own.exists():
        target.mkdir(parents=True, exist_ok=True)
        with suppress(OSError):
            shutil.copy(kept, own)
    before = _written(own)
    ManifestLoader.build_manifest_state_check = _without_paths
    try:
        yield
    finally:
        ManifestLoader.build_manifest_state_check = _state_check
        if _written(own) != before:
            # Where the project belongs to somebody else, it is not kept.
            with suppress(OSError):
                kept_in.mkdir(exist_ok=True)
                half = kept.with_name(f".{PARSE}-{os.getpid()}")
                shutil.copy(own, half)
                half.replace(kept)


_state_check: Any = ManifestLoader.build_manifest_state_check


def _without_paths(self: ManifestLoader) -> ManifestStateCheck:
    """What has to be as it was for a parse to be gone on from, but the paths of the databases."""
    check = _state_check(self)
    check.profile_hash = FileHash.from_contents("any data folder")
    return check


def _written(file: Path) -> int | None:
    return file.stat().st_mtime_ns if file.exists() else None
