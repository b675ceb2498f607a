"""Fetching archives from a server that stalls, cuts, lies, sends away and changes its mind: whole at the end, or plain.

Nothing sleeps: what fetching waits for is a list of the seconds that it would have slept.
"""

import base64
import fcntl
import hashlib
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from unittest.mock import patch

import pytest

from flows import clock
from flows.errors import SaferCityError, UsageError
from flows.operate import fetch as fetching
from flows.operate.fetch import Fetched, Pace, wanted_months
from flows.settings import Fetch
from flows.stages.extract import find
from tests.faults.archive_server import Answer, ArchiveServer, archive
from tests.faults.channels import listening

NAME = "2019-03.zip"
OLD, NEW = archive(1), archive(2)
TAG = '"one"'


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[ArchiveServer]:
    """A server that publishes one archive."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with listening(ArchiveServer()) as listens:
        listens.publish(NAME, OLD, TAG)
        yield listens


class Fetching:
    """Fetches the archives of the server into a folder, and keeps the seconds that it would have slept."""

    def __init__(self, server: ArchiveServer, folder: Path) -> None:
        self.folder = folder
        self.server = server
        self.slept: list[float] = []
        self.rules = Fetch(base_url=server.url, tries=3, pause_seconds=0, silence_seconds=10)

    def __call__(self, *months: str, **changes: float) -> list[Fetched]:
        rules = self.rules.model_copy(update=changes)
        pace = Pace(sleep=self.slept.append, chance=lambda: 1.0)
        return fetching.fetch(rules, self.folder, months or ("2019-03",), pace)

    def one(self, **changes: float) -> Fetched:
        """What became of the one archive."""
        [done] = self(**changes)
        return done

    @property
    def files(self) -> set[str]:
        """The names that are not hidden."""
        return {path.name for path in self.folder.iterdir() if not path.name.startswith(".")}

    @property
    def content(self) -> bytes:
        """The archive."""
        assert self.files == {NAME}
        return (self.folder / NAME).read_bytes()


@pytest.fixture
def fetch(server: ArchiveServer, tmp_path: Path) -> Fetching:
    """A fetch into an empty folder."""
    folder = tmp_path / "landing"
    folder.mkdir()
    return Fetching(server, folder)


def test_what_is_there_and_unchanged_costs_one_request(fetch: Fetching, server: ArchiveServer) -> None:
    done = fetch.one()
    assert (done.month, done.state, done.bytes, done.requests, done.remark) == ("2019-03", "fetched", len(OLD), 1, "")
    assert fetch.content == OLD
    before = (fetch.folder / NAME).stat()
    done = fetch.one()
    assert (done.state, done.bytes, done.requests, len(server.asked)) == ("unchanged", len(OLD), 1, 2)
    assert (fetch.folder / NAME).stat() == before
    assert fetch.slept == []


def test_one_that_changed_takes_the_place_of_the_old(fetch: Fetching, server: ArchiveServer) -> None:
    fetch()
    server.publish(NAME, NEW, '"two"')
    assert (fetch.one().state, fetch.content == NEW) == ("fetched", True)
    assert fetch.one().state == "unchanged"


def test_one_that_somebody_put_there_is_known_by_its_size(fetch: Fetching, server: ArchiveServer) -> None:
    (fetch.folder / NAME).write_bytes(OLD)
    assert fetch.one().state == "unchanged"
    (fetch.folder / NAME).write_bytes(OLD[:-1])
    assert fetch.one().remark == "it had changed on the server"
    assert fetch.content == OLD
    assert len(server.asked) == 2


def test_a_server_that_heeds_no_condition_is_told_by_what_it_says(fetch: Fetching, server: ArchiveServer) -> None:
    server.publish(NAME, OLD, None)
    server.headers = {"Last-Modified": "Mon, 06 May 2019 09:00:00 GMT"}
    assert fetch.one().state == "fetched"
    assert fetch.one().state == "unchanged"
    server.headers = {"Last-Modified": "Tue, 07 May 2019 09:00:00 GMT"}
    assert fetch.one().state == "fetched"


def test_it_goes_on_where_the_connection_was_cut(fetch: Fetching, server: ArchiveServer) -> None:
    server.answers = [Answer(cut_after=1_000_000), Answer(cut_after=500_000)]
    assert fetch.one().requests == 3
    assert fetch.content == OLD
    assert server.ranges == [None, "bytes=1000000-", "bytes=1500000-"]
    assert fetch.slept == [1.0, 2.0]


def test_what_came_is_kept_when_the_tries_are_over_and_the_next_fetch_goes_on(
    fetch: Fetching, server: ArchiveServer
) -> None:
    server.answers = [Answer(cut_after=400_000)] * 3
    done = fetch.one()
    assert (done.state, done.bytes) == ("failed", None)
    assert done.remark == (
        f"{NAME}: the connection broke, 3 times. The 1.2 MB that came are kept: fetch again to go on"
    )
    assert fetch.files == {f"{NAME}.part"}
    assert fetch.one().requests == 1
    assert server.ranges[-1] == "bytes=1200000-"
    assert fetch.content == OLD


def test_tries_count_anew_while_it_comes_on(fetch: Fetching, server: ArchiveServer) -> None:
    server.answers = [Answer(cut_after=1_100_000), Answer(cut_after=1_100_000), Answer(cut_after=10)]
    assert fetch.one(tries=2).state == "fetched"
    assert fetch.content == OLD


def test_coming_on_from_the_start_each_time_is_not_coming_on(fetch: Fetching, server: ArchiveServer) -> None:
    server.answers = [Answer(cut_after=size, ignores_range=True) for size in (2_000_000, 10) * 9]
    assert fetch.one().state == "failed"
    assert len(server.asked) == 4


def test_a_run_does_not_look_at_what_has_not_come_whole(fetch: Fetching, server: ArchiveServer) -> None:
    server.answers = [Answer(cut_after=400_000)] * 3
    fetch()
    landing = find(
        fetch.folder,
        {},
        known=lambda file: False,
        default_force="City of London Police",
        folder_forces={},
        today=date(2024, 1, 1),
    )
    assert (landing.arrivals, landing.unmatched, landing.waiting) == ([], [], [f"{NAME}.part"])


def test_a_server_that_falls_silent_is_asked_again(fetch: Fetching, server: ArchiveServer) -> None:
    server.answers = [Answer(cut_after=1_000_000, stalls=True)]
    assert fetch.one(silence_seconds=0.2).requests == 2
    assert fetch.content == OLD
    server.publish("2019-04.zip", NEW, TAG)
    server.answers = [Answer(cut_after=0, stalls=True)] * 3
    [done] = fetch("2019-04", silence_seconds=0.2)
    assert done.remark == "2019-04.zip: the server was silent for 0.2 s, 3 times. Fetch again later"


def test_a_server_that_trickles_counts_as_silent(fetch: Fetching, server: ArchiveServer) -> None:
    server.answers = [Answer(cut_after=300, stalls=True)] * 3
    # Each look at the clock is an hour later than the one before.
    hours = iter(range(0, 3_600_000, 3_600))
    pace = Pace(sleep=fetch.slept.append, monotonic=lambda: next(hours), chance=lambda: 1.0)
    [done] = fetching.fetch(fetch.rules, fetch.folder, ["2019-03"], pace)
    assert done.remark == (
        f"{NAME}: the server sends less than 1024 bytes a second, 3 times. The 0.0 MB that came are kept:"
        " fetch again to go on"
    )


@pytest.mark.parametrize("promised", [len(OLD) + 5, len(OLD) - 5], ids=["too long", "too short"])
def test_a_length_that_is_a_lie_ends_plainly_or_whole(fetch: Fetching, server: ArchiveServer, promised: int) -> None:
    server.answers = [Answer(promised=promised)]
    assert fetch.one().state == "fetched"
    assert fetch.content == OLD
    (fetch.folder / NAME).unlink()
    server.answers = [Answer(promised=promised, ignores_range=True)] * 9
    assert fetch.one().state == "failed"
    assert fetch.files <= {f"{NAME}.part"}
    server.answers = []
    assert fetch.one().state == "fetched"
    assert fetch.content == OLD


def test_an_archive_that_is_broken_is_fetched_once_more(fetch: Fetching, server: ArchiveServer) -> None:
    damaged = bytearray(OLD)
    damaged[1_000] ^= 1
    server.answers = [Answer(body=bytes(damaged))]
    assert fetch.one().requests == 2
    assert fetch.content == OLD
    server.publish("2019-04.zip", b"<html>Log in to this network first</html>", None)
    server.publish("2019-05.zip", NEW, None)
    broken, sound = fetch("2019-04", "2019-05")
    assert broken.remark == ("2019-04.zip came twice and is no sound zip archive; the server has to mend it")
    assert sound.state == "fetched"
    assert fetch.files == {NAME, "2019-05.zip"}


def of(content: bytes, algorithm: str) -> str:
    """A hash as a header gives it."""
    return base64.b64encode(hashlib.new(algorithm, content).digest()).decode()


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-MD5": of(NEW, "md5")},
        {"Digest": f"sha-256={of(NEW, 'sha256')}"},
        {"Repr-Digest": f"sha-512=:{of(NEW, 'sha512')}:"},
        {"Server": "AmazonS3", "ETag": f'"{hashlib.md5(NEW).hexdigest()}"'},
    ],
    ids=["Content-MD5", "Digest", "Repr-Digest", "ETag of S3"],
)
def test_a_checksum_that_the_server_gives_has_to_hold(
    fetch: Fetching, server: ArchiveServer, headers: dict[str, str]
) -> None:
    server.publish(NAME, OLD, headers.get("ETag"))
    server.headers = headers
    assert fetch.one().remark == (
        f"{NAME} came twice and its checksum is not the one that the server gives; the server has to mend it"
    )
    assert fetch.files == set()
    # It is that of the whole, also when the whole came in parts.
    server.publish(NAME, NEW, headers.get("ETag", TAG))
    server.answers = [Answer(cut_after=1_000_000)]
    assert fetch.one().state == "fetched"
    assert server.ranges[-1] == "bytes=1000000-"
    assert fetch.content == NEW


def test_an_etag_that_only_looks_like_a_checksum_is_none(fetch: Fetching, server: ArchiveServer) -> None:
    server.publish(NAME, OLD, f'"{"0" * 32}"')
    assert fetch.one().state == "fetched"
    server.publish(NAME, NEW, f'"{"1" * 32}"')
    server.headers = {"Server": "AmazonS3", "x-amz-server-side-encryption": "aws:kms"}
    assert fetch.one().state == "fetched"


def test_it_waits_as_long_as_the_server_asks(fetch: Fetching, server: ArchiveServer) -> None:
    now, soon = "Mon, 06 May 2019 09:00:00 GMT", "Mon, 06 May 2019 09:01:30 GMT"
    server.answers = [
        Answer(status=429, headers={"Retry-After": "7"}),
        Answer(status=503, headers={"Retry-After": soon, "Date": now}),
        Answer(status=503, headers={"Retry-After": "soon"}),
    ]
    assert fetch.one(tries=9).requests == 4
    assert fetch.slept == [7, 90, 4]
    assert fetch.content == OLD


def test_it_does_not_wait_for_ever(fetch: Fetching, server: ArchiveServer) -> None:
    server.answers = [Answer(status=429, headers={"Retry-After": "86400"})]
    done, rest = fetch("2019-03", "2019-04")
    assert done.remark == (
        f"{NAME}: the server answers 429 Too Many Requests, and asks for 86400 s of patience. Fetch again later"
    )
    assert (rest.state, rest.requests, len(server.asked), fetch.slept) == ("not tried", 0, 1, [])


def test_waits_double_up_to_a_minute(fetch: Fetching, server: ArchiveServer) -> None:
    server.answers = [Answer(status=503)] * 9
    done = fetch.one(tries=9)
    assert done.remark == f"{NAME}: the server answers 503 Service Unavailable, 9 times. Fetch again later"
    assert fetch.slept == [1, 2, 4, 8, 16, 32, 60, 60]
    assert fetch.files == set()


def test_a_change_between_two_parts_starts_it_anew(fetch: Fetching, server: ArchiveServer) -> None:
    server.answers = [Answer(cut_after=1_000_000)] * 3
    assert fetch.one(tries=1).state == "failed"
    server.publish(NAME, NEW, '"two"')
    server.answers = []
    assert fetch.one().requests == 1
    assert fetch.content == NEW


def test_parts_of_two_archives_are_never_put_together(fetch: Fetching, server: ArchiveServer) -> None:
    server.answers = [Answer(cut_after=1_000_000)]
    fetch.one(tries=1)
    server.publish(NAME, NEW, '"two"')
    server.answers = [Answer(continues=True)]
    assert fetch.one(tries=1).remark == (
        f"{NAME}: the archive changed on the server meanwhile, 1 times. Fetch again later"
    )
    assert fetch.one().state == "fetched"
    assert server.ranges == [None, "bytes=1000000-", None]
    assert fetch.content == NEW


@pytest.mark.parametrize("tag", [None, 'W/"weak"'], ids=["none", "weak"])
def test_without_proof_that_it_is_the_same_it_starts_anew(
    fetch: Fetching, server: ArchiveServer, tag: str | None
) -> None:
    server.publish(NAME, OLD, tag)
    server.answers = [Answer(cut_after=1_000_000)]
    assert fetch.one().state == "fetched"
    assert server.ranges == [None, None]
    assert fetch.content == OLD


def test_a_server_that_ignores_ranges_sends_it_all(fetch: Fetching, server: ArchiveServer) -> None:
    server.answers = [Answer(cut_after=1_000_000), Answer(ignores_range=True)]
    assert fetch.one().requests == 2
    assert fetch.content == OLD


def test_a_part_longer_than_the_archive_starts_anew(fetch: Fetching, server: ArchiveServer) -> None:
    server.answers = [Answer(cut_after=1_000_000)]
    fetch.one(tries=1)
    with (fetch.folder / f"{NAME}.part").open("ab") as part:
        part.write(OLD)
    assert fetch.one().state == "fetched"
    assert fetch.content == OLD


def test_killed_before_the_name_was_given_it_needs_no_request(fetch: Fetching, server: ArchiveServer) -> None:
    with patch.object(fetching._Archive, "finish", side_effect=OSError(5, "stopped here")):
        assert fetch.one().state == "failed"
    assert fetch.files == {f"{NAME}.part"}
    assert fetch.one().requests == 0
    assert fetch.content == OLD


def test_a_month_that_is_not_published_is_no_failure(fetch: Fetching, server: ArchiveServer) -> None:
    fetch()
    del server.archives[NAME]
    gone, future = fetch("2019-03", "2019-04")
    assert (gone.state, gone.remark, future.state, future.bytes) == (
        "unchanged",
        "no longer on the server",
        "not published",
        None,
    )


def test_a_refusal_is_plain(fetch: Fetching, server: ArchiveServer) -> None:
    server.answers = [Answer(status=403)]
    assert fetch.one().remark == (
        f"{NAME}: the server answers 403 Forbidden; see that {server.url}/{NAME} can be fetched from this machine"
    )
    assert len(server.asked) == 1


def test_a_way_out_of_https_is_not_gone(fetch: Fetching, server: ArchiveServer) -> None:
    server.answers = [Answer(status=302, headers={"Location": "ftp://127.0.0.1/x.zip"})]
    assert fetch.one().remark == f"{NAME}: no address to fetch from (UnsupportedProtocol)"


def test_a_redirect_is_followed_with_its_conditions(fetch: Fetching, server: ArchiveServer) -> None:
    away = Answer(status=302, headers={"Location": f"{server.url}/{NAME}"})
    server.answers = [away]
    assert fetch.one().state == "fetched"
    server.answers = [away]
    assert fetch.one().state == "unchanged"


def test_nobody_there_is_said_in_one_line(fetch: Fetching, server: ArchiveServer) -> None:
    server.shutdown()
    server.server_close()
    done, rest = fetch("2019-03", "2019-04")
    assert done.remark == f"{NAME}: no connection to 127.0.0.1, 3 times. Fetch again later"
    assert rest.state == "not tried"


def test_requests_keep_apart_and_bytes_within_the_rate(fetch: Fetching) -> None:
    at = [100.0]

    def sleep(seconds: float) -> None:
        fetch.slept.append(seconds)
        at[0] += seconds

    pace = Pace(sleep=sleep, monotonic=lambda: at[0], chance=lambda: 1.0)
    rules = fetch.rules.model_copy(update={"pause_seconds": 4})
    fetching.fetch(rules, fetch.folder, ["2019-03", "2019-04", "2019-05"], pace)
    assert fetch.slept == [4, 4]
    (fetch.folder / NAME).unlink()
    fetch.slept.clear()
    fetching.fetch(fetch.rules.model_copy(update={"mb_per_second": 0.5}), fetch.folder, ["2019-03"], pace)
    assert sum(fetch.slept) == pytest.approx(len(OLD) / 0.5e6)


def test_a_disk_too_full_for_it_is_not_filled(fetch: Fetching, server: ArchiveServer) -> None:
    usage = type("usage", (), {"free": 10 << 20})
    with patch.object(fetching.shutil, "disk_usage", lambda path: usage):
        done = fetch.one()
    assert done.remark == (f"{NAME} needs 66 MB in {fetch.folder}, and 10 MB are left; make room there and fetch again")
    assert fetch.files == set()


def test_two_at_once_do_not_mix(fetch: Fetching) -> None:
    with (fetch.folder / ".fetch.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(SaferCityError, match=r"another fetch into .* is under way"):
            fetch()
    assert fetch.one().state == "fetched"


def test_killed_midway_it_goes_on(fetch: Fetching, server: ArchiveServer) -> None:
    server.answers = [Answer(cut_after=1_000_000, stalls=True)]
    program = (
        "import sys; from pathlib import Path; from flows.operate.fetch import fetch; from flows.settings import Fetch;"
        "fetch(Fetch(base_url=sys.argv[1]), Path(sys.argv[2]), ['2019-03'])"
    )
    child = subprocess.Popen([sys.executable, "-c", program, server.url, str(fetch.folder)], cwd=Path.cwd())
    part = fetch.folder / f"{NAME}.part"
    until = time.monotonic() + 60
    while (not part.exists() or part.stat().st_size < 1_000_000) and time.monotonic() < until:
        time.sleep(0.02)
    child.kill()
    child.wait()
    assert fetch.one().requests == 1
    assert server.ranges[-1] == "bytes=1000000-"
    assert fetch.content == OLD


def months(folder: Path, first: date | None = None, last: date | None = None) -> list[str]:
    """The months that are wanted on 20 May 2019."""
    with patch.object(clock, "today", lambda: date(2019, 5, 20)):
        return wanted_months(folder, first, last)


def test_months_go_from_the_newest_archive_to_this_month(tmp_path: Path) -> None:
    assert months(tmp_path) == ["2019-02", "2019-03", "2019-04", "2019-05"]
    for name in ("2018-11.zip", "2019-03.zip", "2019-04.zip.part", "letter.zip"):
        (tmp_path / name).touch()
    assert months(tmp_path) == ["2019-03", "2019-04", "2019-05"]
    assert months(tmp_path, date(2018, 12, 1)) == [f"2018-{12}", *(f"2019-0{month}" for month in range(1, 6))]
    assert months(tmp_path, None, date(2018, 12, 1)) == ["2018-12"]
    assert months(tmp_path, date(2016, 12, 1), date(2016, 12, 1)) == ["2016-12"]


def test_months_that_are_none_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="2019-06 lies in the future"):
        months(tmp_path, None, date(2019, 6, 1))
    with pytest.raises(UsageError, match="no month from 2019-05 to 2019-04"):
        months(tmp_path, date(2019, 5, 1), date(2019, 4, 1))


def test_what_is_kept_beside_an_archive_is_hidden(fetch: Fetching) -> None:
    fetch()
    hidden = {path.name for path in fetch.folder.iterdir()} - fetch.files
    assert hidden == {".fetch.lock", f".{NAME}.origin.json"}
    assert json.loads((fetch.folder / f".{NAME}.origin.json").read_text())["etag"] == TAG


def test_a_base_url_is_one_of_the_web() -> None:
    with pytest.raises(ValueError, match="base_url"):
        Fetch(base_url="file:///etc")
