"""`safercity erase`."""

from __future__ import annotations

from typing import Annotated

import typer

from flows import audit_log
from flows.cli import screen
from flows.errors import UsageError
from flows.settings import load_settings


def erase(
    source: Annotated[str, typer.Argument(help="The source that delivered the record.")],
    key: Annotated[str, typer.Argument(help="The record's key, as it stands in the key column of the source.")],
    reason: Annotated[
        str, typer.Option(help="Why; kept in the audit log with your name. It must not name the record.")
    ],
    yes: Annotated[bool, typer.Option("--yes", help="Do it. What is erased cannot be brought back.")] = False,
) -> None:
    """Erase one record: every row of it in raw, quarantine, states and all releases, for good.

    States, marts and a release are made anew, the releases from before are removed, and the warehouse is compacted, so
    that no block of a file holds the record. Deliveries that bring it again are loaded without it. Files of the landing
    folder and backups are never changed: those that hold it are named. After a kill, run it again.
    """
    from flows.cli.main import through_prefect
    from flows.contracts import load_contracts
    from flows.operate import erase as erasing

    settings, contracts = load_settings(), load_contracts()
    mark = erasing.require_possible(settings, contracts, source, key, reason)
    if not yes:
        raise UsageError(
            "nothing was erased: all releases but a new one will be removed, and neither they nor the record can be"
            " brought back. Give --yes to go on"
        )
    audit_log.record(settings.paths, "erase", f"one record of {source}, mark {mark}", reason=reason)
    erased = erasing.take_out(settings, contracts[source], key)
    print(f"Taken out: {erased.from_raw:,} rows of raw.{source}, {erased.from_quarantine:,} of quarantine")
    with screen.showing_progress():
        # A flow's parameters are kept by Prefect: the key is none of them.
        release = through_prefect(settings, lambda pipeline: pipeline.publish_anew("erase", "a record was erased"))
    finished = erasing.finish(settings, erased)
    print(f"Published: {release.release_id}, without it. Releases removed: {len(finished.releases)}")
    if erased.files:
        print("These files of the landing folder held it when they were read, and are not changed:")
        for path in erased.files:
            print(f"  {path}")
    if finished.backups:
        print("Backups that may hold it. Make a new one, and remove these and all copies of them:")
        for folder in finished.backups:
            print(f"  {folder}")
    if erased.malformed:
        print(
            f"{erased.malformed:,} malformed lines of {source} in quarantine cannot be matched; no text of them is kept"
        )
