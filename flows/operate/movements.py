"""Single records in marts: which of them a figure counts on a day, and which entered or left it, when and why.

Records are told by key and by what decides where they count: those of a force never by a place or a person.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import Any

import duckdb

from flows.operate.read import Table


@dataclass(frozen=True)
class Cell:
    """The count of a measure in a month (its first day), of one force, as `record_source` counts it.

    `source` is where its records come from.
    """

    measure: str
    record_source: str
    source: str
    force: str
    month: date


@dataclass(frozen=True)
class Movement:
    """A record that entered a month of a measure (`change` 1) or left it (-1) with an extract, in `file`.

    `record` is its key, None where data.police.uk gave none. `before` and `after` are what decides where a record
    counts, until then and from then on: of both what differs, None where there was no such record.
    """

    month: date
    extract_date: date
    file: str | None
    record: str | None
    change: int
    cause: str
    before: dict[str, Any] | None
    after: dict[str, Any] | None


@dataclass(frozen=True)
class _Records:
    """The table of the states of a source's records, their key, the columns told of each, and those that decide.

    As SQL: `identity`, by which states are of one record; `is_in`, whether a state counts in $measure; `is_counted`,
    whether it counts in any; `of_month`, which records can have been in $month.
    """

    versions: str
    key: str
    told: tuple[str, ...]
    decides: tuple[str, ...]
    identity: str
    is_in: str
    is_counted: str
    of_month: str


def _changing(versions: str, key: str, told: tuple[str, ...], decides: tuple[str, ...]) -> _Records:
    """The records of a source of changes, of which each has its key."""
    is_in = "list_contains(measures, $measure)"
    of_month = f"{key} in (select {key} from marts.{versions} where force = $force and month = $month and {is_in})"
    return _Records(versions, key, told, decides, key, is_in, "is_counted", of_month)


_RECORDS = {
    "crimes": _changing(
        "crime_versions",
        "crime_number",
        ("class_code", "sub_code", "offence", "status", "outcome_code", "recorded_at", "committed_from"),
        ("status", "month", "class_code", "sub_code", "victim_type", "method_tags", "operation"),
    ),
    "asb_incidents": _changing(
        "asb_incident_versions",
        "incident_number",
        ("category", "status", "created_at", "occurred_at"),
        ("status", "month", "category"),
    ),
    # A Crime ID is unique within force and month; anti-social behaviour has none, so that such a row has no past.
    "police_uk_street": _Records(
        versions="street_crime_versions",
        key="crime_id",
        told=("crime_type", "last_outcome", "location", "lsoa_code"),
        decides=("crime_type",),
        identity="(cast(month as varchar) || crime_id)",
        is_in="""exists (
            from marts.dim_measure_member as member
            where member.measure = $measure and member.police_uk_category = crime_type
              and month >= coalesce(member.valid_from, month) and month <= coalesce(member.valid_to, month)
          )""",
        is_counted="true",
        of_month="month = $month",
    ),
}

_PARAMETER = re.compile(r"\$([a-z_]+)")

IN_FILE = """
  deliveries.source = $source and deliveries.force = $force and deliveries.state = 'loaded'
  and (deliveries.slice is null or deliveries.slice = strftime({moment}.month, '%Y-%m'))
  and deliveries.extract_date = {moment}.extract_date
"""
"""Which of marts.deliveries brought what moved a month at an extract, of a relation with both; asked with a cell."""


def records(connection: duckdb.DuckDBPyConnection, cell: Cell, as_of: date) -> Table:
    """The records counted in a cell as of a day, one row each, in the order of their keys.

    `first_known` and `state_from` are the extract dates of the first state of the record and of this one, `file` and
    `revision` the delivery that this one is of.
    """
    of = _RECORDS[cell.source]
    sql = f"""
        with versions as (
          select
            *, {of.is_in} as is_in, known_from as extract_date,
            case
              when {of.identity} is null then known_from
              else min(known_from) over (partition by {of.identity})
            end as first_known
          from marts.{of.versions}
          where force = $force and {of.of_month}
        )
        select
          {", ".join(f"versions.{column}" for column in (of.key, *of.told))},
          first_known,
          known_from as state_from,
          deliveries.file_name as file,
          deliveries.revision
        from versions
        left join marts.deliveries on {IN_FILE.format(moment="versions")}
        where versions.month = $month and is_in and known_from <= $as_of and (known_to is null or known_to > $as_of)
        order by all
        """
    cursor = connection.execute(sql, _asked(sql, vars(cell) | {"as_of": as_of}))
    return Table([column[0] for column in cursor.description or []], cursor.fetchall())


def movements(connection: duckdb.DuckDBPyConnection, cell: Cell, *, every_month: bool = False) -> list[Movement]:
    """The records that entered or left a cell, or each month of its measure, by month and extract.

    Those of the first extract are among them. Each has one cause, the first that applies, as in marts.restatements.
    """
    of = _RECORDS[cell.source]
    state = ", ".join(f"'{column}': {column}" for column in of.decides)
    sql = f"""
        with versions as (
          select
            {of.key} as record, {of.identity} as identity, month, {of.is_in} as is_in, {of.is_counted} as is_counted,
            {{{state}}} as state, known_from, known_to
          from marts.{of.versions}
          where force = $force {"" if every_month else f"and {of.of_month}"}
        ),

        began as (
          select *, row_number() over (partition by identity, known_from order by is_in desc) as number
          from versions
        ),

        ended as (
          select *, row_number() over (partition by identity, known_to order by is_in desc) as number
          from versions
          where known_to is not null
        ),

        compared as (
          select
            coalesce(began.known_from, ended.known_to) as extract_date,
            coalesce(began.record, ended.record) as record,
            ended.state as before, ended.month as month_before, ended.is_counted as was_counted,
            coalesce(ended.is_in, false) as was_in,
            began.state as after, began.month as month_after, began.is_counted,
            coalesce(began.is_in, false) as is_in
          from began
          full join ended
            on began.identity = ended.identity and began.known_from = ended.known_to and began.number = ended.number
        ),

        moved as (
          select month_after as month, extract_date, record, 1 as change,
            case
              when was_counted is null then 'recorded_late'
              when not was_counted then 'reinstated'
              when month_before <> month_after then 'date_changed_in'
              else 'reclassified_in'
            end as cause,
            before, after
          from compared
          where is_in and not (was_in and month_before = month_after)
          union all
          select month_before, extract_date, record, -1,
            case
              when not is_counted then 'cancelled'
              when month_before <> month_after then 'date_changed_out'
              else 'reclassified_out'
            end,
            before, after
          from compared
          where was_in and not (is_in and month_before = month_after)
        )

        select
          moved.month, moved.extract_date, deliveries.file_name, record, change,
          case when $record_source = 'police_uk' then 'resupplied' else cause end, before, after
        from moved
        left join marts.deliveries on {IN_FILE.format(moment="moved")}
        {"" if every_month else "where moved.month = $month"}
        order by moved.month, moved.extract_date, change desc, cause, record
        """
    rows = connection.execute(sql, _asked(sql, vars(cell))).fetchall()
    found = []
    for *told, before, after in rows:
        left, became = _what_differs(before, after)
        found.append(Movement(*told, before=left, after=became))
    return found


def _asked(sql: str, given: dict[str, Any]) -> dict[str, Any]:
    """Of what is given, the parameters that a query names: DuckDB refuses others."""
    return {name: given[name] for name in _PARAMETER.findall(sql)}


def _what_differs(
    before: dict[str, Any] | None, after: dict[str, Any] | None
) -> tuple[dict[str, Any] | None, dict[str, Any] | None]:
    """Of two states what is not the same in both; of a single one what it has."""
    names = [name for name in before or after or {} if (before or {}).get(name) != (after or {}).get(name)]
    return before and {name: before[name] for name in names}, after and {name: after[name] for name in names}
