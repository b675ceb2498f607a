"""What people do with alerts: see them, silence one for a time, prove a channel, send again, keep watch."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import duckdb

from flows import clock, ledger, outbox, problems, warehouse
from flows.contracts import load_contracts
from flows.digest import Digest, Entry, day
from flows.errors import UsageError
from flows.observations import OPERATOR
from flows.outbox import Channel, Sent, channels
from flows.problems import SERIOUSNESS, Problem, Silence
from flows.settings import Settings
from flows.stages import notify

LONGEST_SILENCE = timedelta(days=90)


@dataclass(frozen=True)
class Listed:
    """A problem as it is listed; `silenced_until` is the last day on which nobody hears of it."""

    problem: Problem
    silenced_until: date | None
    silenced_because: str | None

    def as_dict(self) -> dict[str, Any]:
        """As fields, for a script. Times are UTC."""
        observed = self.problem.observation
        return {
            "problem_id": observed.problem_id,
            "state": "open" if self.problem.is_open else "ended" if observed.lasting else "told once",
            "since": self.problem.since,
            "severity": observed.severity,
            "kind": observed.kind,
            "source": observed.source,
            "force": observed.force,
            "subject": observed.subject or None,
            "message": observed.message,
            "files": observed.files,
            "rows": observed.rows,
            "owner": observed.owner,
            "told_at": self.problem.told_at,
            "escalated_at": self.problem.escalated_at,
            "ended_at": self.problem.ended_at,
            "silenced_until": self.silenced_until,
            "silenced_because": self.silenced_because,
        }


@dataclass(frozen=True)
class Message:
    """A message in the outbox; times are UTC."""

    alert_id: str
    created_at: datetime
    recipient: str
    channel: str
    severity: str
    title: str
    state: str
    attempts: int
    next_attempt_at: datetime | None
    sent_at: datetime | None
    error: str | None


def list_problems(settings: Settings, *, ended: bool) -> list[Listed]:
    """The open problems, serious and old ones first; with `ended` all that there ever were."""
    today = clock.today()
    with _reading(settings) as connection:
        found = problems.known(connection, ended=ended)
        silences = problems.silences(connection, today)
    found = [problem for problem in found if ended or problem.is_open]
    found.sort(key=lambda problem: (not problem.is_open, -SERIOUSNESS[problem.observation.severity], problem.since))
    return [_listed(problem, silences, today) for problem in found]


def _listed(problem: Problem, silences: list[Silence], today: date) -> Listed:
    holding = [silence for silence in silences if silence.covers(problem, today)]
    longest = max(holding, key=lambda silence: silence.until, default=None)
    return Listed(problem, longest.until if longest else None, longest.reason if longest else None)


def list_silences(settings: Settings) -> list[Silence]:
    """The silences that hold today."""
    with _reading(settings) as connection:
        return problems.silences(connection, clock.today())


def list_messages(settings: Settings, *, limit: int | None) -> list[Message]:
    """What is in the outbox, newest first; with a limit those that have arrived, or never had a channel, are fewer."""
    with _reading(settings) as connection:
        rows = connection.execute(
            """
            select alert_id, created_at, recipient, channel, severity, title, state, attempts, next_attempt_at, sent_at,
              error
            from ledger.alerts
            qualify state not in ('sent', 'no channel') or ? is null
              or row_number() over (partition by state in ('sent', 'no channel') order by created_at desc) <= ?
            order by created_at desc, alert_id
            """,
            [limit, limit],
        ).fetchall()
    return [Message(*row) for row in rows]


def silence(settings: Settings, what: str, reason: str, *, until: date) -> Silence:
    """Keep a rule, a source or a problem from being told, through the day `until`.

    Raises UsageError where nothing is called so, and for a silence without a reason, that has ended, or is too long.
    """
    today = clock.today()
    if not reason.strip():
        raise UsageError("say why in --reason: whoever finds the silence must be able to judge it")
    if until < today:
        raise UsageError(f"{until} has passed; give a later day")
    if until > today + LONGEST_SILENCE:
        raise UsageError(f"a silence ends after {LONGEST_SILENCE.days} days at most: by {today + LONGEST_SILENCE}")
    contracts = load_contracts()
    named = {*contracts, *(rule.code for contract in contracts.values() for rule in contract.all_rules)}
    made = Silence(secrets.token_hex(4), what, reason.strip(), clock.now(), until)
    with _writing(settings, "alerts silence") as connection:
        for problem in problems.known(connection, ended=True):
            named |= {problem.observation.problem_id, problem.observation.subject}
        if what.lower() not in {name.lower() for name in named if name}:
            raise UsageError(f"{what} is no source, rule or problem; `safercity alerts list` has those that are open")
        connection.execute(
            "insert into ledger.silences values (?, ?, ?, ?, ?, null)",
            [made.silence_id, made.what, made.reason, made.created_at, made.until],
        )
    return made


def unsilence(settings: Settings, what: str) -> int:
    """Lift the silences of a rule, a source or a problem; how many held.

    Raises UsageError where none did.
    """
    with _writing(settings, "alerts unsilence") as connection:
        lifted = connection.execute(
            "update ledger.silences set lifted_at = ? where lifted_at is null and until >= ? and lower(what) = lower(?)"
            " returning silence_id",
            [clock.now(), clock.today(), what],
        ).fetchall()
    if not lifted:
        raise UsageError(f"{what} is not silenced")
    return len(lifted)


def try_channels(settings: Settings, to: str | None) -> list[Sent]:
    """Send a message that says it is a test to every channel, or to those of one recipient.

    Raises UsageError where there is no such channel.
    """
    found = [channel for channel in channels(settings.alerts) if to is None or channel.recipient.lower() == to.lower()]
    if not found:
        whose = f"of {to} " if to else ""
        raise UsageError(f"no channel {whose}is set; see SAFERCITY_ALERTS__URLS and the table of settings")
    return [outbox.try_out(channel, _test_message(channel)) for channel in found]


def _test_message(channel: Channel) -> Digest:
    entry = Entry(
        told="opened",
        kind="test",
        problem_ids=[],
        severity="info",
        subject="",
        names=[],
        source=None,
        forces=[],
        message=f"this channel reaches {channel.recipient}",
        files=None,
        rows=None,
        owner=OPERATOR,
        since=day(clock.now()),
        done="This is a test. Nothing is wrong.",
        look="safercity alerts list",
    )
    return Digest("Safer City: a test", "info", "test", [entry])


def send(settings: Settings) -> list[Sent]:
    """Try at once whatever has not arrived."""
    _require_warehouse(settings)
    with warehouse.writer_lock(settings.paths, "alerts send"):
        _bring_up(settings)
        return outbox.send(settings, at_once=True)


def watch(settings: Settings) -> list[Sent]:
    """Look at everything that can go wrong without a run, tell what is new, and send what is due.

    Raises WarehouseBusyError while a run is under way: that one tells by itself.
    """
    contracts = load_contracts()
    _require_warehouse(settings)
    with warehouse.writer_lock(settings.paths, "alerts watch"):
        _bring_up(settings)
        if not notify.is_anything_due(settings, contracts, watching=True):
            return []
        now = clock.now()
        return notify.tell(settings, contracts, f"watch-{now:%Y%m%dT%H%M%SZ}", watching=True)


@contextmanager
def _reading(settings: Settings) -> Iterator[duckdb.DuckDBPyConnection]:
    _require_warehouse(settings)
    with warehouse.connect(settings, read_only=True) as connection:
        if ledger.version(connection) < ledger.SCHEMA_VERSION:
            raise UsageError(
                "the warehouse is of an older version; the next run, or `safercity alerts watch`, mends it"
            )
        yield connection


@contextmanager
def _writing(settings: Settings, command: str) -> Iterator[duckdb.DuckDBPyConnection]:
    _require_warehouse(settings)
    with warehouse.writer_lock(settings.paths, command):
        _bring_up(settings)
        with warehouse.connect(settings) as connection:
            yield connection


def _bring_up(settings: Settings) -> None:
    with warehouse.connect(settings) as connection:
        if ledger.version(connection) < ledger.SCHEMA_VERSION:
            ledger.create(connection)


def _require_warehouse(settings: Settings) -> None:
    if not settings.paths.warehouse.exists():
        raise UsageError(f"there is no warehouse in {settings.data} yet; run: safercity run")
