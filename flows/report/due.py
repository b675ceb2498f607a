"""The monthly report: which month it is of and as of which day, and whether it is there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from flows.settings import Paths

DAY = 7
"""The day of the month after as of which the report of a month is made, early on the next."""


@dataclass(frozen=True)
class Due:
    """A monthly report: the first day of its month, and the day whose knowledge it shows."""

    month: date
    as_of: date


def newest(today: date) -> Due:
    """The newest monthly report whose day has passed."""
    turned = today if today.day > DAY else today.replace(day=1) - timedelta(days=1)
    return Due(_before(turned), turned.replace(day=DAY))


def missing(paths: Paths, today: date) -> Due | None:
    """The newest monthly report, where it was due a day ago and is not issued, though the one before it was.

    Where no report was issued for the month before, nobody waits for one.
    """
    due = newest(today - timedelta(days=1))
    is_awaited = _is_issued(paths, _before(due.month)) and not _is_issued(paths, due.month)
    return due if is_awaited else None


def _is_issued(paths: Paths, month: date) -> bool:
    return any((paths.data / "reports" / "partnership").glob(f"{month:%Y-%m}-as-of-*/issue-*.json"))


def _before(day: date) -> date:
    """The first day of the month before that of a day."""
    return (day.replace(day=1) - timedelta(days=1)).replace(day=1)
