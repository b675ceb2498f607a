"""`safercity serve`."""

from __future__ import annotations

from typing import Annotated

import typer

from flows.settings import load_settings


def serve(
    port: Annotated[int, typer.Option(help="Of Prefect's server and its pages.", min=0, max=65535)] = 4200,
) -> None:
    """Run everything on schedule: Prefect's server with its pages, and the runs when they are due.

    Until Ctrl-C or SIGTERM. Prefect's state lies below the data folder; after an end of whatever kind, start it again:
    of the runs that were missed meanwhile one of each schedule happens at once. Its pages are for this machine only.
    """
    from flows.operate import serve as serving

    serving.serve(load_settings(), port, lambda text: print(text, flush=True))
