"""`safercity audit`: who did what to the figures and the records, when and why."""

from __future__ import annotations

from collections import deque
from dataclasses import asdict
from datetime import datetime
from typing import Annotated

import typer

from flows import audit_log
from flows.cli import screen
from flows.errors import SaferCityError
from flows.settings import Paths, load_settings

app = typer.Typer(help="Who ran, read, exported, replayed, accepted, silenced, rolled back.", no_args_is_help=True)


@app.command("list")
def list_(
    act: Annotated[str | None, typer.Option(help="Only acts of this kind, such as consult or replay.")] = None,
    who: Annotated[str | None, typer.Option(help="Only acts of this user of the system.")] = None,
    since: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Only from this day (UTC) on.")] = None,
    limit: Annotated[int, typer.Option(help="How many at most, newest last; 0 is all.", min=0)] = 50,
    json: Annotated[bool, typer.Option("--json", help="Print JSON, for a script.")] = False,
) -> None:
    """The newest lines of the audit log. Every line up to them is verified on the way."""
    found = deque(
        (
            line
            for line in audit_log.read(load_settings().paths)
            if act in (None, line.act) and who in (None, line.who) and (since is None or line.at >= since.isoformat())
        ),
        maxlen=limit or None,
    )
    if json:
        screen.as_json([asdict(line) for line in found])
        return
    screen.table(
        ["at (UTC)", "who", "act", "what", "reason", "run"],
        [(line.at, line.who, line.act, line.what, line.reason, line.run_id) for line in found],
    )


@app.command()
def verify() -> None:
    """Is every line as it was written, and none taken out or put in? The last hash is worth keeping elsewhere.

    Lines taken off the end leave no trace in the log itself: compare the last hash and the number of lines with those
    that were noted before.
    """
    number, last = 0, audit_log.FIRST
    for line in audit_log.read(load_settings().paths):
        number, last = number + 1, line.hash
    print(f"{number} lines, each as it was written. Last hash: {last}")


def consulted(paths: Paths, what: str) -> None:
    """Log that records or figures were looked at. Readers are never locked out, not by a full disk either."""
    try:
        audit_log.record(paths, "consult", what)
    except SaferCityError as error:
        screen.err.print(f"safercity: {error}. The query was answered all the same", markup=False)
