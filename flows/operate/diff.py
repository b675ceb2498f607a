"""What changed between two releases: deliveries, tables, measures, single figures, and why each of them moved."""

from __future__ import annotations

from dataclasses import dataclass

import duckdb

from flows import comparison, releases
from flows.comparison import ChangedDelivery, MovedFigure
from flows.errors import UsageError
from flows.releases import Release
from flows.settings import Settings


@dataclass(frozen=True)
class MovedMeasure:
    """A measure over all months that both releases publish: its sums, how many months moved, and by which causes.

    `new_months` are those that only the newer release publishes; they are in neither sum.
    """

    record_source: str
    measure: str
    before: int
    after: int
    moved_months: int
    new_months: int
    causes: dict[str, int]


@dataclass(frozen=True)
class Difference:
    """Two releases held against each other, the older one first. `redefined`: measures whose definition changed."""

    old: Release
    new: Release
    deliveries: list[ChangedDelivery]
    redefined: list[str]
    tables: dict[str, tuple[int | None, int | None]]
    measures: list[MovedMeasure]
    figures: list[MovedFigure]

    @property
    def another_program(self) -> bool:
        """Whether another program, or other definitions or reference data, made the newer one."""
        return self.old.fingerprint != self.new.fingerprint

    @property
    def is_empty(self) -> bool:
        """Whether nothing differs but when and by what they were made."""
        moved = any(before != after for table, (before, after) in self.tables.items() if table != "releases")
        return not (self.deliveries or self.redefined or moved or self.figures)


def diff(settings: Settings, old_id: str | None = None, new_id: str | None = None) -> Difference:
    """Compare two releases on disk: by default the published one with the one before it.

    Raises UsageError where one of them is not on disk.
    """
    paths = settings.paths
    new = releases.named(paths, new_id) if new_id else releases.current(paths)
    if new is None:
        raise UsageError(f"nothing has been published in {paths.published} yet; run: safercity run")
    old = releases.named(paths, old_id) if old_id else releases.before(paths, new)
    if old is None:
        raise UsageError(f"there is no release before {new.release_id} on disk to compare it with")
    if old.place > new.place:
        old, new = new, old
    old_file, new_file = (paths.releases / each.release_id / releases.DATABASE for each in (old, new))
    with comparison.opened(settings, old_file, new_file) as connection:
        tables = comparison.tables(connection)
        themes = comparison.performance_tables(tables)
        figures = comparison.moved_figures(connection, themes)
        redefined = connection.execute("select measure from redefined order by measure").fetchall()
        return Difference(
            old,
            new,
            comparison.changed_deliveries(connection),
            [measure for (measure,) in redefined],
            tables,
            _measures(connection, themes, figures),
            figures,
        )


def _measures(
    connection: duckdb.DuckDBPyConnection, themes: list[str], figures: list[MovedFigure]
) -> list[MovedMeasure]:
    """The measures that moved or gained months, in the order of their names."""
    sides = " union all by name ".join(
        f"select '{side}' as side, record_source, force, measure, month, offences from {side}.marts.{theme}"
        for theme in themes
        for side in ("old", "new")
    )
    rows = connection.execute(
        f"""
        with cells as (
          select record_source, measure, force, month,
            max(offences) filter (where side = 'old') as before,
            max(offences) filter (where side = 'new') as after,
            bool_or(side = 'old') as was_published
          from ({sides})
          group by record_source, measure, force, month
        )
        select record_source, measure,
          coalesce(sum(before) filter (where was_published), 0)::bigint,
          coalesce(sum(after) filter (where was_published), 0)::bigint,
          count(*) filter (where was_published and before is distinct from after),
          count(*) filter (where not was_published)
        from cells
        group by record_source, measure
        order by record_source, measure
        """
    ).fetchall()
    causes: dict[tuple[str, str], dict[str, int]] = {}
    counted = set()
    for figure in figures:
        # A measure stands in every theme that shows it, each time with the same count.
        cell = (figure.record_source, figure.measure, figure.force, figure.month)
        if cell not in counted:
            counted.add(cell)
            summed = causes.setdefault(cell[:2], {})
            for cause, count in figure.causes.items():
                summed[cause] = summed.get(cause, 0) + count
    return [MovedMeasure(*row, causes=causes.get(row[:2], {})) for row in rows if row[4] or row[5]]
