"""`safercity fetch`: archives of open data into the landing folder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from flows.cli import screen
from flows.errors import InterruptedRunError
from flows.settings import load_settings

if TYPE_CHECKING:
    from flows.operate.fetch import Fetched


def fetch(
    first: Annotated[
        datetime | None,
        typer.Option(
            "--from", formats=["%Y-%m"], help="First month; default that of the newest archive in the folder."
        ),
    ] = None,
    last: Annotated[
        datetime | None, typer.Option("--to", formats=["%Y-%m"], help="Last month; default this month.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder to fetch into; the default is the landing folder of the settings.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON, for a script.")] = False,
) -> None:
    """Fetch the archives of data.police.uk, month by month, into the landing folder; the next run reads them.

    What is there and unchanged costs one request. What breaks off is kept and gone on with, and an archive takes its
    name when it is whole and its checksums hold. A month that is not published yet is no failure.

    Exit code 0 when everything that is published is there, 1 when something could not be had: fetch again.
    """
    from flows.operate import fetch as fetching

    settings = load_settings()
    folder = fetching.folder(settings, out)
    months = fetching.wanted_months(folder, first and first.date(), last and last.date())
    try:
        with screen.showing_progress():
            done = fetching.fetch(settings.fetch, folder, months)
    except KeyboardInterrupt:
        raise InterruptedRunError from None
    _show(done, folder, json=json)
    fetching.require_all(done)


def _show(done: Sequence[Fetched], folder: Path, *, json: bool) -> None:
    if json:
        screen.as_json({"folder": str(folder), "archives": [asdict(item) for item in done]})
        return
    screen.table(
        ["month", "state", "MB", "requests", "seconds", "remark"],
        [
            (
                item.month,
                item.state,
                item.bytes and round(item.bytes / 1e6, 1),
                item.requests,
                item.seconds,
                item.remark,
            )
            for item in done
        ],
    )
    fetched = sum(item.state == "fetched" for item in done)
    if fetched:
        print(f"\nFetched {fetched} into {folder}. Load with: safercity run")
    elif all(item.state in ("unchanged", "not published") for item in done):
        print("\nNothing new.")
