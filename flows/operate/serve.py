"""Prefect's server with its pages, and the schedules, for as long as this process lives.

Both are processes of their own: one that dies is started again, and both end with this one, however it ends. The port
is held here and handed on, so that a server that is started again is found where the one before was.
"""

from __future__ import annotations

import fcntl
import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event

from flows import runs
from flows.errors import SaferCityError, UsageError
from flows.orchestration import SERVER
from flows.settings import Paths, Settings

HOST = "127.0.0.1"
RUNS_END_WITHIN = 60  # seconds for the runs that are under way to write how they ended
SERVER_ENDS_WITHIN = 10
LONGEST_PAUSE = 60.0  # seconds before something that dies again and again is started once more
SOUND_AFTER = 60.0  # seconds after which something that died was well before
PORT_IS_FREED_WITHIN = 20  # seconds in which the server of a killed `safercity serve` notices and ends


@dataclass
class Child:
    """A process that is kept up. It ends when it can read no more from this one."""

    name: str
    argv: list[str]
    environment: dict[str, str]
    ends_within: float
    passes: tuple[int, ...] = ()
    process: subprocess.Popen[bytes] | None = None
    began: float = 0
    pause: float = field(default=1)

    def keep_up(self, say: Callable[[str], None]) -> None:
        """Start it, or start it again some seconds after it died; longer each time that it dies soon."""
        if self.process is None:
            self._start()
        elif (code := self.process.poll()) is not None:
            self._close()
            lived = time.monotonic() - self.began
            self.pause = 1 if lived > SOUND_AFTER else min(2 * self.pause, LONGEST_PAUSE)
            say(f"{self.name} ended by itself ({code}) after {lived:.0f} seconds; it is started again")
            self.process = None
            self.began = time.monotonic() + self.pause

    def _start(self) -> None:
        if time.monotonic() < self.began:
            return
        self.process = subprocess.Popen(
            # -P: what lies in the working folder shall not be taken for a library.
            [sys.executable, "-P", *self.argv],
            env=self.environment,
            stdin=subprocess.PIPE,
            pass_fds=self.passes,
            # Ctrl-C is for this process, which ends the others one after the other.
            start_new_session=True,
        )
        self.began = time.monotonic()

    def end(self) -> None:
        """Have it end, and wait for that."""
        if self.process is None:
            return
        self._close()
        try:
            self.process.wait(self.ends_within)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def _close(self) -> None:
        assert self.process is not None
        assert self.process.stdin is not None
        with suppress(BrokenPipeError):
            self.process.stdin.close()


def serve(settings: Settings, port: int, say: Callable[[str], None]) -> None:
    """Keep server and schedules up until SIGTERM or Ctrl-C.

    Raises UsageError when the port is taken or the data folder takes no writes, and SaferCityError when this data
    folder is served already.
    """
    told = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: told.set())
    runs.require_landing(settings)
    settings.paths.prefect.mkdir(parents=True, exist_ok=True)
    with _only_one(settings.paths), _listening(port, told) as listening:
        address = f"http://{HOST}:{listening.getsockname()[1]}"
        environment = _environment(settings, address)
        server = Child(
            "Prefect's server",
            [str(SERVER), str(listening.fileno())],
            environment,
            SERVER_ENDS_WITHIN,
            passes=(listening.fileno(),),
        )
        schedules = Child(
            "what starts the runs",
            ["-m", "flows.prefect_runner"],
            environment | {"PREFECT_API_URL": f"{address}/api"},
            RUNS_END_WITHIN,
        )
        is_up = False
        try:
            while not told.wait(0.5):
                server.keep_up(say)
                if is_up:
                    schedules.keep_up(say)
                elif _answers(listening.getsockname()[1]):
                    is_up = True
                    say(f"Prefect's pages: {address}")
                    say(f"Deliveries are taken from {settings.landing_dir}. End with Ctrl-C or SIGTERM")
        finally:
            schedules.end()
            server.end()
    say("Ended; nothing is left running")


def _environment(settings: Settings, address: str) -> dict[str, str]:
    """What server and runs are given. Paths are absolute in it, and nothing calls home (see `quiet_environment`)."""
    prefect = settings.paths.prefect
    mine = {
        "PREFECT_HOME": str(prefect),
        "PREFECT_SERVER_UI_API_URL": f"{address}/api",
        "PREFECT_SERVER_UI_STATIC_DIRECTORY": str(prefect / "pages"),
        "PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT": "false",
        # Who holds the slot of the warehouse must be known to a server that is started again.
        "PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE": "prefect.server.concurrency.lease_storage.filesystem",
        # What is older than ninety days goes: there is a look at the landing folder every five minutes.
        "PREFECT_SERVER_SERVICES_DB_VACUUM_ENABLED": "events,flow_runs",
        "SAFERCITY_DATA": str(settings.data),
    }
    if settings.landing_url is None:
        mine["SAFERCITY_LANDING"] = str(settings.landing_dir)
    # Prefect would write the text of any exception to its log, and so to its database.
    quiet = {"PREFECT_LOGGING_LEVEL": "CRITICAL", "PREFECT_SERVER_LOGGING_LEVEL": "CRITICAL"}
    return {**quiet, **os.environ, **mine}


@contextmanager
def _only_one(paths: Paths) -> Iterator[None]:
    """Keep another `safercity serve` out of the same data folder."""
    file: Path = paths.prefect / "serve.lock"
    with file.open("a+", encoding="utf-8") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            raise SaferCityError(
                f"{paths.data} is served already, by process {lock.read() or 'unknown'}; end that one first"
            ) from None
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield


@contextmanager
def _listening(port: int, told: Event) -> Iterator[socket.socket]:
    """The port, on this machine only; 0 is any that is free."""
    until = time.monotonic() + PORT_IS_FREED_WITHIN
    while True:
        try:
            listening = socket.create_server((HOST, port), backlog=512)
            break
        except OSError as error:
            if time.monotonic() > until or told.wait(1):
                raise UsageError(
                    f"port {port} of this machine cannot be used ({error.strerror}); give another one with --port"
                ) from None
    with listening:
        yield listening


def _answers(port: int) -> bool:
    """Whether the server does."""
    connection = http.client.HTTPConnection(HOST, port, timeout=1)
    try:
        connection.request("GET", "/api/health")
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
