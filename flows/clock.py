"""What time it is: one place that everything asks, so that a drill can say it is another day.

`SAFERCITY_NOW` (ISO 8601, London time where it gives no offset) is the time at which this process takes itself to have
begun; from there time goes on as it always does. As `@path` the time stands in that file and goes on from the moment at
which it was written: so all processes that share the variable agree, and a drill sets the clock of those that begin
later by writing the file again. Durations are measured elsewhere: they do not ask what time it is.
"""

from __future__ import annotations

import os
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

from flows.errors import UsageError

LONDON = ZoneInfo("Europe/London")
VARIABLE = "SAFERCITY_NOW"


def now() -> datetime:
    """The time now, UTC, without a zone, as the ledger keeps times.

    Raises UsageError where SAFERCITY_NOW is no time, and no file that holds one.
    """
    ahead = _ahead(os.environ.get(VARIABLE))
    return datetime.now(UTC).replace(tzinfo=None) + ahead


def today() -> date:
    """The day in London, where extract dates are of."""
    return london(now()).date()


def london(at: datetime) -> datetime:
    """A UTC time of the ledger as London wall time, with its zone."""
    return at.replace(tzinfo=UTC).astimezone(LONDON)


@cache
def _ahead(given: str | None) -> timedelta:
    """How far the clock is ahead of the machine's; fixed when it is first asked."""
    if not given:
        return timedelta()
    since = datetime.now(UTC)
    if given.startswith("@"):
        try:
            with Path(given[1:]).open(encoding="utf-8") as file:
                since = datetime.fromtimestamp(os.fstat(file.fileno()).st_mtime, UTC)
                given = file.read().strip()
        except OSError as error:
            raise UsageError(f"{VARIABLE}: the file {given[1:]} cannot be read ({error.strerror})") from None
    try:
        taken = datetime.fromisoformat(given)
    except ValueError:
        raise UsageError(f"{VARIABLE} is no time: give one such as 2019-08-08T02:00") from None
    return (taken if taken.tzinfo else taken.replace(tzinfo=LONDON)) - since
