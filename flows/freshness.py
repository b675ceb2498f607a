"""Freshness: when each source's next delivery is due, and how late it is by the calendar.

A contract says in `due` by which working day after the end of a period (a month, where the cadence is monthly) a
delivery current to that end is to be here. Working days are Monday to Friday without the bank holidays of England and
Wales. A delivery is current to its extract date, a slice to the last day of its month or year; rejected ones count for
nothing. The period awaited is the first one whose end no delivery reaches, so that one delivery makes up for all the
periods before it, and each state is a function of what has arrived and of the day, whenever it is asked.

A source that never delivered is `awaited`: it is not late, for it may not be part of this installation.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from itertools import groupby
from typing import Literal

import duckdb

from flows.contracts import Cadence, Contract

State = Literal["awaited", "on_time", "due", "late", "missing"]

ALARMING: tuple[State, ...] = ("late", "missing")

_BY_URGENCY: tuple[State, ...] = ("missing", "late", "due", "on_time", "awaited")

_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Arrived:
    """The newest that a source has delivered of a force: extract date and, of slices, the last slice."""

    source: str
    force: str | None
    last_extract: date
    last_slice: str | None = None


@dataclass(frozen=True)
class Freshness:
    """How fresh a source is for one force, on one day. Source and force together are its lasting identity.

    `period_end` is the last day of the period awaited. From `due_on` on the delivery is `due`, from `late_on` on
    `late`, from `missing_on` on `missing`; before, it is `on_time`. `days_late` are the working days since `due_on`,
    0 where the state is not alarming. The dates are None where the source is `awaited`.
    """

    source: str
    force: str | None
    owner: str
    state: State
    message: str
    last_extract: date | None = None
    period_end: date | None = None
    due_on: date | None = None
    late_on: date | None = None
    missing_on: date | None = None
    days_late: int = 0


def arrived(
    connection: duckdb.DuckDBPyConnection, deliveries: Literal["marts.deliveries", "ledger.deliveries"]
) -> list[Arrived]:
    """What has arrived, from the published release or from the ledger; one entry per source and force."""
    rows = connection.execute(
        f"""
        select source, force, max(extract_date), max(slice)
        from {deliveries}
        where state <> 'rejected' and extract_date is not null
        group by source, force
        order by source, force
        """
    ).fetchall()
    return [Arrived(*row) for row in rows]


def assess(contracts: Mapping[str, Contract], arrived: Iterable[Arrived], today: date) -> list[Freshness]:
    """Each source and force that has ever delivered, and each source that never has, by source and force.

    Contracts that do not say when a delivery is due are left out, and so is what has no contract.
    """
    newest = [item for item in arrived if item.source in contracts]
    delivered = {item.source for item in newest}
    found = [_judge(contracts[item.source], item, today) for item in newest if contracts[item.source].due]
    found += [
        Freshness(source, None, contract.owner, "awaited", "has never delivered")
        for source, contract in contracts.items()
        if contract.due and source not in delivered
    ]
    return sorted(found, key=lambda item: (item.source, item.force or ""))


def alike(fresh: Iterable[Freshness]) -> list[list[Freshness]]:
    """What is to be shown: the most urgent first, and the forces of a source whose deliveries stand alike together."""

    def stands(item: Freshness) -> tuple[int, int, str, date, date]:
        dates = item.due_on or date.max, item.last_extract or date.max
        return _BY_URGENCY.index(item.state), -item.days_late, item.source, *dates

    return [list(members) for _, members in groupby(sorted(fresh, key=stands), key=stands)]


def period_end(cadence: Cadence, day: date) -> date:
    """The last day of the period that a day lies in. Weeks end on Sunday; quarters and years are the calendar's."""
    match cadence:
        case "daily":
            return day
        case "weekly":
            return day + (6 - day.weekday()) * _DAY
        case "monthly":
            return _month_end(day.year, day.month)
        case "quarterly":
            return _month_end(day.year, (day.month + 2) // 3 * 3)
        case "yearly":
            return date(day.year, 12, 31)


def working_day_after(day: date, number: int) -> date:
    """The working day that is so many working days after a day, which need not be one itself."""
    while number:
        day += _DAY
        number -= is_working_day(day)
    return day


@cache
def working_days_between(after: date, until: date) -> int:
    """How many working days there are after the one day, up to and with the other."""
    return sum(is_working_day(after + days * _DAY) for days in range(1, (until - after).days + 1))


def is_working_day(day: date) -> bool:
    """Whether it is a Monday to Friday and no bank holiday in England and Wales."""
    return day.weekday() < 5 and day not in _bank_holidays(day.year)


def name_of_period(cadence: Cadence, end: date) -> str:
    """The period that ends on a day, in words."""
    match cadence:
        case "daily":
            return in_words(end)
        case "weekly":
            return f"the week to {in_words(end)}"
        case "monthly":
            return f"{end:%B %Y}"
        case "quarterly":
            return f"the quarter to {in_words(end)}"
        case "yearly":
            return str(end.year)


def in_words(day: date) -> str:
    """A day as people write it: 7 August 2019."""
    return f"{day.day} {day:%B %Y}"


def _judge(contract: Contract, newest: Arrived, today: date) -> Freshness:
    due = contract.due
    assert due is not None
    current_to = _slice_end(newest.last_slice) if newest.last_slice else newest.last_extract
    awaited = period_end(contract.cadence, current_to + _DAY)
    due_on = working_day_after(awaited, due.working_day)
    late_on = working_day_after(due_on, due.late_after)
    missing_on = working_day_after(due_on, due.missing_after)
    state: State = "on_time" if today < due_on else "due" if today < late_on else "late"
    if today >= missing_on:
        state = "missing"
    days_late = working_days_between(due_on, today) if state in ALARMING else 0
    period = name_of_period(contract.cadence, awaited)
    by = f"by the end of {in_words(due_on)}"
    late = f"{days_late:,} working {'day' if days_late == 1 else 'days'} late"
    newest_is = f"the newest extract is of {in_words(newest.last_extract)}"
    message = {
        "on_time": f"{period} is due {by}",
        "due": f"{period} is due {by} and is not here yet",
        "late": f"{period} was due {by} and is {late}; {newest_is}",
        "missing": f"{period} was due {by} and is missing, {late}; {newest_is}",
    }[state]
    return Freshness(
        source=contract.source,
        force=newest.force,
        owner=contract.owner,
        state=state,
        message=message,
        last_extract=newest.last_extract,
        period_end=awaited,
        due_on=due_on,
        late_on=late_on,
        missing_on=missing_on,
        days_late=days_late,
    )


def _slice_end(name: str) -> date:
    """The last day of a slice: 2019-07 is a month, 2019 a year."""
    year, _, month = name.partition("-")
    return _month_end(int(year), int(month or 12))


def _month_end(year: int, month: int) -> date:
    return (date(year, month, 28) + 4 * _DAY).replace(day=1) - _DAY


@cache
def _bank_holidays(year: int) -> frozenset[date]:
    """The bank holidays of one year, one-off ones and substitute days among them; those of England hold in Wales."""
    # Takes a quarter of a second to import, and a run with nothing to do has no need of it.
    from holidays import country_holidays

    return frozenset(country_holidays("GB", subdiv="ENG", years=year))
