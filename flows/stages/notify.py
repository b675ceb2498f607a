"""Notify: tell people what they do not know yet, once.

A look at the warehouse and the machine; what has changed since the last one goes as one message to each recipient into
the outbox, in the transaction that says it is told; then the outbox is sent. A channel that is down never fails a run.
"""

from __future__ import annotations

from collections.abc import Sequence, Set
from datetime import timedelta

import duckdb

from flows import clock, ledger, outbox, problems, warehouse
from flows.contracts import Contract
from flows.digest import Digest, digest
from flows.errors import SaferCityError
from flows.observations import FETCH_FAILED, Failure, Look, failed_fetch, failed_run, failed_run_of, observe
from flows.outbox import ESCALATION, EVERYBODY, Channel, channels
from flows.problems import Decision, Observation, Policy, Problem, Telling
from flows.settings import Alerts, Settings


def tell(
    settings: Settings,
    contracts: dict[str, Contract],
    run_id: str,
    *,
    published: str | None = None,
    failure: Failure | None = None,
    watching: bool = False,
    send: bool = True,
) -> list[outbox.Sent]:
    """Look, tell what is to be told, and send what is due.

    Whoever calls holds the writer's lock. `published` is the release that this run published; with `watching` there is
    no run; without `send` the next one who sends does.
    """
    with warehouse.connect(settings) as connection:
        decision = decide(Look(settings, contracts, connection, clock.now(), failure, watching))
        write(connection, settings, decision, run_id, published=published)
    return outbox.send(settings) if send else []


def tell_of_failure(settings: Settings, run_id: str, failure: Failure) -> list[outbox.Sent]:
    """Tell of a run that failed where nothing else can be looked at, and send what is due.

    Whoever calls holds the writer's lock.
    """
    try:
        with warehouse.connect(settings) as connection:
            ledger.create(connection)
            look = Look(settings, {}, connection, clock.now(), failure)
            write(connection, settings, decide(look, observations=failed_run(look) or []), run_id, whole=False)
        return outbox.send(settings)
    except (duckdb.Error, OSError, SaferCityError):
        return tell_past_the_ledger(settings, run_id, failure)


def tell_of_fetch(settings: Settings, run_id: str, why_not: str | None) -> list[outbox.Sent]:
    """Tell why open data could not be fetched, or that it can be again, and send what is due.

    Whoever calls holds the writer's lock.
    """
    with warehouse.connect(settings) as connection:
        ledger.create(connection)
        look = Look(settings, {}, connection, clock.now())
        observations = [failed_fetch(why_not)] if why_not else []
        decision = decide(look, observations, looked_at={FETCH_FAILED})
        write(connection, settings, decision, run_id, whole=False)
    return outbox.send(settings)


def tell_past_the_ledger(settings: Settings, run_id: str, failure: Failure) -> list[outbox.Sent]:
    """Tell of a run that failed where not even the ledger can be written: each run that fails so tells anew."""
    tellings = [Telling("opened", Problem(failed_run_of(failure), clock.now()))]
    messages = addressed(settings.alerts, tellings, run_id)
    return [outbox.try_out(channel, content) for channel, content in messages if channel]


def is_anything_due(settings: Settings, contracts: dict[str, Contract], *, watching: bool = False) -> bool:
    """Whether `tell` would tell or send something now; changes nothing."""
    with warehouse.connect(settings, read_only=True) as connection:
        if ledger.version(connection) < ledger.SCHEMA_VERSION:
            return False
        now = clock.now()
        return outbox.is_due(connection, settings, now) or bool(
            decide(Look(settings, contracts, connection, now, watching=watching)).tellings
        )


def decide(
    look: Look, observations: Sequence[Observation] | None = None, looked_at: Set[str] = frozenset()
) -> Decision:
    """What becomes of the problems after a look, and what of them is to be told.

    With `observations` given, nothing else is looked at; problems of the kinds `looked_at` that are not among them are
    over.
    """
    if observations is None:
        observations, looked_at = observe(look)
    return problems.decide(
        problems.known(look.connection),
        observations,
        looked_at=looked_at,
        now=look.now,
        policy=policy(look),
        silences=problems.silences(look.connection, clock.london(look.now).date()),
    )


def policy(look: Look) -> Policy:
    """When to tell, by the settings and the contracts."""
    alerts = look.settings.alerts

    def escalate_after(source: str | None) -> timedelta:
        contract = look.contracts.get(source or "")
        days = contract.escalate_after_days if contract else None
        return timedelta(days=days or alerts.escalate_after_days)

    return Policy(
        repeat_after=timedelta(days=alerts.repeat_after_days),
        escalate_after=escalate_after,
        quiet=alerts.is_quiet(clock.london(look.now).time()),
    )


def write(
    connection: duckdb.DuckDBPyConnection,
    settings: Settings,
    decision: Decision,
    run_id: str,
    *,
    published: str | None = None,
    whole: bool = True,
) -> None:
    """Write the problems, and the messages that tell of them, in one transaction.

    After a `whole` look there is nothing more to be told once of the runs until now.
    """
    connection.execute("begin")
    problems.keep(connection, decision.problems)
    outbox.put(connection, addressed(settings.alerts, decision.tellings, run_id, published), clock.now())
    if whole:
        connection.execute("update ledger.runs set told = true where not told")
    connection.execute("commit")


def addressed(
    alerts: Alerts, tellings: Sequence[Telling], run_id: str, published: str | None = None
) -> list[tuple[Channel | None, Digest]]:
    """One message for each channel that concerns something; and one to no channel, of what concerns none."""
    concerned: dict[str, tuple[Channel, list[Telling]]] = {}
    for channel in channels(alerts):
        # An address that stands under two recipients gets one message, with what concerns either.
        _, its_own = concerned.setdefault(channel.url, (channel, []))
        its_own += [told for told in tellings if told not in its_own and _concerns(channel, told)]
    addressed = [(channel, its_own) for channel, its_own in concerned.values()]
    nobodys = [told for told in tellings if not any(told in its_own for _, its_own in addressed)]
    return [
        (channel, digest(its_own, run_id, published)) for channel, its_own in [*addressed, (None, nobodys)] if its_own
    ]


def _concerns(channel: Channel, telling: Telling) -> bool:
    if channel.recipient == ESCALATION:
        return telling.problem.escalated_at is not None
    return channel.recipient in (EVERYBODY, telling.problem.observation.owner)
