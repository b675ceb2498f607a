"""Archives of data.police.uk by month, over HTTP, into a landing folder, each as it is published.

An archive comes as `<name>.part`, which a run leaves alone, and takes its name when it has been proven whole. Hidden
beside it lies its origin: what the server said of it. A `.part` is gone on with only where the server proves that it
has the same archive still; so a fetch that was killed, at whatever moment, is taken up by fetching again.
"""

from __future__ import annotations

import base64
import errno
import fcntl
import hashlib
import json
import os
import random
import re
import shutil
import time
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import date
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Literal

import httpx

from flows import __version__, clock
from flows.errors import SaferCityError, UsageError
from flows.progress import say
from flows.settings import Fetch, Settings
from flows.stages.extract.archive import UNREADABLE

MONTHS_IN_ARCHIVE = 36
"""An archive holds its own month and the 35 before it, of all forces."""
LEAST_PROGRESS = 1 << 20
"""Bytes that must come before tries are counted anew."""
LEAST_RATE = 1024
"""Bytes a second below which a server counts as silent."""
ROOM_TO_LEAVE = 64 << 20
"""Bytes that must stay free on the disk beside the archive."""

_LOOK_BACK_MONTHS = 3
_LONGEST_BACK_OFF = 60.0
_ARCHIVE = re.compile(r"(\d{4})-(\d{2})\.zip")
_NOT_PUBLISHED = (404, 410)
_PASSING = (408, 425, 429, 500, 502, 503, 504)
_HASHES = {"md5": "md5", "sha": "sha1", "sha-256": "sha256", "sha-512": "sha512"}
_BLOCK = 1 << 20

State = Literal["fetched", "unchanged", "not published", "failed", "not tried"]


@dataclass(frozen=True)
class Fetched:
    """What became of the archive of one month. `bytes` are what it holds, `seconds` are wall time."""

    month: str
    state: State
    bytes: int | None = None
    requests: int = 0
    seconds: float = 0
    remark: str = ""


@dataclass
class Pace:
    """What passes time while fetching, so that a test need not wait. `chance` draws from 0 to 1."""

    sleep: Callable[[float], object] = time.sleep
    monotonic: Callable[[], float] = time.monotonic
    chance: Callable[[], float] = random.random


class _PassingError(Exception):
    """What may be over at the next try; `wait` is how many seconds the server asks for."""

    def __init__(self, why: str, wait: float | None = None) -> None:
        super().__init__(why)
        self.wait = wait


class _BrokenError(Exception):
    """What has come is no sound archive."""


class _UnreachableError(SaferCityError):
    """The server gives nothing now, so that other archives need not be tried."""


@dataclass(frozen=True)
class Origin:
    """What a server said of an archive: `size` in bytes and hexadecimal `hashes` where it gave any."""

    etag: str | None = None
    last_modified: str | None = None
    size: int | None = None
    hashes: dict[str, str] = field(default_factory=dict)

    @property
    def condition(self) -> str | None:
        """What an If-Range may hold: a weak ETag proves nothing of the bytes."""
        return self.etag if self.etag and not self.etag.startswith("W/") else self.last_modified

    def is_same(self, other: Origin) -> bool:
        """Whether both are one archive as far as anyone can tell: by ETag, else time, and always by size."""
        if self.size is None or self.size != other.size:
            return False
        if self.etag and other.etag:
            return self.etag == other.etag
        return not (self.last_modified and other.last_modified) or self.last_modified == other.last_modified


class _Archive:
    """The files of one archive in the folder."""

    def __init__(self, folder: Path, month: str) -> None:
        self.month = month
        self.name = f"{month}.zip"
        self.whole = folder / self.name
        self.part = folder / f"{self.name}.part"
        self._origin = folder / f".{self.name}.origin.json"
        self._part_origin = folder / f".{self.name}.part.json"

    @property
    def part_size(self) -> int:
        """Bytes that have come."""
        return self.part.stat().st_size if self.part.exists() else 0

    def held(self) -> Origin | None:
        """The origin of the whole archive; of one that somebody else put there only the size is known."""
        if not self.whole.exists():
            return None
        size = self.whole.stat().st_size
        origin = _read(self._origin)
        return origin if origin and origin.size == size else Origin(size=size)

    def part_origin(self) -> Origin | None:
        """The origin of what has come."""
        return _read(self._part_origin)

    def begin(self, origin: Origin) -> None:
        """Make room for an archive of this origin."""
        self.discard()
        self.part.touch()
        _write(self._part_origin, origin)

    def discard(self) -> None:
        """Forget what has come. The origin goes first: what has none is never gone on with."""
        self._part_origin.unlink(missing_ok=True)
        self.part.unlink(missing_ok=True)

    def finish(self, origin: Origin) -> None:
        """Give the archive its name. Killed in between, the size alone tells it at the next fetch."""
        with self.part.open("rb") as part:
            os.fsync(part.fileno())
        self._origin.unlink(missing_ok=True)
        self.part.replace(self.whole)
        self._part_origin.unlink(missing_ok=True)
        _write(self._origin, Origin(origin.etag, origin.last_modified, self.whole.stat().st_size, origin.hashes))


def folder(settings: Settings, out: Path | None = None) -> Path:
    """The folder to fetch into, by default the landing folder; one below the data folder is made.

    Raises UsageError where there is none.
    """
    found = out.expanduser().absolute() if out else settings.landing_dir
    if found in (settings.paths.landing, settings.paths.landing_mirror):
        settings.paths.make()
        found.mkdir(exist_ok=True)
    if not found.is_dir():
        raise UsageError(f"there is no folder {found}; make it, or give another one with --out")
    return found


def require_all(done: Sequence[Fetched]) -> None:
    """Raises SaferCityError where something that may be published could not be had."""
    failed = [item for item in done if item.state in ("failed", "not tried")]
    if failed:
        raise SaferCityError(
            f"{len(failed)} of {len(done)} archives could not be fetched; {failed[0].remark or 'fetch again'}"
        )


def wanted_months(folder: Path, first: date | None, last: date | None) -> list[str]:
    """The months to fetch, oldest first: by default from the newest archive in the folder to this month.

    With no archive there they begin three months ago. Raises UsageError for months that are none.
    """
    this_month = clock.today().replace(day=1)
    newest = max((found.name for found in folder.glob("*.zip") if _ARCHIVE.fullmatch(found.name)), default=None)
    ends = (last or this_month).replace(day=1)
    if first:
        begins = first.replace(day=1)
    elif newest:
        begins = min(date(int(newest[:4]), int(newest[5:7]), 1), ends)
    else:
        begins = months_later(ends, -_LOOK_BACK_MONTHS)
    if ends > this_month:
        raise UsageError(f"{ends:%Y-%m} lies in the future; give --to {this_month:%Y-%m} or earlier")
    if begins > ends:
        raise UsageError(f"there is no month from {begins:%Y-%m} to {ends:%Y-%m}; give --from before --to")
    count = (ends.year - begins.year) * 12 + ends.month - begins.month + 1
    return [f"{months_later(begins, number):%Y-%m}" for number in range(count)]


def months_later(month: date, number: int) -> date:
    """The first of the month so many months later."""
    years, months = divmod(month.month - 1 + number, 12)
    return date(month.year + years, months + 1, 1)


def fetch(rules: Fetch, folder: Path, months: Sequence[str], pace: Pace | None = None) -> list[Fetched]:
    """Fetch the archives of months that the folder lacks or has otherwise, and say what became of each.

    Where the server cannot be reached the rest is not tried. Raises SaferCityError where another fetch is under way in
    the folder.
    """
    done: list[Fetched] = []
    timeout = httpx.Timeout(rules.silence_seconds, connect=rules.connect_seconds)
    headers = {"User-Agent": f"safer-city/{__version__}", "Accept-Encoding": "identity"}
    with _alone(folder), httpx.Client(timeout=timeout, headers=headers, follow_redirects=True) as client:
        fetcher = _Fetcher(client, rules, pace or Pace())
        for month in months:
            began, before = time.monotonic(), fetcher.requests
            archive = _Archive(folder, month)
            size, is_over = None, False
            try:
                state, remark = fetcher.fetch(archive)
                size = archive.whole.stat().st_size if state != "not published" else None
            except SaferCityError as error:
                state, remark = "failed", str(error)
                is_over = isinstance(error, _UnreachableError)
            except OSError as error:
                state, remark = "failed", f"{error.filename or folder}: {error.strerror}; mend that and fetch again"
                is_over = True
            spent = round(time.monotonic() - began, 2)
            done.append(Fetched(month, state, size, fetcher.requests - before, spent, remark))
            if is_over:
                break
    return done + [Fetched(month, "not tried") for month in months[len(done) :]]


class _Fetcher:
    """One client, and how often and how fast it may ask."""

    def __init__(self, client: httpx.Client, rules: Fetch, pace: Pace) -> None:
        self.requests = 0
        self._client = client
        self._rules = rules
        self._pace = pace
        self._last_request: float | None = None

    def fetch(self, archive: _Archive) -> tuple[State, str]:
        """Fetch one archive, trying again as long as it comes on or the tries last.

        Raises SaferCityError saying why there is none; what has come is kept where it can be gone on with.
        """
        tries = broken = most = 0
        while True:
            try:
                return self._try(archive)
            except _BrokenError as error:
                archive.discard()
                broken += 1
                why, wait = str(error), None
                if broken == 2:
                    raise SaferCityError(f"{archive.name} came twice and {why}; the server has to mend it") from None
            except _PassingError as error:
                why, wait = str(error), error.wait
            except (httpx.UnsupportedProtocol, httpx.TooManyRedirects, httpx.InvalidURL) as error:
                raise UsageError(f"{archive.name}: no address to fetch from ({type(error).__name__})") from None
            except httpx.TransportError as error:
                why, wait = self._in_words(error), None
            size = archive.part_size
            tries = 0 if size >= most + LEAST_PROGRESS else tries + 1
            most = max(most, size)
            if tries >= self._rules.tries:
                raise _UnreachableError(f"{archive.name}: {why}, {tries} times. {_kept(size)}")
            if wait is not None and wait > self._rules.longest_wait_seconds:
                raise _UnreachableError(f"{archive.name}: {why}, and asks for {wait:.0f} s of patience. {_kept(size)}")
            backed_off = min(2.0 ** max(tries - 1, 0), _LONGEST_BACK_OFF) * (0.5 + self._pace.chance() / 2)
            self._pace.sleep(max(backed_off, wait or 0))

    def _try(self, archive: _Archive) -> tuple[State, str]:
        held, come = archive.held(), archive.part_origin()
        offset = archive.part_size if come else 0
        if come and (come.condition is None or offset > (come.size or offset)):
            archive.discard()
            come, offset = None, 0
        if come and come.size == offset:
            return self._finish(archive, come)
        headers = _conditions(held, come, offset)
        url = f"{self._rules.base_url.rstrip('/')}/{archive.name}"
        self._wait_for_turn()
        with self._client.stream("GET", url, headers=headers) as response:
            self._require_closed_way(archive, url, response)
            status = response.status_code
            if status in _PASSING:
                raise _PassingError(f"the server answers {status} {response.reason_phrase}", _retry_after(response))
            if status in _NOT_PUBLISHED:
                return ("unchanged", "no longer on the server") if held else ("not published", "")
            if status == 304 and held:
                archive.discard()
                return "unchanged", ""
            if status == 416 and come:
                archive.discard()
                raise _PassingError("the server has nothing from where it broke off")
            if status == 206 and come:
                self._require_continuation(archive, come, offset, response)
            elif status == 200:
                come, offset = _origin_of(response), 0
                if held and held.is_same(come):
                    archive.discard()
                    return "unchanged", ""
                self._require_room(archive, come)
                archive.begin(come)
            else:
                raise SaferCityError(
                    f"{archive.name}: the server answers {status} {response.reason_phrase}; see that {url} can be"
                    " fetched from this machine"
                )
            self._receive(archive, come, offset, response)
        return self._finish(archive, come)

    def _finish(self, archive: _Archive, origin: Origin) -> tuple[State, str]:
        if origin.size is not None and archive.part_size < origin.size:
            raise _PassingError("less came than the server had promised")
        _require_sound(archive, origin)
        is_new = not archive.whole.exists()
        archive.finish(origin)
        return "fetched", "" if is_new else "it had changed on the server"

    def _receive(self, archive: _Archive, origin: Origin, offset: int, response: httpx.Response) -> None:
        """Write what comes at once, so that a cut connection loses nothing."""
        rules, pace = self._rules, self._pace
        began = since = pace.monotonic()
        received = counted = 0
        total = origin.size >> 20 if origin.size else None
        with archive.part.open("ab") as part:
            for chunk in response.iter_raw():
                part.write(chunk)
                part.flush()
                received += len(chunk)
                counted += len(chunk)
                say(f"fetching {archive.name} (MB)", (offset + received) >> 20, total)
                if pace.monotonic() - since >= rules.silence_seconds:
                    if counted < LEAST_RATE * rules.silence_seconds:
                        raise _PassingError(f"the server sends less than {LEAST_RATE} bytes a second")
                    since, counted = pace.monotonic(), 0
                if rules.mb_per_second:
                    ahead = received / (rules.mb_per_second * 1e6) - (pace.monotonic() - began)
                    if ahead > 0:
                        pace.sleep(ahead)

    def _wait_for_turn(self) -> None:
        if self._last_request is not None:
            left = self._last_request + self._rules.pause_seconds - self._pace.monotonic()
            if left > 0:
                self._pace.sleep(left)
        self._last_request = self._pace.monotonic()
        self.requests += 1

    def _require_continuation(self, archive: _Archive, come: Origin, offset: int, response: httpx.Response) -> None:
        """Raises _PassingError, and forgets what has come, where this is not the rest of it."""
        given = re.fullmatch(r"bytes (\d+)-\d+/(\d+|\*)", response.headers.get("Content-Range", ""))
        goes_on = _origin_of(response)
        is_rest = (
            given is not None
            and int(given[1]) == offset
            and given[2] in ("*", str(come.size))
            and goes_on.etag in (None, come.etag)
            and goes_on.last_modified in (None, come.last_modified)
        )
        if not is_rest:
            archive.discard()
            raise _PassingError("the archive changed on the server meanwhile")

    def _require_room(self, archive: _Archive, origin: Origin) -> None:
        free = shutil.disk_usage(archive.whole.parent).free + archive.part_size
        needed = (origin.size or 0) + ROOM_TO_LEAVE
        if free < needed:
            raise _UnreachableError(
                f"{archive.name} needs {needed >> 20} MB in {archive.whole.parent}, and {free >> 20} MB are left;"
                " make room there and fetch again"
            )

    def _require_closed_way(self, archive: _Archive, url: str, response: httpx.Response) -> None:
        if url.startswith("https:") and response.url.scheme != "https":
            raise SaferCityError(
                f"{archive.name}: the server leads away from https to {response.url.host}; not followed"
            )

    def _in_words(self, error: httpx.TransportError) -> str:
        match error:
            case httpx.ConnectTimeout():
                return f"no connection within {self._rules.connect_seconds:g} s"
            case httpx.ConnectError():
                return f"no connection to {httpx.URL(self._rules.base_url).host}"
            case httpx.TimeoutException():
                return f"the server was silent for {self._rules.silence_seconds:g} s"
            case _:
                return "the connection broke"


def _conditions(held: Origin | None, come: Origin | None, offset: int) -> dict[str, str]:
    """Headers by which only the rest is sent of what has come, and nothing of what is held."""
    if come and come.condition and offset:
        return {"Range": f"bytes={offset}-", "If-Range": come.condition}
    if held and held.etag:
        return {"If-None-Match": held.etag}
    if held and held.last_modified:
        return {"If-Modified-Since": held.last_modified}
    return {}


def _origin_of(response: httpx.Response) -> Origin:
    headers = response.headers
    length = headers.get("Content-Length", "")
    size = int(length) if response.status_code == 200 and length.isdigit() else None
    return Origin(headers.get("ETag"), headers.get("Last-Modified"), size, _hashes(response))


def _hashes(response: httpx.Response) -> dict[str, str]:
    """The hashes of the whole archive that an answer holds: Repr-Digest or Digest, Content-MD5, the ETag of S3.

    An ETag of S3 is the MD5 of the content where that came in one piece and no key of somebody's own encrypts it.
    """
    headers, found = response.headers, {}
    if response.status_code != 200:
        return found
    for given in (headers.get("Repr-Digest"), headers.get("Digest")):
        for algorithm, value in re.findall(r"([A-Za-z0-9-]+)=:?([A-Za-z0-9+/]+=*):?", given or ""):
            if name := _HASHES.get(algorithm.lower()):
                found[name] = _hexadecimal(value)
    if given := headers.get("Content-MD5"):
        found["md5"] = _hexadecimal(given)
    etag = re.fullmatch(r'"([0-9a-f]{32})"', headers.get("ETag", ""))
    is_plain = headers.get("x-amz-server-side-encryption", "AES256") == "AES256"
    if etag and is_plain and headers.get("Server") == "AmazonS3":
        found["md5"] = etag[1]
    return {name: value for name, value in found.items() if value}


def _hexadecimal(given: str) -> str:
    try:
        return base64.b64decode(given, validate=True).hex()
    except ValueError:
        return ""


def _require_sound(archive: _Archive, origin: Origin) -> None:
    """Raises _BrokenError where what came is not what the server said, or no archive whose checksums hold."""
    size = archive.part_size
    if origin.size is not None and size != origin.size:
        raise _BrokenError("is longer than the server said")
    hashers = {name: hashlib.new(name, usedforsecurity=False) for name in origin.hashes}
    if hashers:
        with archive.part.open("rb") as part:
            while block := part.read(_BLOCK):
                for hasher in hashers.values():
                    hasher.update(block)
    if any(hasher.hexdigest() != origin.hashes[name] for name, hasher in hashers.items()):
        raise _BrokenError("its checksum is not the one that the server gives")
    try:
        with zipfile.ZipFile(archive.part) as opened:
            entries = opened.infolist()
            for number, entry in enumerate(entries, start=1):
                with opened.open(entry) as member:
                    while member.read(_BLOCK):
                        pass
                say(f"checking {archive.name}", number, len(entries))
    except UNREADABLE as error:
        if isinstance(error, OSError) and error.errno == errno.EIO:
            raise
        raise _BrokenError("is no sound zip archive") from None


def _retry_after(response: httpx.Response) -> float | None:
    """Seconds that the server asks to wait, which it says as such or as a time, to be held against its own clock."""
    given = response.headers.get("Retry-After", "")
    if given.isdigit():
        return float(given)
    try:
        then, now = (parsedate_to_datetime(text) for text in (given, response.headers["Date"]))
        return max((then - now).total_seconds(), 0)
    except (ValueError, KeyError, TypeError):
        return None


def _kept(size: int) -> str:
    if not size:
        return "Fetch again later"
    return f"The {size / 1e6:,.1f} MB that came are kept: fetch again to go on"


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Keep a second fetch out of the folder for as long as this process lives."""
    with (folder / ".fetch.lock").open("w", encoding="utf-8") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise SaferCityError(f"another fetch into {folder} is under way; wait for it") from None
        yield


def _read(path: Path) -> Origin | None:
    try:
        return Origin(**json.loads(path.read_text(encoding="utf-8")))
    except (FileNotFoundError, ValueError, TypeError):
        return None


def _write(path: Path, origin: Origin) -> None:
    unfinished = path.with_name(f"{path.name}.part")
    unfinished.write_text(json.dumps(asdict(origin)), encoding="utf-8")
    unfinished.replace(path)
