"""Two release files held against each other: which deliveries changed between them, which tables, which figures.

Both are opened read-only as `old` and `new`. What explains a difference is a delivery that one of them does not have,
or has with another fate; its extract date says from when on it can have moved anything.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb

from flows import warehouse
from flows.settings import Settings

CAUSES = (
    "recorded_late",
    "reclassified_in",
    "reclassified_out",
    "cancelled",
    "reinstated",
    "date_changed_in",
    "date_changed_out",
    "resupplied",
)
"""Why a record enters or leaves the count of a month, as in marts.restatements."""


@dataclass(frozen=True)
class MovedFigure:
    """The count of a measure in a month, in the old release and in the new one; None where it was not published.

    `causes`: the records that entered or left, by cause. Where none did, `otherwise` says what moved instead: the
    coverage of the month, the definition of the measure, or the program.
    """

    table: str
    record_source: str
    force: str
    measure: str
    month: date
    before: int | None
    after: int | None
    causes: dict[str, int]
    otherwise: str

    @property
    def why(self) -> str:
        """What moved it, in words."""
        told = ", ".join(f"{cause.replace('_', ' ')} {count:+d}" for cause, count in self.causes.items())
        return told or self.otherwise

    def __str__(self) -> str:
        """One line for people: where, from what to what, and why."""
        return (
            f"{self.measure} {self.month:%Y-%m} ({self.force}, {self.record_source}):"
            f" {_figure(self.before)} → {_figure(self.after)} ({self.why})"
        )


@dataclass(frozen=True)
class ChangedDelivery:
    """A delivery that only one of the releases has, or that has another fate in the new one."""

    source: str
    force: str | None
    file_name: str
    extract_date: date | None
    before: str | None
    after: str | None


@contextmanager
def opened(settings: Settings, old: Path, new: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection in which the two release files are attached as `old` and `new`.

    It has temporary tables: `changed`, deliveries that differ; `touched`, per source and force the first extract date
    that differs, and how many rows of states the differing deliveries can have brought or taken; `redefined`, measures
    whose definition differs; `moved_by_cause`, how many records entered or left each month of a measure, by cause.
    """
    with duckdb.connect(config=dict(settings.duckdb_options())) as connection:
        connection.execute("set enable_progress_bar = false")
        connection.execute(f"attach {warehouse.quoted(old)} as old (read_only)")
        connection.execute(f"attach {warehouse.quoted(new)} as new (read_only)")
        connection.execute(
            """
            create temp table changed as
            with identified as (
              select 'old' as side, * from old.marts.deliveries
              union all by name
              select 'new' as side, * from new.marts.deliveries
            )
            select
              source, force, slice, extract_date, revision, content_hash, any_value(file_name) as file_name,
              max(state) filter (where side = 'old') as before,
              max(state) filter (where side = 'new') as after,
              coalesce(sum(loaded) filter (where side = 'old'), 0) as loaded_before,
              coalesce(sum(loaded) filter (where side = 'new'), 0) as loaded_after
            from identified
            group by source, force, slice, extract_date, revision, content_hash
            having (count(*) filter (where side = 'old') <> count(*) filter (where side = 'new'))
              or max((state, coalesce(accepted, -1), coalesce(loaded, -1), coalesce(unchanged, -1))) filter (
                where side = 'old'
              ) is distinct from max(
                (state, coalesce(accepted, -1), coalesce(loaded, -1), coalesce(unchanged, -1))
              ) filter (where side = 'new')
            """
        )
        connection.execute(
            """
            create temp table touched as
            select source, force, min(extract_date) as since, sum(loaded_before + loaded_after)::bigint as rows
            from changed
            where before in ('loaded', 'superseded') or after in ('loaded', 'superseded')
            group by source, force
            """
        )
        connection.execute(
            """
            create temp table redefined as
            with sides as (
              select 'old' as side, measure, version, definition from old.marts.dim_measure
              union all
              select 'new', measure, version, definition from new.marts.dim_measure
            ),
            members as (
              select 'old' as side, measure, bit_xor(hash(member)) as hashed
              from old.marts.dim_measure_member as member
              group by measure
              union all
              select 'new', measure, bit_xor(hash(member))
              from new.marts.dim_measure_member as member
              group by measure
            )
            select measure
            from sides
            left join members using (side, measure)
            group by measure
            having count(distinct (version, definition, hashed)) > 1 or count(*) <> 2
            """
        )
        connection.execute(
            f"""
            create temp table moved_by_cause as
            select record_source, force, measure, month, {", ".join(f"sum({cause}) as {cause}" for cause in CAUSES)}
            from (
              select * from new.marts.measure_movements
              union all by name
              select record_source, force, measure, month, {", ".join(f"-{cause} as {cause}" for cause in CAUSES)}
              from old.marts.measure_movements
            )
            group by record_source, force, measure, month
            """
        )
        yield connection


def changed_deliveries(connection: duckdb.DuckDBPyConnection) -> list[ChangedDelivery]:
    """The deliveries that differ, in the order of their extract dates."""
    rows = connection.execute(
        "select source, force, file_name, extract_date, before, after from changed"
        " order by extract_date, source, force, file_name"
    ).fetchall()
    return [ChangedDelivery(*row) for row in rows]


def tables(connection: duckdb.DuckDBPyConnection) -> dict[str, tuple[int | None, int | None]]:
    """Rows of each table of marts in the old and the new release; None where there is no such table."""
    found: dict[str, list[int | None]] = {}
    for place, side in enumerate(("old", "new")):
        for (table,) in connection.execute(
            "select table_name from duckdb_tables() where database_name = ? and schema_name = 'marts'", [side]
        ).fetchall():
            count = connection.execute(f"select count(*) from {side}.marts.{table}").fetchone()
            found.setdefault(table, [None, None])[place] = count[0] if count else None
    return {table: (rows[0], rows[1]) for table, rows in sorted(found.items())}


def performance_tables(tables: dict[str, tuple[int | None, int | None]]) -> list[str]:
    """Of the tables of two releases, the `<theme>_performance` that both have."""
    return [table for table, rows in tables.items() if table.endswith("_performance") and None not in rows]


def moved_figures(connection: duckdb.DuckDBPyConnection, themes: list[str]) -> list[MovedFigure]:
    """The monthly counts of the `<theme>_performance` tables that differ, the largest moves first.

    A month that only the new release covers is no move: it had not been published.
    """
    moved = []
    for theme in themes:
        rows = connection.execute(
            f"""
            select
              record_source, force, measure, month, before.offences, after.offences,
              case
                when before.coverage is distinct from after.coverage
                  then concat('coverage ', before.coverage, ' → ', coalesce(after.coverage, 'none'))
                when definitions.measure is not null then 'new definition'
                else 'new program'
              end as otherwise,
              {", ".join(CAUSES)}
            from old.marts.{theme} as before
            full join new.marts.{theme} as after using (record_source, force, measure, month)
            left join moved_by_cause as movements using (record_source, force, measure, month)
            left join redefined as definitions using (measure)
            where before.offences is distinct from after.offences and before.month is not null
            order by month desc, measure, force, record_source
            """
        ).fetchall()
        moved += [
            MovedFigure(
                theme,
                *row[:6],
                causes={cause: n for cause, n in zip(CAUSES, row[7:], strict=True) if n},
                otherwise=row[6],
            )
            for row in rows
        ]
    return sorted(moved, key=lambda figure: -abs((figure.after or 0) - (figure.before or 0)))


def _figure(count: int | None) -> str:
    return "not published" if count is None else f"{count:,}"
