"""Audit: the last look at a built release before anyone can see it, held against the one that is published.

dbt's tests say whether the new release agrees with itself. This says whether it agrees with the last: a delivery may
move figures from its extract date on, and nothing else may. What a changed program moves is said, not stopped, unless
rows are gone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from flows import comparison, releases
from flows.comparison import MovedFigure
from flows.contracts import Severity
from flows.errors import StoppedReleaseError
from flows.settings import Settings

FEW = 10
"""Rows by which a table that is counted up from records may shrink without a word, once a delivery has changed."""

FIGURES_NAMED = 8
"""Figures that the error of a stopped release names; it says how many more there are."""


@dataclass(frozen=True)
class Finding:
    """Something on the new release that the deliveries do not explain. A critical one stops it."""

    code: str
    severity: Severity
    message: str


@dataclass(frozen=True)
class Audited:
    """What the audit found, and the figures of published months that the new release moves, largest first."""

    findings: list[Finding]
    moved: list[MovedFigure]

    @property
    def stops(self) -> list[Finding]:
        """The findings for which the release must not be published."""
        return [finding for finding in self.findings if finding.severity == "critical"]


def audit(settings: Settings, fingerprint: str) -> Audited:
    """Hold the built release against the published one; `fingerprint` is that of what made the new one.

    With nothing published yet there is nothing to hold it against.
    """
    published = releases.current(settings.paths)
    built = settings.paths.building / releases.DATABASE
    if published is None:
        return Audited([], [])
    with comparison.opened(settings, _published_file(settings), built) as connection:
        same_program = published.fingerprint == fingerprint
        tables = comparison.tables(connection)
        findings = [
            *_rows_gone(connection),
            *_months_gone(connection),
            *_tables_shrunk(connection, tables, same_program),
            *_history_moved(connection, same_program),
        ]
        return Audited(findings, comparison.moved_figures(connection, comparison.performance_tables(tables)))


def stopped(why: Sequence[str], moved: Sequence[MovedFigure], what_to_do: str) -> StoppedReleaseError:
    """The error that ends a run whose release must not be seen: why, and which figures it would have changed."""
    named = "; ".join(str(figure) for figure in moved[:FIGURES_NAMED])
    more = f"; and {len(moved) - FIGURES_NAMED:,} more" if len(moved) > FIGURES_NAMED else ""
    changed = f" Published, it would have changed: {named}{more}." if moved else " It would have changed no figure."
    return StoppedReleaseError(
        f"the new release did not pass its audit, and the published one stands: {'; '.join(why)}.{changed} {what_to_do}"
    )


def figures_at_stake(settings: Settings) -> list[MovedFigure]:
    """The figures that a release which was not finished would have moved, as far as it was built; largest first."""
    built = settings.paths.building / releases.DATABASE
    if releases.current(settings.paths) is None or not built.exists():
        return []
    try:
        with comparison.opened(settings, _published_file(settings), built) as connection:
            themes = comparison.performance_tables(comparison.tables(connection))
            return comparison.moved_figures(connection, themes)
    except duckdb.Error:
        # What it is read from was not built.
        return []


def _published_file(settings: Settings) -> Path:
    return settings.paths.published_database.resolve()


def _rows_gone(connection: duckdb.DuckDBPyConnection) -> Iterator[Finding]:
    """Records of a source that are gone, and more of them than the deliveries that changed had or brought."""
    rows = connection.execute(
        """
        with before as (
          select source, force, sum(rows)::bigint as rows from old.marts.coverage group by all
        ),
        after as (
          select source, force, sum(rows)::bigint as rows from new.marts.coverage group by all
        )
        select source, force, before.rows, coalesce(after.rows, 0)
        from before
        left join after using (source, force)
        left join touched using (source, force)
        where before.rows - coalesce(after.rows, 0) > coalesce(touched.rows, 0)
        order by source, force
        """
    ).fetchall()
    for source, force, before, after in rows:
        yield Finding(
            "ROWS_GONE",
            "critical",
            f"{source} of {force} had {before:,} records and has {after:,}, and no delivery explains it",
        )


def _months_gone(connection: duckdb.DuckDBPyConnection) -> Iterator[Finding]:
    """Months that had arrived and are missing now, though no delivery of the source changed."""
    rows = connection.execute(
        """
        select source, force, count(*), min(month), max(month)
        from old.marts.coverage as before
        left join new.marts.coverage as after using (source, force, month)
        anti join touched using (source, force)
        where before.state <> 'missing' and coalesce(after.state, 'missing') = 'missing'
        group by source, force
        order by source, force
        """
    ).fetchall()
    for source, force, count, first, last in rows:
        yield Finding(
            "MONTHS_GONE",
            "critical",
            f"{source} of {force}: {count} month(s) from {first:%Y-%m} to {last:%Y-%m} had arrived and would be"
            " missing, and no delivery explains it",
        )


def _tables_shrunk(
    connection: duckdb.DuckDBPyConnection, tables: dict[str, tuple[int | None, int | None]], same_program: bool
) -> Iterator[Finding]:
    """Tables that lost more rows than the deliveries that changed hold. Another program may count up other tables."""
    budget = connection.execute("select coalesce(sum(rows), 0)::bigint from touched").fetchone()
    assert budget is not None
    for table, (before, after) in tables.items():
        lost = (before or 0) - (after or 0)
        if lost <= budget[0] or (budget[0] and lost <= FEW):
            continue
        yield Finding(
            "TABLE_SHRUNK",
            "critical" if same_program or table.endswith("_versions") else "warning",
            f"marts.{table} would fall from {before:,} to {after or 0:,} rows, and no delivery explains it",
        )


def _history_moved(connection: duckdb.DuckDBPyConnection, same_program: bool) -> Iterator[Finding]:
    """Counts as they were known before the first extract that changed: nothing may move those."""
    rows = connection.execute(
        """
        with sides as (
          (select record_source, force, measure, month, extract_date, change from old.marts.measure_movements
           except all
           select record_source, force, measure, month, extract_date, change from new.marts.measure_movements)
          union all
          (select record_source, force, measure, month, extract_date, change from new.marts.measure_movements
           except all
           select record_source, force, measure, month, extract_date, change from old.marts.measure_movements)
        ),
        fed_by as (
          select dim_measure.measure, dim_source.record_source, dim_source.source
          from new.marts.dim_measure as dim_measure
          inner join new.marts.dim_source as dim_source on list_contains(dim_measure.sources, dim_source.source)
        ),
        known_before as (
          select sides.*
          from sides
          anti join (
            select fed_by.measure, fed_by.record_source, touched.force, touched.since
            from fed_by
            inner join touched using (source)
          ) as allowed
            on
              sides.measure = allowed.measure
              and sides.record_source = allowed.record_source
              and sides.force = allowed.force
              and sides.extract_date >= allowed.since
        )
        select count(distinct (record_source, force, measure, month)), min(extract_date), max(extract_date)
        from known_before
        """
    ).fetchone()
    assert rows is not None
    figures, first, last = rows
    if figures:
        yield Finding(
            "HISTORY_MOVED",
            "critical" if same_program else "warning",
            f"{figures:,} figure(s) as they were known between {first} and {last} would move, and no delivery explains"
            f" it{'' if same_program else ': the program or a definition has changed'}",
        )
