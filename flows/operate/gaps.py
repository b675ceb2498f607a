"""Months that a source lacks for a force, and the files that would fill them."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import duckdb

from flows.contracts import Contract
from flows.operate import read
from flows.operate.fetch import MONTHS_IN_ARCHIVE, months_later
from flows.runs import chosen_sources
from flows.settings import Paths


@dataclass(frozen=True)
class Gap:
    """Months in a row of one state of coverage; `first` and `last` are first days.

    All of `files` fill it, in any folder of the landing; or all of `archives` of data.police.uk, of which each holds
    the months of all forces. Of a source that sends changes they are the extracts that were rejected, under the name
    of their next revision, or else the first one that would do.
    """

    source: str
    force: str
    state: str
    first: date
    last: date
    months: int
    files: list[str]
    archives: list[str]


def find(
    paths: Paths, contracts: Mapping[str, Contract], *, sources: list[str] | None = None, force: str | None = None
) -> list[Gap]:
    """The gaps between the first and the last month of each source and force, as the release covers them.

    What is late after the last month is not among them: `status` says that. Reads the published release, so it works
    at any moment. Raises UsageError for a source without a contract, and when nothing has been published.
    """
    chosen = chosen_sources(dict(contracts), sources)
    with read.published(paths) as connection:
        rows = connection.execute(
            """
            with numbered as (
              select
                source,
                force,
                state,
                month,
                month - to_months(cast(row_number() over (partition by source, force, state order by month) as integer))
                  as island
              from marts.coverage
              where state != 'complete' and list_contains($sources, source) and ($force is null or force = $force)
            )

            select source, force, state, min(month), max(month), count(*)
            from numbered
            group by source, force, state, island
            order by source, force, min(month)
            """,
            {"sources": chosen, "force": force},
        ).fetchall()
        found = []
        for source, name, state, first, last, months in rows:
            files, archives = _fill(connection, contracts[source], (name, state, first, last))
            found.append(Gap(source, name, state, first, last, months, files, archives))
        return found


def _fill(
    connection: duckdb.DuckDBPyConnection, contract: Contract, gap: tuple[str, str, date, date]
) -> tuple[list[str], list[str]]:
    """The files and the archives that fill a gap of a force and state from month to month."""
    force, state, first, last = gap
    if contract.delivery.naming == "police_uk":
        return _monthly_files(connection, contract.source, force, first, last), _archives(first, last)
    if state == "partial":
        return _resupplies(connection, contract.source, force, first, last), []
    return [f"{contract.source}_{_month_end(last)}.csv"], []


def _monthly_files(
    connection: duckdb.DuckDBPyConnection, source: str, force: str, first: date, last: date
) -> list[str]:
    """The names of the months' files, after that of a month that has come."""
    rows = connection.execute(
        """
        select substr(file_name, 8)
        from marts.deliveries
        where source = ? and force = ? and state = 'loaded'
        order by extract_date desc, file_name
        limit 1
        """,
        [source, force],
    ).fetchall()
    months = (last.year - first.year) * 12 + last.month - first.month + 1
    return [f"{months_later(first, number):%Y-%m}{rest}" for (rest,) in rows for number in range(months)]


def _archives(first: date, last: date) -> list[str]:
    """As few archives as hold all the months, the newest first."""
    found = []
    while last >= first:
        found.append(f"{last:%Y-%m}.zip")
        last = months_later(last, -MONTHS_IN_ARCHIVE)
    return found


def _resupplies(connection: duckdb.DuckDBPyConnection, source: str, force: str, first: date, last: date) -> list[str]:
    """The next revision of each extract that has none which stands, up to the first that completes the last month."""
    rows = connection.execute(
        """
        with extracts as (
          select extract_date, max(revision) as revision, bool_or(state = 'loaded') as is_accepted
          from marts.deliveries
          where source = $source and force = $force
          group by extract_date
        )

        select extract_date, revision + 1
        from extracts
        where not is_accepted
          and extract_date >= $first
          and extract_date <= (select min(extract_date) from extracts where is_accepted and extract_date >= $month_end)
        order by extract_date
        """,
        {"source": source, "force": force, "first": first, "month_end": _month_end(last)},
    ).fetchall()
    return [f"{source}_{extract_date}_r{revision}.csv" for extract_date, revision in rows]


def _month_end(month: date) -> date:
    return month.replace(day=monthrange(month.year, month.month)[1])
