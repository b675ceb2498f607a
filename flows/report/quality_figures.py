"""The figures of the quality page, as the published marts have them. Counts of a confidential source are None."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, get_args

import duckdb

from flows.contracts import Dimension

DIMENSIONS: tuple[Dimension, ...] = get_args(Dimension)

TREND_EXTRACTS = 24
"""How many of the newest extracts a trend shows."""


@dataclass(frozen=True)
class Checks:
    """How often a rule looked at a row, and how often the row broke it. Every check weighs the same."""

    checked: int = 0
    failed: int = 0

    def __add__(self, other: Checks) -> Checks:
        return Checks(self.checked + other.checked, self.failed + other.failed)

    @property
    def score(self) -> str | None:
        """Share of checks that passed in percent, two decimals, rounded down: 100.00 only where none failed."""
        if not self.checked:
            return None
        hundredths = 10_000 * (self.checked - self.failed) // self.checked
        return f"{hundredths // 100}.{hundredths % 100:02}"

    @property
    def failed_pct(self) -> str:
        """Share of checks that failed in percent, as the marts' failed_pct but for small shares, which are no 0."""
        if not self.checked:
            return ""
        share = 100 * self.failed / self.checked
        return "0" if not self.failed else "< 0.01" if share < 0.01 else f"{share:.2f}"


@dataclass(frozen=True)
class RuleLine:
    """One rule of a source: its checks in the last twelve months and ever, and those of each of its newest extracts."""

    rule: str
    severity: str
    dimension: str
    message: str
    owner: str
    recent: Checks
    ever: Checks
    trend: tuple[tuple[date, Checks], ...]


@dataclass(frozen=True)
class SourceLine:
    """One source: the checks of its rules by dimension, and its rules, those that matter most first."""

    source: str
    title: str
    owner: str
    withheld: bool
    by_dimension: dict[str, Checks]
    rules: list[RuleLine]

    @property
    def recent(self) -> Checks:
        """All checks of the last twelve months."""
        return sum(self.by_dimension.values(), Checks())

    @property
    def broken(self) -> int:
        """How many rules were broken in the last twelve months."""
        return sum(rule.recent.failed > 0 for rule in self.rules)


@dataclass(frozen=True)
class Calendar:
    """The months of one source and force, by year: twelve states, None where it covers nothing yet or no more."""

    force: str
    years: dict[int, list[str | None]]

    def months(self, state: str) -> int:
        """How many months are in a state."""
        return sum(month == state for months in self.years.values() for month in months)


@dataclass(frozen=True)
class Covered:
    """What a source covers. `together` has, by year and month, the forces in each state, where there are several."""

    source: str
    calendars: list[Calendar]
    together: dict[int, list[dict[str, int]]]


@dataclass(frozen=True)
class RejectedFile:
    """A file of which nothing was loaded. `is_open`: no accepted delivery of its source, force and slice is as new.

    `reason` is None where it may hold a count of a confidential source.
    """

    source: str
    owner: str
    file_name: str
    force: str | None
    extract_date: date | None
    loaded_at: datetime
    reason: str | None
    is_open: bool


@dataclass(frozen=True)
class Loaded:
    """What one run loaded of a source: files, and rows where they may be told."""

    source: str
    files: int
    files_rejected: int
    received: int | None
    accepted: int | None
    quarantined: int | None
    rejected: int | None


@dataclass(frozen=True)
class Figures:
    """Everything on the page that the release says. `since` begins the twelve months that end with `as_of`."""

    as_of: date | None
    since: date | None
    sources: list[SourceLine] = field(default_factory=list)
    coverage: list[Covered] = field(default_factory=list)
    rejected: list[RejectedFile] = field(default_factory=list)
    loaded: list[Loaded] = field(default_factory=list)

    @property
    def by_dimension(self) -> dict[str, Checks]:
        """The checks of all sources in the last twelve months."""
        found: dict[str, Checks] = defaultdict(Checks)
        for source in self.sources:
            for dimension, checks in source.by_dimension.items():
                found[dimension] += checks
        return dict(found)

    @property
    def recent(self) -> Checks:
        """All of these."""
        return sum(self.by_dimension.values(), Checks())


def read(connection: duckdb.DuckDBPyConnection, started_at: datetime) -> Figures:
    """The figures of a release, and what the run that began then loaded."""
    row = connection.execute(
        """
        select max(extract_date), cast(max(extract_date) - interval 12 months as date)
        from marts.deliveries
        where state <> 'rejected'
        """
    ).fetchone()
    as_of, since = row or (None, None)
    return Figures(
        as_of=as_of,
        since=since,
        sources=_sources(connection, since),
        coverage=_coverage(connection),
        rejected=_rejected(connection),
        loaded=_loaded(connection, started_at),
    )


def _sources(connection: duckdb.DuckDBPyConnection, since: date | None) -> list[SourceLine]:
    trends = _trends(connection)
    rules: dict[str, list[RuleLine]] = defaultdict(list)
    withheld: dict[str, bool] = {}
    for row in connection.execute(
        """
        select
          source,
          rule,
          last(severity order by extract_date, severity),
          last(dimension order by extract_date, dimension),
          last(message order by extract_date, message),
          last(owner order by extract_date, owner),
          coalesce(sum(rows_checked) filter (extract_date > $since), 0)::bigint,
          coalesce(sum(rows_failed) filter (extract_date > $since), 0)::bigint,
          coalesce(sum(rows_checked), 0)::bigint,
          coalesce(sum(rows_failed), 0)::bigint,
          count(rows_checked) = 0
        from marts.data_quality
        group by source, rule
        order by source, rule
        """,
        {"since": since},
    ).fetchall():
        source, rule, severity, dimension, message, owner, *counts, is_withheld = row
        recent, ever = Checks(*counts[:2]), Checks(*counts[2:])
        trend = trends.get((source, rule), ())
        rules[source].append(RuleLine(rule, severity, dimension, message, owner, recent, ever, trend))
        withheld[source] = withheld.get(source, True) and is_withheld
    names = connection.execute("select source, title, owner from marts.dim_source order by source").fetchall()
    return [
        SourceLine(source, title, owner, withheld[source], _by_dimension(rules[source]), _worst_first(rules[source]))
        for source, title, owner in names
        if source in rules
    ]


def _by_dimension(rules: Sequence[RuleLine]) -> dict[str, Checks]:
    found: dict[str, Checks] = defaultdict(Checks)
    for rule in rules:
        found[rule.dimension] += rule.recent
    return dict(found)


def _worst_first(rules: Sequence[RuleLine]) -> list[RuleLine]:
    severities = ("critical", "warning", "info")
    return sorted(
        rules,
        key=lambda line: (
            not line.recent.failed,
            not line.ever.failed,
            severities.index(line.severity),
            -line.recent.failed,
            -line.ever.failed,
            line.rule,
        ),
    )


def _trends(connection: duckdb.DuckDBPyConnection) -> dict[tuple[str, str], tuple[tuple[date, Checks], ...]]:
    """Source and rule → its newest extracts, oldest first, where any row of them broke it."""
    found: dict[tuple[str, str], list[tuple[date, Checks]]] = defaultdict(list)
    for source, rule, extract_date, checked, failed in connection.execute(
        """
        select source, rule, extract_date, sum(rows_checked)::bigint, sum(rows_failed)::bigint
        from marts.data_quality
        where rows_checked is not null
        group by source, rule, extract_date
        qualify row_number() over (partition by source, rule order by extract_date desc) <= $extracts
        order by source, rule, extract_date
        """,
        {"extracts": TREND_EXTRACTS},
    ).fetchall():
        found[source, rule].append((extract_date, Checks(checked, failed)))
    return {key: tuple(trend) for key, trend in found.items() if any(checks.failed for _, checks in trend)}


def _coverage(connection: duckdb.DuckDBPyConnection) -> list[Covered]:
    states: dict[str, dict[str, dict[int, list[str | None]]]] = defaultdict(dict)
    for source, force, year, month, state in connection.execute(
        """
        select source, coalesce(force, ''), year(month), month(month), state
        from marts.coverage
        order by source, force, month
        """
    ).fetchall():
        years = states[source].setdefault(force, {})
        years.setdefault(year, [None] * 12)[month - 1] = state
    return [
        Covered(source, [Calendar(force, years) for force, years in forces.items()], _together(list(forces.values())))
        for source, forces in states.items()
    ]


def _together(calendars: list[dict[int, list[str | None]]]) -> dict[int, list[dict[str, int]]]:
    if len(calendars) < 2:
        return {}
    found: dict[int, list[dict[str, int]]] = {}
    for calendar in calendars:
        for year, months in calendar.items():
            counts = found.setdefault(year, [defaultdict(int) for _ in range(12)])
            for place, state in enumerate(months):
                if state:
                    counts[place][state] += 1
    return dict(sorted(found.items()))


def _rejected(connection: duckdb.DuckDBPyConnection) -> list[RejectedFile]:
    return _each(
        RejectedFile,
        connection.execute(
            """
            select
              rejected.source,
              coalesce(sources.owner, 'not known'),
              rejected.file_name,
              rejected.force,
              rejected.extract_date,
              rejected.loaded_at,
              rejected.reason,
              not exists (
                from marts.deliveries as taken
                where
                  taken.state <> 'rejected'
                  and if(
                    rejected.extract_date is null,
                    taken.file_name = rejected.file_name,
                    taken.source = rejected.source
                    and coalesce(taken.force = rejected.force, true)
                    and coalesce(taken.slice = rejected.slice, true)
                    and taken.extract_date >= rejected.extract_date
                  )
              )
            from marts.deliveries as rejected
            left join marts.dim_source as sources on rejected.source = sources.source
            where rejected.state = 'rejected'
            order by rejected.loaded_at desc, rejected.source, rejected.file_name
            """
        ),
    )


def _loaded(connection: duckdb.DuckDBPyConnection, started_at: datetime) -> list[Loaded]:
    return _each(
        Loaded,
        connection.execute(
            """
            select
              source,
              count(*),
              count_if(state = 'rejected'),
              sum(received)::bigint,
              sum(accepted)::bigint,
              sum(quarantined)::bigint,
              sum(rejected)::bigint
            from marts.deliveries
            where loaded_at = $started_at
            group by source
            order by source
            """,
            {"started_at": started_at},
        ),
    )


def _each(kind: Any, cursor: duckdb.DuckDBPyConnection) -> list[Any]:
    return [kind(*row) for row in cursor.fetchall()]
