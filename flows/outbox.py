"""The outbox: messages on their way to channels, in the ledger until they have arrived.

A message is written here in the transaction that says people are told; it is sent after that. What could not be
delivered is tried again, more and more seldom, for three days. A message whose sending was cut short (the process died,
or the channel did not answer in time) may have arrived: it is sent again under the same id, for an alert that comes
twice does less harm than one that never comes.
"""

from __future__ import annotations

import hashlib
import logging
import queue
import re
import secrets
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import duckdb

from flows import clock, warehouse
from flows.digest import CARD, HTML, MARKDOWN, SLACK, TEXT, Digest, render
from flows.settings import Alerts, Settings

CHANNEL_SECONDS = 10
"""How long a channel may take for one message."""

BUDGET_SECONDS = 30
"""How long all channels together may hold up who sends."""

WAITS = [timedelta(minutes=minutes) for minutes in (1, 5, 15, 60)]
"""How long to wait after the first attempt, the second and so on; the last holds for all that follow."""

GIVEN_UP_AFTER = timedelta(days=3)

EVERYBODY, ESCALATION = "everybody", "escalation"

TOO_SLOW = f"no answer within {CHANNEL_SECONDS} seconds; it may have arrived"
CUT_SHORT = "its sending was cut short; it may have arrived"
UNREADABLE = "its address cannot be read"
GONE = "its channel is no longer in the settings"


@dataclass(frozen=True)
class Channel:
    """Where messages go. `url` holds secrets: it is never shown and never kept."""

    recipient: str
    url: str

    @property
    def scheme(self) -> str:
        """The kind of channel."""
        return scheme(self.url)

    @property
    def mark(self) -> str:
        """What it is known by in the ledger: too short a part of a hash to try out secrets by."""
        return hashlib.sha256(self.url.encode()).hexdigest()[:8]


@dataclass(frozen=True)
class Sent:
    """What became of one message on one channel; `error` is None where it arrived."""

    alert_id: str
    channel: Channel
    error: str | None


def channels(alerts: Alerts) -> list[Channel]:
    """Every channel in the settings, those of everybody first; an address that stands there twice is one for each."""
    found = [Channel(EVERYBODY, url) for url in alerts.urls]
    found += [Channel(owner, url) for owner, of_owner in alerts.owners.items() for url in of_owner.urls]
    return found + [Channel(ESCALATION, url) for url in alerts.escalate_to]


def scheme(url: str) -> str:
    """The scheme of an address; the rest of it may be secret, and so may an address without one."""
    found = re.match(r"[a-z][a-z0-9+.-]*(?=:)", url, re.IGNORECASE)
    return found[0].lower() if found else "unknown"


def put(
    connection: duckdb.DuckDBPyConnection, messages: Sequence[tuple[Channel | None, Digest]], now: datetime
) -> list[str]:
    """Write messages to the outbox, within the transaction of whoever calls; None is a message without a channel."""
    ids = []
    for channel, content in messages:
        ids.append(secrets.token_hex(8))
        connection.execute(
            "insert into ledger.alerts values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, ?, null, null)",
            [
                *(ids[-1], content.run_id, now),
                *((channel.recipient, channel.scheme, channel.mark) if channel else (EVERYBODY, "none", None)),
                *(content.severity, content.title, render(content, TEXT, 50_000), content.as_json()),
                *(("queued", now) if channel else ("no channel", None)),
            ],
        )
    return ids


def is_due(connection: duckdb.DuckDBPyConnection, settings: Settings, now: datetime) -> bool:
    """Whether something is to be sent now."""
    return bool(_due(connection, settings, now))


def send(settings: Settings, *, at_once: bool = False) -> list[Sent]:
    """Send what is due, or `at_once` everything that has not arrived, to all channels side by side.

    Each result is kept as soon as it is known. Whoever calls holds the writer's lock.
    """
    began = time.monotonic()
    with warehouse.connect(settings) as connection:
        connection.execute(
            "update ledger.alerts set state = 'queued', error = ? where state = 'sending'",
            [CUT_SHORT],
        )
        _give_up(connection, settings)
    results: list[Sent] = []
    failed: set[str] = set()
    while time.monotonic() - began < BUDGET_SECONDS:
        with warehouse.connect(settings) as connection:
            due = _due(connection, settings, clock.now(), at_once=at_once)
            wave = {channel.mark: (alert_id, channel, content) for alert_id, channel, content in reversed(due)}
            wave = {mark: message for mark, message in wave.items() if mark not in failed}
            _start(connection, [alert_id for alert_id, _, _ in wave.values()])
        if not wave:
            break
        for sent in _deliver_all(list(wave.values())):
            with warehouse.connect(settings) as connection:
                _finish(connection, sent, clock.now())
            results.append(sent)
            failed |= {sent.channel.mark} if sent.error else set()
    return results


def _due(
    connection: duckdb.DuckDBPyConnection, settings: Settings, now: datetime, *, at_once: bool = False
) -> list[tuple[str, Channel, Digest]]:
    """The messages that are to be sent now, oldest first. In quiet hours only the critical ones are."""
    known = {channel.mark: channel for channel in reversed(channels(settings.alerts))}
    rows = connection.execute(
        """
        select alert_id, channel_mark, digest from ledger.alerts
        where state in ('queued', 'sending') and (? or next_attempt_at <= ?) and (severity = 'critical' or not ?)
        order by created_at, rowid
        """,
        [at_once, now, not at_once and settings.alerts.is_quiet(clock.london(now).time())],
    ).fetchall()
    return [(alert_id, known[mark], Digest.from_json(content)) for alert_id, mark, content in rows if mark in known]


def _give_up(connection: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    marks = [channel.mark for channel in channels(settings.alerts)]
    connection.execute(
        """
        update ledger.alerts set state = 'given up', next_attempt_at = null, error = ?
        where state = 'queued' and not list_contains(?::varchar[], channel_mark)
        """,
        [GONE, marks],
    )


def _start(connection: duckdb.DuckDBPyConnection, alert_ids: list[str]) -> None:
    connection.execute(
        "update ledger.alerts set state = 'sending', attempts = attempts + 1"
        " where list_contains(?::varchar[], alert_id)",
        [alert_ids],
    )


def _finish(connection: duckdb.DuckDBPyConnection, sent: Sent, now: datetime) -> None:
    if sent.error is None:
        connection.execute(
            "update ledger.alerts set state = 'sent', sent_at = ?, next_attempt_at = null, error = null"
            " where alert_id = ?",
            [now, sent.alert_id],
        )
        return
    [(attempts, created_at)] = connection.execute(
        "select attempts, created_at from ledger.alerts where alert_id = ?", [sent.alert_id]
    ).fetchall()
    again_at = now + WAITS[min(attempts, len(WAITS)) - 1]
    is_over = again_at > created_at + GIVEN_UP_AFTER
    connection.execute(
        "update ledger.alerts set state = ?, next_attempt_at = ?, error = ? where alert_id = ?",
        ["given up" if is_over else "queued", None if is_over else again_at, sent.error, sent.alert_id],
    )


def _deliver_all(messages: Sequence[tuple[str, Channel, Digest]]) -> Iterator[Sent]:
    """Deliver each message on a thread of its own; the results as they come, those that are too slow at the end."""
    done: queue.Queue[Sent] = queue.Queue()
    waiting = {alert_id: channel for alert_id, channel, _ in messages}

    def work(alert_id: str, channel: Channel, content: Digest) -> None:
        done.put(Sent(alert_id, channel, deliver(channel.url, content, alert_id)))

    until = time.monotonic() + CHANNEL_SECONDS + 1
    for message in messages:
        threading.Thread(target=work, args=message, daemon=True).start()
    while waiting:
        try:
            sent = done.get(timeout=max(until - time.monotonic(), 0.001))
        except queue.Empty:
            break
        del waiting[sent.alert_id]
        yield sent
    yield from (Sent(alert_id, channel, TOO_SLOW) for alert_id, channel in waiting.items())


def try_out(channel: Channel, content: Digest) -> Sent:
    """Deliver one message past the outbox, to see whether the channel takes it."""
    [sent] = _deliver_all([(secrets.token_hex(8), channel, content)])
    return sent


def is_readable(url: str) -> bool:
    """Whether an address is one that a message can be sent to; sends nothing."""
    return _plugin(url) is not None


def _plugin(url: str) -> Any:
    import apprise

    _listen_to_apprise()
    asset = apprise.AppriseAsset(app_id="Safer City", app_desc="Safer City")
    plugin = apprise.Apprise.instantiate(url, asset=asset, suppress_exceptions=True)
    return plugin if isinstance(plugin, apprise.NotifyBase) else None


def deliver(url: str, content: Digest, alert_id: str) -> str | None:
    """Deliver a digest to an address in the form made for that kind of channel; why not, in our own words, or None."""
    import apprise

    plugin = _plugin(url)
    if plugin is None:
        return UNREADABLE
    plugin.socket_connect_timeout = plugin.socket_read_timeout = CHANNEL_SECONDS
    form, title, body = _body(plugin, content, alert_id)
    kinds = apprise.NotifyType
    kind = {"critical": kinds.FAILURE, "warning": kinds.WARNING, "info": kinds.INFO}[content.severity]
    _heard.reason = None
    try:
        arrived = plugin.notify(title=title, body=body, notify_type=kind, body_format=form)
    except Exception as error:  # noqa: BLE001  (whatever a plugin of a hundred does must not end a run)
        return f"not delivered ({type(error).__name__})"
    return None if arrived else getattr(_heard, "reason", None) or "not delivered"


SLACK_LIMIT, TEAMS_LIMIT, MAIL_LIMIT = 2_900, 12_000, 100_000
"""Characters of a body where Apprise does not know: Slack takes 3,000 in a section, Teams 28 KB in a card."""


def _body(plugin: Any, content: Digest, alert_id: str) -> tuple[Any, str, str]:
    """The format of a channel, the title and the body; sets on the plugin what it can carry, or should not, beside."""
    from apprise import NotifyFormat
    from apprise.plugins.custom_json import NotifyJSON
    from apprise.plugins.email.base import NotifyEmail
    from apprise.plugins.slack import NotifySlack
    from apprise.plugins.workflows import NotifyWorkflows

    form, title = plugin.notify_format, content.title
    style = {NotifyFormat.HTML: HTML, NotifyFormat.MARKDOWN: MARKDOWN}.get(form, TEXT)
    if isinstance(plugin, NotifySlack):
        plugin.use_blocks, plugin.include_image, plugin.include_footer = True, False, False
        title = title if len(title) <= SLACK_TITLE else f"{title[: SLACK_TITLE - 1]}…"
        return NotifyFormat.MARKDOWN, title, render(content, SLACK, SLACK_LIMIT)
    if isinstance(plugin, NotifyWorkflows):
        # A card does not wrap its title: a long one could not be read. The picture would be fetched from elsewhere.
        plugin.include_image = False
        return NotifyFormat.MARKDOWN, "", f"**{title}**\n\n{render(content, CARD, TEAMS_LIMIT)}"
    if isinstance(plugin, NotifyEmail):
        plugin.headers["X-Safer-City-Alert"] = alert_id
        return form, title, render(content, style, MAIL_LIMIT)
    if isinstance(plugin, NotifyJSON):
        plugin.headers["Idempotency-Key"] = alert_id
        plugin.payload_extras |= content.payload(alert_id)
    # What has no room for a title shows it above the body.
    room = plugin.body_maxlen - (0 if plugin.title_maxlen else len(title) + 2)
    return form, title, render(content, style, max(room, 0))


SLACK_TITLE = 150
"""Characters that Slack takes in a header."""


_heard = threading.local()


class _Reason(logging.Filter):
    """Makes a reason in our own words of what Apprise logs, and lets nothing of that out: it may quote the address."""

    def filter(self, record: logging.LogRecord) -> bool:
        text = record.getMessage()
        if answered := re.search(r"error=(\d{3})\b", text):
            _heard.reason = f"the channel answered {answered[1]}"
        elif re.search("connection error", text, re.IGNORECASE):
            _heard.reason = "the channel cannot be reached"
        return False


def _listen_to_apprise() -> None:
    logger = logging.getLogger("apprise")
    if not any(isinstance(known, _Reason) for known in logger.filters):
        logger.setLevel(logging.WARNING)
        logger.addFilter(_Reason())
