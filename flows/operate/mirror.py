"""A landing folder that lies elsewhere, at any URL of fsspec: what is new or changed in it is copied before a run.

The run reads the copy, so that nothing it does depends on a network. What goes away at its origin stays in the copy.
A file is copied to a hidden folder and takes its place in one step, when it has kept still.
"""

from __future__ import annotations

import fcntl
import json
import re
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any, TypeVar, cast

import fsspec
from fsspec import AbstractFileSystem

from flows.errors import SaferCityError, UsageError
from flows.progress import say
from flows.settings import Settings
from flows.stages.extract.arrival import printable
from flows.stages.extract.naming import is_hidden, is_unfinished
from flows.warehouse import no_room

STILL_SECONDS = 1.0
"""A file is taken when it has not changed for this long."""
TRIES = 4

_VERSION = (
    "ETag",
    "etag",
    "md5Hash",
    "content_md5",
    "mtime",
    "LastModified",
    "last_modified",
    "modify",
    "modified",
    "updated",
)
"""Where the file systems of fsspec say what tells two versions of a file apart."""
_SAVE_EVERY = 200

Found = TypeVar("Found")


@dataclass(frozen=True)
class Mirrored:
    """What a look at the folder came to; names are relative to it.

    `waiting` still changed or could not be had whole, `refused` have names that no file here can have.
    """

    copied: list[str] = field(default_factory=list)
    waiting: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)


def mirror(settings: Settings, sleep: Callable[[float], object] = time.sleep) -> Mirrored:
    """Copy what is new or changed in the folder at `landing_url` to the landing folder of the settings.

    Takes a second when there is something to copy. Raises UsageError where the URL leads to no folder, and
    SaferCityError where the folder cannot be read after some tries; what was copied until then stays.
    """
    assert settings.landing_url is not None
    url = settings.landing_url.get_secret_value()
    target = settings.landing_dir
    target.mkdir(parents=True, exist_ok=True)
    remote = _Remote(url, sleep)
    try:
        with _alone(target):
            return _Mirror(remote, target, sleep).bring()
    except OSError as error:
        raise SaferCityError(f"{error.filename or target}: {error.strerror}; mend that and run again") from None


def shown(url: str) -> str:
    """A URL without what may be secret in it: the user, the password, the query."""
    return re.sub(r"(?<=://).*@", "", url).partition("?")[0]


class _Remote:
    """The folder elsewhere. What fails is tried again; texts of errors, which may hold secrets, are not shown."""

    def __init__(self, url: str, sleep: Callable[[float], object]) -> None:
        self.name = shown(url)
        self._url = url
        self._sleep = sleep

    def files(self) -> dict[str, dict[str, Any]]:
        """What is said of each file, by its name relative to the folder.

        Raises UsageError where there is no folder.
        """

        def look(fs: AbstractFileSystem, root: str) -> dict[str, dict[str, Any]] | None:
            fs.invalidate_cache()
            found = cast(dict[str, dict[str, Any]], fs.find(root, detail=True))
            if not found and not fs.exists(root):
                return None
            return {path.removeprefix(root): info for path, info in found.items() if path.startswith(root)}

        try:
            found = self._tried(look)
        except FileNotFoundError:
            found = None
        if found is None:
            raise UsageError(f"there is no landing folder {self.name}; make it, or correct landing_url")
        return found

    def copy(self, name: str, to: Path) -> None:
        """Raises FileNotFoundError for a file that has gone."""
        self._tried(lambda fs, root: fs.get_file(f"{root}{name}", str(to)))

    def _tried(self, ask: Callable[[AbstractFileSystem, str], Found]) -> Found:
        """What a question to the file system, and the path of the folder with a slash after it, comes to."""
        why = ""
        for number in range(TRIES):
            if number:
                self._sleep(2.0 ** (number - 1))
            try:
                fs, root = _opened(self._url, self.name, anew=number > 0)
                return ask(fs, root.rstrip("/") + "/")
            except FileNotFoundError:
                raise
            except PermissionError:
                raise UsageError(f"the landing folder {self.name} may not be read; mend its rights") from None
            except (OSError, EOFError) as error:
                if reason := no_room(error):
                    raise SaferCityError(
                        f"the copy of {self.name} cannot be written ({reason}); make room there"
                    ) from None
                why = type(error).__name__
        raise SaferCityError(f"the landing folder {self.name} cannot be read ({why}, {TRIES} times); run again later")


class _Mirror:
    """The copy in a folder here, and the hidden file beside it that tells which version of each file it has."""

    def __init__(self, remote: _Remote, target: Path, sleep: Callable[[float], object]) -> None:
        self._remote = remote
        self._target = target
        self._sleep = sleep
        self._arriving = target / ".arriving"
        self._versions_file = target / ".versions.json"
        self._versions = self._read_versions()

    def bring(self) -> Mirrored:
        """Copy what is new or changed."""
        shutil.rmtree(self._arriving, ignore_errors=True)
        listed = {name: version(info) for name, info in self._remote.files().items() if not _is_left_alone(name)}
        result = Mirrored(refused=sorted(printable(name) for name in listed if not _is_safe(name)))
        wanted = sorted(name for name in listed if _is_safe(name) and not self._has(name, listed[name]))
        if not wanted:
            return result
        self._sleep(STILL_SECONDS)
        again = {name: version(info) for name, info in self._remote.files().items()}
        try:
            for number, name in enumerate(wanted, start=1):
                say("copying from the landing folder elsewhere", number, len(wanted))
                if again.get(name) != listed[name] or not self._take(name, listed[name]):
                    result.waiting.append(printable(name))
                    continue
                result.copied.append(printable(name))
                if number % _SAVE_EVERY == 0:
                    self._write_versions()
        finally:
            shutil.rmtree(self._arriving, ignore_errors=True)
            self._write_versions()
        return result

    def _has(self, name: str, listed: str) -> bool:
        return self._versions.get(name) == listed and (self._target / name).is_file()

    def _take(self, name: str, listed: str) -> bool:
        """Copy a file; False where what came is not what was listed, or a folder here stands in its place."""
        arriving, place = self._arriving / "file", self._target / name
        self._arriving.mkdir(exist_ok=True)
        try:
            self._remote.copy(name, arriving)
        except FileNotFoundError:
            return False
        if arriving.stat().st_size != (json.loads(listed)[0] or arriving.stat().st_size):
            return False
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            arriving.replace(place)
        except (FileExistsError, IsADirectoryError, NotADirectoryError):
            return False
        self._versions[name] = listed
        return True

    def _read_versions(self) -> dict[str, str]:
        try:
            return json.loads(self._versions_file.read_text(encoding="utf-8"))
        except (FileNotFoundError, ValueError):
            return {}

    def _write_versions(self) -> None:
        unfinished = self._versions_file.with_name(".versions.json.part")
        unfinished.write_text(json.dumps(self._versions), encoding="utf-8")
        unfinished.replace(self._versions_file)


def version(info: dict[str, Any]) -> str:
    """What tells a version of a file from another: its size, and whatever else its file system says."""
    told = {name: str(info[name]) for name in _VERSION if info.get(name) is not None}
    # The file system in memory has no other time; elsewhere it may be that of a folder's making.
    if not told and info.get("created") is not None:
        told["created"] = str(info["created"])
    return json.dumps([info.get("size"), told])


def _opened(url: str, name: str, *, anew: bool) -> tuple[AbstractFileSystem, str]:
    """The file system of a URL, which fsspec keeps open, and the path; `anew` where its connection may have broken."""
    try:
        fs, root = fsspec.core.url_to_fs(url, skip_instance_cache=anew)
    except ImportError as error:
        raise UsageError(f"{name} needs a library that is not installed: {error}") from None
    except ValueError:
        raise UsageError(f"{name} is no URL of a folder that can be read; see docs/operating.md") from None
    return fs, root


def _is_left_alone(name: str) -> bool:
    return any((is_hidden(part) and part != "..") or is_unfinished(part) for part in name.split("/"))


def _is_safe(name: str) -> bool:
    """Whether a name, which may be any text in an object store, is that of a file below a folder."""
    parts = name.split("/")
    is_plain = all(part not in ("", ".", "..") and len(part.encode()) <= 255 for part in parts)
    return is_plain and "\0" not in name and "\\" not in name and not PurePosixPath(name).is_absolute()


@contextmanager
def _alone(target: Path) -> Iterator[None]:
    """One at a time: a second one waits, and finds everything copied."""
    with (target / ".mirror.lock").open("w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
