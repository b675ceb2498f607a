"""Which deliveries lie in the landing folder, by their names. The folder is read and never changed."""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

from flows.contracts import Contract
from flows.errors import UsageError
from flows.stages.extract.archive import base_name, folders_of, members
from flows.stages.extract.arrival import MEMBER_SIGN, Arrival, LandingFile, Problem, printable
from flows.stages.extract.naming import (
    ARCHIVE,
    LOOKS_LIKE_A_FILE,
    claim,
    is_hidden,
    is_unfinished,
    month_end,
    published,
    usually_published,
)

YOUNG_SECONDS = 2.0
"""A file changed less than this ago may still be being written."""
STILL_SECONDS = 1.0
"""Such a file is taken when it has not changed for this long."""
PATIENCE_SECONDS = 3.0
"""And is left for the next run when it has not come to rest after this long."""

_LOOK_EVERY_SECONDS = 0.2

_FUTURE = Problem(
    "EXTRACT_IN_FUTURE",
    "its extract date lies in the future; correct the date, or leave it: it is read when that has come",
)


@dataclass
class Landing:
    """What is new in the landing folder.

    `arrivals`: the deliveries, in byte order of path. `unmatched` and `waiting` are paths relative to the landing
    folder: what no contract takes, and what is still being written. `looked_at`: every file that need not be looked
    at again while it stays as it is.
    """

    arrivals: list[Arrival] = field(default_factory=list)
    unmatched: list[str] = field(default_factory=list)
    waiting: list[str] = field(default_factory=list)
    looked_at: list[LandingFile] = field(default_factory=list)


@dataclass(frozen=True)
class _Settings:
    contracts: dict[str, Contract]
    default_force: str
    folder_forces: Mapping[str, str]
    today: date


def find(
    landing: Path,
    contracts: dict[str, Contract],
    *,
    known: Callable[[LandingFile], bool],
    default_force: str,
    folder_forces: Mapping[str, str],
    today: date,
) -> Landing:
    """The deliveries in the landing folder and its subfolders that are not known yet.

    A file for which `known` is true is not opened. `folder_forces` maps the name of a subfolder, in any case, to the
    force whose own files lie in it; the nearest one counts, and `default_force` where there is none. Nothing of a
    file's content is read but the directories of archives. Takes up to 3 seconds when files are being written.

    Raises UsageError when there is no landing folder.
    """
    landing = Path(os.path.normpath(landing.absolute()))
    if not landing.is_dir():
        raise UsageError(f"there is no landing folder {landing}; create it, or name another one")
    settings = _Settings(contracts, default_force, {k.lower(): v for k, v in folder_forces.items()}, today)
    files, found = _walk(landing)
    settled, unsettled = _settle([file for file in files if not known(file)])
    found.waiting += [_shown(path, landing) for path in unsettled]
    for file in settled:
        if file.path.name.lower().endswith(ARCHIVE):
            arrivals, unmatched = _in_archive(file, landing, settings)
        else:
            arrivals, unmatched = _in_file(file, landing, settings)
        found.arrivals += arrivals
        found.unmatched += unmatched
        is_unsettled = bool(unmatched) or any(arrival.problem for arrival in arrivals)
        found.looked_at.append(replace(file, unsettled=is_unsettled))
    found.unmatched.sort(key=os.fsencode)
    found.waiting.sort(key=os.fsencode)
    return found


def _walk(landing: Path) -> tuple[list[LandingFile], Landing]:
    """All regular files in byte order of path, and what else is worth telling.

    Links are followed, but a folder is not entered again below itself.
    """
    files: list[LandingFile] = []
    found = Landing()
    folders = [(landing, frozenset({_identity(landing.stat())}))]
    while folders:
        folder, above = folders.pop()
        try:
            paths = list(folder.iterdir())
        except OSError:
            found.unmatched.append(_shown(folder, landing))
            continue
        for path in paths:
            name = path.name
            if is_hidden(name):
                continue
            if is_unfinished(name):
                found.waiting.append(_shown(path, landing))
                continue
            try:
                status = path.stat()
            except OSError:
                if path.is_symlink():
                    found.unmatched.append(_shown(path, landing))
                continue
            if stat.S_ISDIR(status.st_mode):
                if name.lower().endswith(LOOKS_LIKE_A_FILE):
                    found.unmatched.append(_shown(path, landing))
                elif _identity(status) not in above:
                    folders.append((path, above | {_identity(status)}))
            elif not stat.S_ISREG(status.st_mode):
                found.unmatched.append(_shown(path, landing))
            elif path != landing / "README.md":
                files.append(LandingFile(path, status.st_size, status.st_mtime_ns))
    return sorted(files, key=lambda file: os.fsencode(file.path)), found


def _settle(files: list[LandingFile]) -> tuple[list[LandingFile], list[Path]]:
    """The files that keep still, in the order given, and the paths of those that do not."""
    settled = {file.path: file for file in files if _age(file) >= YOUNG_SECONDS}
    start = time.monotonic()
    young = {file.path: (file, start) for file in files if file.path not in settled}
    while young and time.monotonic() - start < PATIENCE_SECONDS:
        time.sleep(_LOOK_EVERY_SECONDS)
        for path, (before, since) in list(young.items()):
            try:
                now = LandingFile.at(path)
            except OSError:
                del young[path]
                continue
            if now != before:
                young[path] = (now, time.monotonic())
            elif _age(now) >= YOUNG_SECONDS or time.monotonic() - since >= STILL_SECONDS:
                settled[path] = now
                del young[path]
    return [settled[file.path] for file in files if file.path in settled], list(young)


def _in_file(file: LandingFile, landing: Path, settings: _Settings) -> tuple[list[Arrival], list[str]]:
    arrival = _arrival(file, None, landing, settings)
    return ([arrival], []) if arrival else ([], [_shown(file.path, landing)])


def _in_archive(file: LandingFile, landing: Path, settings: _Settings) -> tuple[list[Arrival], list[str]]:
    shown = _shown(file.path, landing)
    try:
        names = members(file.path)
    except OSError:
        return [], [shown]
    if isinstance(names, Problem):
        return [Arrival(file, None, "", printable(file.path.name), None, None, None, 1, names)], []
    arrivals, unmatched = [], []
    for name in names:
        arrival = _arrival(file, name, landing, settings)
        if arrival:
            arrivals.append(arrival)
        else:
            unmatched.append(f"{shown}{MEMBER_SIGN}{name}")
    return arrivals, unmatched if names else [shown]


def _arrival(file: LandingFile, member: str | None, landing: Path, settings: _Settings) -> Arrival | None:
    name = base_name(member) if member else file.path.name
    claimed = claim(name, settings.contracts, is_member=bool(member))
    if claimed is None:
        return None
    folders = [parent.name for parent in file.path.parents]
    extract_date, problem = claimed.extract_date, claimed.problem
    named_end = extract_date
    if claimed.slice and not extract_date:
        inner = folders_of(member) if member else []
        extract_date = named_end = published(file.path.name if member else None, [*inner, *folders])
        if not extract_date:
            # The usual date may lie some weeks ahead of a fresh publication, which says nothing against the file; a
            # month that has not ended does.
            named_end = month_end(claimed.slice)
            try:
                extract_date = usually_published(claimed.slice)
            except ValueError:
                problem = problem or _FUTURE
    if named_end and named_end > settings.today:
        problem = problem or _FUTURE
    force = None
    if settings.contracts[claimed.source].delivery.force_column is None:
        below = file.path.relative_to(landing).parts[-2::-1]
        force = _force_of(below, settings)
    return Arrival(
        file=file,
        member=member,
        source=claimed.source,
        file_name=printable(name),
        force=force,
        slice=claimed.slice,
        extract_date=extract_date,
        revision=claimed.revision,
        problem=problem,
    )


def _force_of(folders: Iterable[str], settings: _Settings) -> str:
    named = (settings.folder_forces[name.lower()] for name in folders if name.lower() in settings.folder_forces)
    return next(named, settings.default_force)


def _shown(path: Path, landing: Path) -> str:
    return printable(path.relative_to(landing))


def _identity(status: os.stat_result) -> tuple[int, int]:
    return status.st_dev, status.st_ino


def _age(file: LandingFile) -> float:
    return time.time() - file.mtime_ns / 1e9
