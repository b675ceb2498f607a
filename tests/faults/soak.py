"""Nights on end: `safercity serve` through its schedules in compressed time, with all that goes wrong in between.

The runs are started by Prefect's API and take themselves to be in the night that the clock says; the schedules of
`serve` go on by the machine's own time beside them, which must not matter. A reader asks the published file all the
time, and a web service gets the alerts. After each night everything is held against what the night implies.
"""

import json
import logging
import os
import re
import signal
import time
import urllib.request
from collections import Counter
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import Any

import duckdb

from flows import logs
from tests.faults.channels import Inbox, listening
from tests.faults.children import Reader, holds_what_it_says, start_reader
from tests.faults.disks import Disk
from tests.faults.nights import Night, Told
from tests.faults.sandbox import LONG_AGO, Sandbox
from tests.faults.served import ON_ARRIVAL, OVER, Served, alive, descendants, serving, until
from tests.faults.street import Files
from tests.faults.test_killed_command import command_of

log = logging.getLogger(__name__)

EVERY_NIGHT, EVERY_HOUR, EVERY_WEEK = "every night", "every hour", "every week"
IN_PEACE_SECONDS = 80
"""For so long no run by the machine's own time may begin while something is killed and seen to be dead."""

FIVE_MINUTES = 300

PATIENCE_SECONDS = 400
"""The slot of a run that was killed is free after two minutes."""


@dataclass(frozen=True)
class Measured:
    """What a night came to: seconds of its nightly run, and bytes of the warehouse after it.

    `work` is alike in nights that did the same: it names the sources of the files that were loaded.
    """

    number: int
    work: str
    seconds: float
    bytes: int


@dataclass
class Soak:
    """Nights in a sandbox; a disk of its own, where there may be one, holds its data."""

    sandbox: Sandbox
    clock: Path
    disk: Disk | None
    stack: ExitStack
    inbox: Inbox = field(init=False)
    served: Served = field(init=False)
    reader: Reader | None = None
    kills: int = 0
    heard: set[str] = field(default_factory=set)
    measured: list[Measured] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.inbox = self.stack.enter_context(listening(Inbox()))
        alerts = {"urls": [self.inbox.url], "run_every_hours": 36, "least_free_mb": 0}
        self.sandbox.given = {"alerts": alerts}
        self.sandbox.landing.mkdir(parents=True)

    def live(self, night: Night) -> None:
        """Live through a night. Whatever is not as it should be is raised with a note of the night."""
        since = time.monotonic()
        try:
            if night.trouble:
                self.wait_for_peace()
            if night.trouble == "the machine is off":
                self.end()
            self.set_clock(night.at)
            if night.number == 0:
                self.start()
            self.land(night.files, f"night-{night.number:02}")
            self.go_through(night)
            if night.watch:
                self.set_clock(night.at + timedelta(hours=6))
                self.run(EVERY_HOUR)
            if night.tidy:
                self.run(EVERY_WEEK)
            self.hold_against(night)
            took = time.monotonic() - since
            log.warning("night %d (%s, %s): %.0f s", night.number, night.day, night.trouble or "no trouble", took)
        except Exception as error:
            error.add_note(f"night {night.number} ({night.day}, {night.trouble or 'no trouble'})")
            raise

    def set_clock(self, at: datetime) -> None:
        """Have it be this time, UTC, for what begins from now on; on it goes by itself."""
        new = self.clock.with_suffix(".new")
        new.write_text(f"{at.isoformat()}+00:00", encoding="utf-8")
        new.replace(self.clock)

    @property
    def notes(self) -> Path:
        """Where it is written down when something reaches for another machine."""
        return self.sandbox.folder / "notes"

    def wait_for_peace(self, run: str | None = None) -> None:
        """Wait until the machine's own five minutes do not come into what follows, and but for `run` nothing runs."""
        if FIVE_MINUTES - time.time() % FIVE_MINUTES < IN_PEACE_SECONDS:
            time.sleep(FIVE_MINUTES - time.time() % FIVE_MINUTES + 10)
        until(lambda: {one["id"] for one in self.under_way()} <= {run})

    def under_way(self) -> list[dict[str, Any]]:
        """The runs that Prefect takes to be running, or about to."""
        states = {"state": {"type": {"any_": ["RUNNING", "PENDING"]}}}
        return self.served.ask("flow_runs/filter", {"flow_runs": states})

    def land(self, files: Files, folder: str) -> None:
        """Let files land in a folder, all at once."""
        if not files:
            return
        arriving = self.sandbox.folder / "arriving"
        for name, content in files.items():
            path = arriving / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
            os.utime(path, (LONG_AGO, LONG_AGO))
        arriving.rename(self.sandbox.landing / folder)

    def go_through(self, night: Night) -> None:
        """The nightly run, and what happens to it."""
        match night.trouble:
            case None:
                self.run(EVERY_NIGHT, night)
                if self.reader is None:
                    self.reader = start_reader(plain_and_as_of, self.sandbox.paths.published_database)
            case "Prefect's server is killed":
                run = self.begin_and_reach(night)
                self.kill([self.served.child("prefect_server")])
                assert self.served.ended(run, PATIENCE_SECONDS)[0] == "COMPLETED", self.served.state(run)
            case "the machine is off":
                self.set_clock(night.at + timedelta(hours=20))
                self.start()
                self.run(EVERY_HOUR)
                self.run(EVERY_NIGHT)
            case "the disk is nearly full":
                self.nearly_fill()
            case "the disk is full":
                self.fill(night)
            case "the clock was set back":
                self.run(EVERY_NIGHT)
                self.set_clock(night.at - timedelta(hours=1))
                self.land(night.files_later, f"night-{night.number:02}-later")
                self.die(night)
                while (message := self.run(ON_ARRIVAL)).startswith("Left alone"):
                    pass
                assert message.startswith("Nothing to do"), message
            case _:
                self.die(night)

    def die(self, night: Night) -> None:
        """Have something die in the midst of the nightly run; it is seen to be dead, and the next run does its work."""
        run = self.begin_and_reach(night)
        process = self.served.process_of(run)
        os.kill(process, signal.SIGSTOP)  # it dies at this moment, however long peace takes
        self.wait_for_peace(run)
        match night.trouble:
            case "what starts the runs is killed":
                self.kill([self.served.child("flows.prefect_runner")])
                os.kill(process, signal.SIGCONT)
                until(lambda: not alive([process]))
            case "the machine stops" | "the machine stops twice" | "the clock was set back":
                self.stop()
                self.start()
            case _:
                self.kill([process])
        assert self.served.ended(run, PATIENCE_SECONDS)[0] == "CRASHED", self.served.state(run)
        self.run(EVERY_HOUR)
        if night.trouble == "the machine stops twice":
            self.begin_and_reach(replace(night, stage="transform"))
            self.stop()
            self.start()
            self.run(EVERY_HOUR)
        self.run(EVERY_NIGHT)

    def nearly_fill(self) -> None:
        """Less room is left than a run needs, and is made in the morning."""
        assert self.disk
        self.disk.leave(8)
        try:
            state, message = self.served.ended(self.served.begin(EVERY_NIGHT), PATIENCE_SECONDS)
            assert state == "FAILED", message
            self.run(EVERY_HOUR)
        finally:
            self.disk.clear()
        self.run(EVERY_NIGHT)

    def fill(self, night: Night) -> None:
        """A disk that fills up under the run, to the last byte; room is made when the run is gone."""
        assert self.disk
        run = self.begin_and_reach(night)
        process = self.served.process_of(run)
        self.disk.fill()
        try:
            until(lambda: not alive([process]))
        finally:
            self.disk.clear()
        self.run(EVERY_NIGHT)
        self.run(EVERY_HOUR)

    def begin_and_reach(self, night: Night) -> str:
        """Begin the nightly run and wait for the drawn moment of it; its id."""
        log = logs.file(self.sandbox.paths)
        known = log.stat().st_size if log.exists() else 0
        run = self.served.begin(EVERY_NIGHT)

        def has_begun() -> bool:
            lines = log.read_bytes()[known:].splitlines() if log.exists() else []
            said = [json.loads(line) for line in lines if line.endswith(b"}")]
            assert self.served.state(run)[0] not in OVER, self.served.state(run)
            return any((line["event"], line["stage"]) == ("begun", night.stage) for line in said)

        until(has_begun)
        time.sleep(night.seconds)
        return run

    def run(self, name: str, night: Night | None = None) -> str:
        """Start a run by its schedule's name and wait until it has ended well; its message."""
        run = self.served.begin(name)
        state, message = self.served.ended(run, PATIENCE_SECONDS)
        assert state == "COMPLETED", f"{name}: {state} {message}"
        if night:
            seconds = self.served.ask(f"flow_runs/{run}")["total_run_time"]
            is_as_expected = message.startswith("Published ") == bool(night.files)
            work = " ".join(sorted(night.files)) if is_as_expected else "otherwise"
            work = re.sub(r"[\d_-]+\.csv", "", work) or "nothing"
            self.measured.append(Measured(night.number, work, seconds, self.sandbox.paths.warehouse.stat().st_size))
        return message

    def start(self) -> None:
        """Start `safercity serve`, kept within this machine, and look at its pages."""
        self.served = self.stack.enter_context(serving(self.sandbox, self.notes))
        with urllib.request.urlopen(self.served.address, timeout=60) as page:
            assert b"<html" in page.read(), "there are no pages"

    def stop(self) -> None:
        """Everything is gone at once, as when the power is."""
        self.kill([self.served.process.pid, *descendants(self.served.process.pid)])
        self.served.process.wait(10)

    def end(self) -> None:
        """End it as the system does; nothing is left."""
        running = [self.served.process.pid, *descendants(self.served.process.pid)]
        self.served.process.send_signal(signal.SIGTERM)
        code = self.served.process.wait(90)
        left = [command_of(pid) for pid in running]
        assert (code, list(filter(None, left))) == (0, []), f"serve ended with {code} and left {left}"

    def kill(self, processes: list[int]) -> None:
        """Kill processes, the first one first."""
        self.kills += 1
        for pid in processes:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def told(self) -> Told:
        """What people were told since this was asked last; a message that came twice under the same id is one."""
        messages = {message["id"]: message for message in self.inbox.posted if message["id"] not in self.heard}
        self.heard |= set(messages)
        return Counter(
            (problem["told"].split()[0], problem["kind"], problem["source"])
            for message in messages.values()
            for problem in message["problems"]
        )

    def hold_against(self, night: Night) -> None:
        """What a night has left, against what it implies: the alerts, the deliveries and their sums."""
        told = self.told()
        assert told == night.told, (
            f"told and not implied: {told - night.told}; implied and not told: {night.told - told}"
        )
        unsound = self.sandbox.marts(
            """
            select file_name, columns(['received', 'accepted', 'quarantined', 'rejected', 'loaded', 'unchanged']), state
            from marts.deliveries
            where received <> accepted + quarantined + rejected
              or state <> 'superseded' and accepted <> loaded + unchanged + superseded_in_file
            """
        )
        assert not unsound, f"the rows of these do not add up: {unsound}"


def plain_and_as_of(file: Path, stop: Event) -> list[str]:
    """Ask for counts once a second, plainly and as of two days; the releases seen. Raises where a release is not whole.

    A release has the same figures each time, and all that is known as of the end of time is what is known now.
    """
    seen: dict[str, Any] = {}
    while not stop.is_set():
        with duckdb.connect(str(file), read_only=True) as connection:
            release, rows = holds_what_it_says(connection)
            now, at_last, before = (
                connection.execute(f"select count(*), sum(offences), bit_xor(hash(t)) from {what} t").fetchall()
                for what in (
                    "marts.all_crime_performance",
                    "marts.all_crime_performance_as_of(date '9999-12-31')",
                    "marts.all_crime_performance_as_of(date '2019-03-01')",
                )
            )
        assert now == at_last, f"release {release}: {now} now, and {at_last} as of the end of time"
        assert seen.setdefault(release, (rows, now, before)) == (rows, now, before), f"release {release} changed"
        time.sleep(1)
    return list(seen)
