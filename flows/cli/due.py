"""When deliveries are due, as `status` says it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from flows.cli import screen
from flows.freshness import ALARMING, Freshness, alike, in_words

LONG_AGO = 60  # days without any delivery after which a folder is taken to hold past data


def show(fresh: Sequence[Freshness], today: date) -> None:
    """Print one line per source and state of its forces, the latest first, and when anything came at all."""
    rows = []
    for members in alike(fresh):
        one = members[0]
        force = one.force if len(members) == 1 else f"{len(members)} forces"
        rows.append(
            (one.source, force, one.last_extract, one.due_on, one.state.replace("_", " "), one.days_late, one.owner)
        )
    screen.table(
        ["source", "force", "last_extract", "next_due", "state", "working_days_late", "owner"],
        rows,
        title=f"\nWhat is due, by the calendar of {in_words(today)}",
    )
    extracts = [item.last_extract for item in fresh if item.last_extract]
    if not extracts:
        return
    newest = max(extracts)
    days = (today - newest).days
    if days > LONG_AGO and all(item.state in (*ALARMING, "awaited") for item in fresh):
        print(
            f"Nothing has come for {days:,} days: the newest extract of any source is of {in_words(newest)}. To see"
            f" what was due on a day of the past, set it: SAFERCITY_NOW={newest} safercity status"
        )
