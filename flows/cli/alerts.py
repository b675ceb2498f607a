"""`safercity alerts`: what is wrong and who was told, silences, and proof that a channel works."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from flows import clock
from flows.cli import screen
from flows.errors import UsageError
from flows.settings import load_settings

if TYPE_CHECKING:
    from flows.outbox import Sent

app = typer.Typer(help="What is wrong, who was told, silences, and proof that a channel works.", no_args_is_help=True)

Json = Annotated[bool, typer.Option("--json", help="Print JSON, for a script.")]
SHOWN = 10  # messages that have arrived


@app.command("list")
def list_alerts(
    everything: Annotated[bool, typer.Option("--all", help="Also problems that have ended, and all messages.")] = False,
    json: Json = False,
) -> None:
    """The problems that are open, serious ones first; then the messages in the outbox. Times are UTC."""
    from flows.operate import alerts

    settings = load_settings()
    listed = alerts.list_problems(settings, ended=everything)
    silences = alerts.list_silences(settings)
    messages = alerts.list_messages(settings, limit=None if everything else SHOWN)
    if json:
        screen.as_json(
            {
                "problems": [item.as_dict() for item in listed],
                "silences": [asdict(silence) for silence in silences],
                "messages": [asdict(message) for message in messages],
            }
        )
        return
    if not listed:
        print("No problem is open.")
    else:
        rows = [item.as_dict() for item in listed]
        columns = ["problem_id", "since", "severity", "kind", "source", "force", "subject", "message", "rows", "owner"]
        columns += ["silenced_until"] + (["state", "ended_at"] if everything else [])
        screen.table(
            [column.replace("_", " ") for column in columns],
            [[f"{row[c]:%Y-%m-%d %H:%M}" if isinstance(row[c], datetime) else row[c] for c in columns] for row in rows],
            title="Problems",
        )
    if silences:
        screen.table(
            ["silenced", "until", "because"],
            [(silence.what, silence.until, silence.reason) for silence in silences],
            title="\nSilences",
        )
    if messages:
        screen.table(
            ["created", "recipient", "channel", "title", "state", "attempts", "next attempt", "why"],
            [
                (
                    f"{message.created_at:%Y-%m-%d %H:%M}",
                    message.recipient,
                    message.channel,
                    message.title,
                    message.state,
                    message.attempts,
                    message.next_attempt_at and f"{message.next_attempt_at:%Y-%m-%d %H:%M}",
                    message.error,
                )
                for message in messages
            ],
            title="\nMessages",
        )


@app.command("test")
def try_channels(
    to: Annotated[
        str | None, typer.Option(help="Only this recipient: everybody, escalation, or the name of an owner.")
    ] = None,
    json: Json = False,
) -> None:
    """Send a test to each channel in the settings, and say which of them took it. Exit code 1 when one did not."""
    from flows.operate import alerts

    _show(alerts.try_channels(load_settings(), to), json=json)


@app.command()
def silence(
    what: Annotated[str, typer.Argument(help="A rule, a source, or the id of a problem.")],
    reason: Annotated[str, typer.Option(help="Why nobody needs to hear of it.")],
    until: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="The last day of the silence, at most 90 days on.")
    ] = None,
    days: Annotated[int | None, typer.Option(help="Or for how many days, today included.", min=1, max=90)] = None,
) -> None:
    """Hear nothing of a rule, a source or a problem for a time; what is still wrong after it is told then."""
    from flows.operate import alerts

    if (until is None) == (days is None):
        raise UsageError("a silence has an end: give either --until or --days")
    last = until.date() if until else clock.today() + timedelta(days=(days or 1) - 1)
    made = alerts.silence(load_settings(), what, reason, until=last)
    print(f"Silenced through {made.until}: {made.what}. Lift it with: safercity alerts unsilence {made.what}")


@app.command()
def unsilence(what: Annotated[str, typer.Argument(help="What was silenced.")]) -> None:
    """Lift the silences of a rule, a source or a problem; what is still wrong is told by the next run or watch."""
    from flows.operate import alerts

    alerts.unsilence(load_settings(), what)
    print(f"No longer silenced: {what}")


@app.command()
def send(json: Json = False) -> None:
    """Try at once whatever has not arrived, without waiting for its turn. Exit code 1 when something still has not."""
    from flows.operate import alerts

    _show(alerts.send(load_settings()), json=json)


@app.command()
def watch(json: Json = False) -> None:
    """Look at what can go wrong without a run: a run that is overdue or was killed, a disk that fills up.

    Tells people what is new and sends what is due. Cheap enough for every few minutes; while a run is under way it
    leaves the telling to that run.
    """
    from flows.operate import alerts
    from flows.warehouse import WarehouseBusyError

    try:
        _show(alerts.watch(load_settings()), json=json, fails=False)
    except WarehouseBusyError:
        print("A run is under way; it tells people itself.")


def _show(sent: list[Sent], *, json: bool, fails: bool = True) -> None:
    if json:
        screen.as_json(
            [
                {"recipient": item.channel.recipient, "channel": item.channel.scheme, "error": item.error}
                for item in sent
            ]
        )
    elif not sent:
        print("Nothing to send.")
    else:
        screen.table(
            ["recipient", "channel", "result"],
            [(item.channel.recipient, item.channel.scheme, item.error or "sent") for item in sent],
        )
    if fails and any(item.error for item in sent):
        raise typer.Exit(1)
