"""From a figure to the records behind it: what `safercity explain` shows, of the published release alone.

A figure is the count of a measure in a month, as known on a day. It is the count at the month's first publication, and
each record that entered or left it since then; the records that are in it on the day are as many.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches
from typing import NamedTuple

import duckdb

from flows.contracts import Contract
from flows.errors import SaferCityError, UsageError
from flows.freshness import in_words
from flows.operate import gaps, movements, read
from flows.operate.movements import Cell, Movement
from flows.settings import Settings


@dataclass(frozen=True)
class Moment:
    """The count from an extract on, the change that the extract brought, and by which causes.

    At first publication there is neither a change nor a cause.
    """

    extract_date: date
    file: str | None
    offences: int
    change: int | None = None
    causes: Mapping[str, int] | None = None


@dataclass(frozen=True)
class Explained:
    """A figure of one record source and force, and all that is behind it.

    Where there is no figure, `offences` is None, `remark` says why and what would bring it, and nothing is behind it.
    `records`: see movements.records.
    """

    cell: Cell
    offences: int | None
    coverage: str | None
    remark: str | None
    history: list[Moment]
    movements: list[Movement]
    records: read.Table


@dataclass(frozen=True)
class Explanation:
    """A figure as each record source counts it; never to be added together."""

    measure: str
    label: str
    definition: str
    force: str
    month: date
    as_of: date
    figures: list[Explained]


_FACTS = {
    "asb_enforcement_by_hub": "enforcement_actions",
    "asb_enforcement_monthly": "enforcement_actions",
    "community_engagement": "engagement_activities",
    "licensing": "licensing_activities",
    "prevent_activity": "engagement_activities",
    "public_order_protests": "public_order_events",
    "roads_checks": "vehicle_checks",
    "roads_enforcement": "roads_notices",
    "support_bus": "support_bus_attendances",
    "support_bus_contacts": "support_bus_attendances",
}
"""Tables of activity, which are no measures, and the table of single records behind each."""

_COUNTS_ONLY = {
    "prevent": "prevent_referrals",
    "prevent_referrals": "prevent_referrals",
    "mental_health_triage": "mental_health_triage",
    "triage_contacts": "mental_health_triage",
}
"""What no release has single records of, and the table of the counts that it has."""


def explain(
    settings: Settings,
    contracts: Mapping[str, Contract],
    name: str,
    month: date,
    *,
    as_of: date | None = None,
    force: str | None = None,
) -> Explanation:
    """The figure of a measure in a month, by default as of the newest extract and of the force in the settings.

    Raises UsageError for what is no measure, for a force without figures, where no record source has a figure, and when
    nothing has been published; SaferCityError where the records do not add up to the figure.
    """
    with read.published(settings.paths) as connection:
        measure = _measure(connection, name)
        force = _force(connection, measure.theme, force, settings.force)
        as_of = as_of or _newest_extract(connection)
        figures = [
            _explained(connection, Cell(measure.name, record_source, source, force, month), measure.theme, as_of)
            for record_source, source in measure.sources_of(connection, force)
        ]
    for place, figure in enumerate(figures):
        if figure.coverage == "missing":
            figures[place] = _with_what_fills_it(settings, contracts, figure)
    if all(figure.offences is None for figure in figures):
        raise UsageError(
            f"{measure.name} has no figure to explain: {'; '.join(figure.remark or '' for figure in figures)}"
        )
    return Explanation(measure.name, measure.label, measure.definition, force, month, as_of, figures)


class _Measure(NamedTuple):
    name: str
    label: str
    definition: str
    theme: str

    def sources_of(self, connection: duckdb.DuckDBPyConnection, force: str) -> list[tuple[str, str]]:
        """The record sources that count it for a force, each with the source that its records come from."""
        return connection.execute(
            f"""
            select record_source, source
            from (select unnest(sources) as source from marts.dim_measure where measure = $measure) as counted
            inner join marts.dim_source using (source)
            semi join (from marts.{self.theme}_performance where force = $force) as published using (record_source)
            order by record_source
            """,
            {"measure": self.name, "force": force},
        ).fetchall()


def _explained(connection: duckdb.DuckDBPyConnection, cell: Cell, theme: str, as_of: date) -> Explained:
    """The figure of a cell as of a day, and all that is behind it."""
    known = connection.execute(
        f"select month, offences, coverage from marts.{theme}_performance_as_of($as_of)"
        " where record_source = $record_source and force = $force and measure = $measure order by month",
        {"as_of": as_of, "record_source": cell.record_source, "force": cell.force, "measure": cell.measure},
    ).fetchall()
    offences, coverage = next((figure for month, *figure in known if month == cell.month), (None, None))
    first = _first_published(connection, cell)
    if offences is None or first is None:
        remark = _why_none(cell, as_of, [month for month, *_ in known], first)
        return Explained(cell, None, coverage, remark, [], [], read.Table([], []))
    moved = [
        movement
        for movement in movements.movements(connection, cell)
        if first.extract_date < movement.extract_date <= as_of
    ]
    history = _history(first, moved)
    records = movements.records(connection, cell, as_of)
    if not offences == history[-1].offences == len(records.rows):
        raise SaferCityError(
            f"{cell.measure} {cell.month:%Y-%m} ({cell.force}, {cell.record_source}) is {offences:,} in the marts, but"
            f" its history ends at {history[-1].offences:,} and it has {len(records.rows):,} records: the release is"
            " not sound; make it anew with: safercity run --full-refresh"
        )
    return Explained(cell, offences, coverage, None, history, moved, records)


def _first_published(connection: duckdb.DuckDBPyConnection, cell: Cell) -> Moment | None:
    """The month's first publication, on whatever day."""
    rows = connection.execute(
        f"""
        select restatements.extract_date, file_name, offences
        from marts.restatements
        left join marts.deliveries on {movements.IN_FILE.format(moment="restatements")}
        where first_published and record_source = $record_source and restatements.force = $force
          and measure = $measure and month = $month
        """,
        vars(cell),
    ).fetchall()
    return Moment(*rows[0]) if rows else None


def _history(first: Moment, moved: Sequence[Movement]) -> list[Moment]:
    """The count when first published, and at each extract that brought a record into it or took one out."""
    history = [first]
    for day in sorted({movement.extract_date for movement in moved}):
        of_day = [movement for movement in moved if movement.extract_date == day]
        causes: Counter[str] = Counter()
        for movement in of_day:
            causes[movement.cause] += movement.change
        history.append(Moment(day, of_day[0].file, history[-1].offences + causes.total(), causes.total(), dict(causes)))
    return history


def _why_none(cell: Cell, as_of: date, known: Sequence[date], first: Moment | None) -> str:
    """Why there is no figure."""
    of = f"{cell.month:%B %Y} of {cell.force} ({cell.record_source})"
    if first and first.extract_date > as_of:
        return f"{of} was not known on {in_words(as_of)}: it was first published as of {in_words(first.extract_date)}"
    if cell.month in known:
        return f"{of} is missing, which is not zero"
    if not known:
        return f"nothing of {cell.force} ({cell.record_source}) was known on {in_words(as_of)}"
    return f"{of} is not among the months known on {in_words(as_of)}, {known[0]:%B %Y} to {known[-1]:%B %Y}"


def _with_what_fills_it(settings: Settings, contracts: Mapping[str, Contract], figure: Explained) -> Explained:
    """A figure that is missing, with the deliveries that would bring it; as it is where they have come since."""
    cell = figure.cell
    for gap in gaps.find(settings.paths, contracts, sources=[cell.source], force=cell.force):
        if gap.first <= cell.month <= gap.last:
            named = ", ".join(gap.files) + (f", or the archive {', '.join(gap.archives)}" if gap.archives else "")
            return Explained(cell, None, figure.coverage, f"{figure.remark}; {named} fills it", [], [], figure.records)
    return figure


def _measure(connection: duckdb.DuckDBPyConnection, given: str) -> _Measure:
    """The measure of a name, in whatever way words are held together in it."""
    name = given.strip().lower().replace(" ", "_").replace("-", "_")
    measures = {
        row[0]: _Measure(*row)
        for row in connection.execute("select measure, label, definition, theme from marts.dim_measure").fetchall()
    }
    if name in measures:
        return measures[name]
    if counts := _COUNTS_ONLY.get(name):
        raise UsageError(
            f"{name} cannot be explained: a release has no single records of it, because they, or which of them moved,"
            f" could tell of people. What may be told is in marts.{counts}"
        )
    if facts := _FACTS.get(name):
        raise UsageError(
            f"{name} is a table of activity and no measure, and its records have no history in a release. As last known"
            f' they are in marts.{facts}; see: safercity sql "from marts.{facts} limit 5"'
        )
    near = ", ".join(get_close_matches(name, measures, n=4, cutoff=0.5))
    raise UsageError(
        f"{given!r} is no measure{near and f'; near are {near}'}."
        ' All of them: safercity sql "select measure, label from marts.dim_measure"'
    )


def _force(connection: duckdb.DuckDBPyConnection, theme: str, wanted: str | None, default: str) -> str:
    """The force that is meant: the one wanted, else that of the settings, else the only one."""
    rows = connection.execute(f"select distinct force from marts.{theme}_performance order by force").fetchall()
    forces = [force for (force,) in rows]
    chosen = wanted or (forces[0] if len(forces) == 1 else default)
    if chosen not in forces:
        raise UsageError(f"the release has no figures of {chosen!r}; give --force with one of: {', '.join(forces)}")
    return chosen


def _newest_extract(connection: duckdb.DuckDBPyConnection) -> date:
    [(newest,)] = connection.execute("select max(last_extract) from marts.coverage").fetchall()
    return newest
