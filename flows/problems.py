"""Problems, from when they begin to when they end, and which of them people are to be told of, when.

A look at the warehouse gives observations. A problem is what a kind of observation is about: it stays the same one,
known by its kind, source, force and subject, for as long as each look observes it. People are told when it opens, gets
materially worse, grows too old or ends; and again after some days when it only goes on. An observation that is not
`lasting` (an older file that a backfill brings) is told once, and that is all.

What is observed stands in `flows.observations`, how it reads in `flows.digest`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any, Literal

import duckdb

from flows import clock
from flows.contracts import Severity

Told = Literal["opened", "changed", "still open", "escalated", "recovered"]

SERIOUSNESS: dict[Severity, int] = {"info": 0, "warning": 1, "critical": 2}


@dataclass(frozen=True)
class Observation:
    """Something that is wrong, in names, rule messages and counts only.

    `done` is what was done about it, `look` the command to look further. `names` are those of files. `rows` and
    `files` are None where nothing is counted, or no count may be told. `since` (UTC) is when it began, where that is
    known to be before it was first seen.
    """

    kind: str
    subject: str
    severity: Severity
    owner: str
    message: str
    done: str
    look: str
    source: str | None = None
    force: str | None = None
    names: tuple[str, ...] = ()
    files: int | None = None
    rows: int | None = None
    since: datetime | None = None
    lasting: bool = True

    @property
    def problem_id(self) -> str:
        """What the problem is known by, from look to look."""
        key = (self.kind, self.source, self.force, self.subject, self.lasting)
        return hashlib.sha256(repr(key).encode()).hexdigest()[:10]


@dataclass(frozen=True)
class Problem:
    """A problem and what people know of it. Times are UTC.

    `told_severity` and `told_rows` are what people were last told; `end_told` says that its end needs no telling.
    """

    observation: Observation
    opened_at: datetime
    told_at: datetime | None = None
    told_severity: Severity | None = None
    told_rows: int | None = None
    escalated_at: datetime | None = None
    ended_at: datetime | None = None
    end_told: bool = False

    @property
    def since(self) -> datetime:
        """When it began."""
        return self.observation.since or self.opened_at

    @property
    def is_open(self) -> bool:
        """Whether it goes on."""
        return self.observation.lasting and self.ended_at is None


@dataclass(frozen=True)
class Silence:
    """A decision to hear nothing of a rule, a source or a problem, through the day `until` (London)."""

    silence_id: str
    what: str
    reason: str
    created_at: datetime
    until: date

    def covers(self, problem: Problem, today: date) -> bool:
        """Whether it keeps this problem from being told today."""
        observed = problem.observation
        named = {name.lower() for name in (observed.problem_id, observed.subject, observed.source) if name}
        return today <= self.until and self.what.lower() in named


@dataclass(frozen=True)
class Telling:
    """A problem that is to be told, and why now."""

    told: Told
    problem: Problem


@dataclass(frozen=True)
class Policy:
    """When to tell. `quiet` says that it is the time of day when only critical things are told."""

    repeat_after: timedelta = timedelta(days=7)
    escalate_after: Callable[[str | None], timedelta] = field(default=lambda _source: timedelta(days=14))
    quiet: bool = False


@dataclass(frozen=True)
class Decision:
    """The problems as they are to be kept, and what of them is to be told."""

    problems: list[Problem]
    tellings: list[Telling]


def decide(
    known: Sequence[Problem],
    observed: Iterable[Observation],
    *,
    looked_at: Collection[str],
    now: datetime,
    policy: Policy,
    silences: Sequence[Silence] = (),
) -> Decision:
    """What becomes of the known problems and which are new, after a look at the kinds `looked_at`; and what to tell.

    `known` are those that are open, and those that have ended of which something is yet to be told. A problem of a kind
    that was not looked at neither ends nor is seen again. Deciding again in the same moment tells nothing more.
    """
    latest = {observation.problem_id: observation for observation in observed}
    problems: list[Problem] = []
    for problem in known:
        again = latest.pop(problem.observation.problem_id, None) if problem.observation.lasting else None
        if again:
            problems.append(replace(problem, observation=again, ended_at=None))
        elif problem.is_open and problem.observation.kind in looked_at:
            problems.append(replace(problem, ended_at=now))
        else:
            problems.append(problem)
    problems += [Problem(new, opened_at=now, ended_at=None if new.lasting else now) for new in latest.values()]
    kept, tellings = [], []
    for problem in problems:
        told = _due(problem, now, policy)
        is_silenced = any(silence.covers(problem, clock.london(now).date()) for silence in silences)
        is_for_later = policy.quiet and (told == "recovered" or problem.observation.severity != "critical")
        if told and not is_silenced and not is_for_later:
            kept.append(_as_told(problem, told, now))
            tellings.append(Telling(told, kept[-1]))
        elif problem.ended_at and (is_silenced or told is None):
            kept.append(replace(problem, end_told=True))  # nobody is waiting to hear of its end
        else:
            kept.append(problem)
    return Decision(kept, tellings)


def _due(problem: Problem, now: datetime, policy: Policy) -> Told | None:
    observed = problem.observation
    if problem.end_told:
        return None
    if not observed.lasting:
        return "opened"
    if problem.ended_at:
        return "recovered" if problem.told_at else None
    if problem.told_at is None:
        return "opened"
    is_old = now - problem.since >= policy.escalate_after(observed.source)
    if observed.severity == "critical" and problem.escalated_at is None and is_old and problem.told_at < now:
        return "escalated"  # who hears of it only now, after a quiet night, is given until the next look
    is_worse = SERIOUSNESS[observed.severity] > SERIOUSNESS[problem.told_severity or observed.severity]
    is_more = observed.rows is not None and problem.told_rows is not None and observed.rows > 2 * problem.told_rows
    if is_worse or is_more:
        return "changed"
    if observed.severity != "info" and now - problem.told_at >= policy.repeat_after:
        return "still open"
    return None


def _as_told(problem: Problem, told: Told, now: datetime) -> Problem:
    observed = problem.observation
    return replace(
        problem,
        told_at=now,
        told_severity=observed.severity,
        told_rows=observed.rows,
        escalated_at=now if told == "escalated" else problem.escalated_at,
        end_told=problem.ended_at is not None,
    )


_COLUMNS = (
    "kind, subject, severity, owner, message, done, look, source, force, names, files, rows, since, lasting, opened_at,"
    " told_at, told_severity, told_rows, escalated_at, ended_at, end_told"
)
_NAMES, _OF_OBSERVATION = 9, 14


def known(connection: duckdb.DuckDBPyConnection, *, ended: bool = False) -> list[Problem]:
    """The problems that are open or of which something is yet to be told; with `ended` all there ever were."""
    rows = connection.execute(
        f"""
        select {_COLUMNS} from ledger.problems
        where ? or ended_at is null or not end_told
        order by opened_at, problem_id
        """,
        [ended],
    ).fetchall()
    return [_problem(row) for row in rows]


def _problem(row: tuple[Any, ...]) -> Problem:
    seen: list[Any] = [*row[:_NAMES], tuple(row[_NAMES]), *row[_NAMES + 1 : _OF_OBSERVATION]]
    return Problem(Observation(*seen), *row[_OF_OBSERVATION:])


def keep(connection: duckdb.DuckDBPyConnection, problems: Sequence[Problem]) -> None:
    """Write the problems that are no longer as they were kept; within the transaction of whoever calls."""
    unchanged = set(known(connection))
    changed = [problem for problem in problems if problem not in unchanged]
    if not changed:
        return
    connection.execute(
        """
        delete from ledger.problems
        where (problem_id, opened_at) in (select (unnest(?::varchar[]), unnest(?::timestamp[])))
        """,
        [[problem.observation.problem_id for problem in changed], [problem.opened_at for problem in changed]],
    )
    rows = [_row(problem) for problem in changed]
    values = ", ".join(f"({', '.join('?' * len(row))})" for row in rows)
    connection.execute(
        f"insert into ledger.problems (problem_id, {_COLUMNS}) values {values}",
        [value for row in rows for value in row],
    )


def _row(problem: Problem) -> list[Any]:
    """A problem as a row of its id and `_COLUMNS`."""
    observed = problem.observation
    return [
        *(observed.problem_id, observed.kind, observed.subject, observed.severity, observed.owner, observed.message),
        *(observed.done, observed.look, observed.source, observed.force, list(observed.names), observed.files),
        *(observed.rows, observed.since, observed.lasting, problem.opened_at, problem.told_at, problem.told_severity),
        *(problem.told_rows, problem.escalated_at, problem.ended_at, problem.end_told),
    ]


def silences(connection: duckdb.DuckDBPyConnection, today: date) -> list[Silence]:
    """The silences that hold today."""
    rows = connection.execute(
        """
        select silence_id, what, reason, created_at, until from ledger.silences
        where lifted_at is null and until >= ?
        order by created_at, silence_id
        """,
        [today],
    ).fetchall()
    return [Silence(*row) for row in rows]
