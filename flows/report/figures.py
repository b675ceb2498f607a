"""The figures of a report, as one published release has them. Every query of the report is here.

Everything that has an as-of macro is read through it. The rest is as last known in the release, and only of months up
to that of the report; `AS_LAST_KNOWN` says so under every table made of it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import duckdb

from flows.comparison import CAUSES
from flows.report.document import Edition, RecordSource
from flows.warehouse import quoted

HEAT_MONTHS = 12
"""How many months a heat map shows."""

PlaceType = Literal["ward", "street", "lsoa", "point"]
"""Kinds of places that are shown: those of a force's own records, and those of data.police.uk."""

HOT_FROM = 5
"""Places with fewer offences in the month are not shown."""


@dataclass(frozen=True)
class Monthly:
    """A measure in one month: a row of its performance table, with its columns."""

    month: date
    coverage: str
    offences: int | None
    previous_month: int | None
    change: int | None
    change_pct: float | None
    change_z: float | None
    base_note: str | None
    fytd: int | None
    fytd_previous: int | None
    fytd_change_pct: float | None
    rolling_12: int | None
    rolling_12_previous: int | None
    rolling_12_change_pct: float | None
    five_year_average: float | None
    five_year_years: int
    above_five_year_run: int | None
    baseline_from: date | None
    baseline_to: date | None
    baseline_months: int
    limits_note: str | None
    centre_line: float | None
    lower_limit: float | None
    upper_limit: float | None
    signal: str | None

    @classmethod
    def missing(cls, month: date) -> Monthly:
        """A month that its source does not reach yet."""
        nothing: dict[str, Any] = dict.fromkeys(cls.__dataclass_fields__)
        return cls(**nothing | {"month": month, "coverage": "missing", "five_year_years": 0, "baseline_months": 0})


@dataclass(frozen=True)
class Measure:
    """A measure with its definition, and its months up to that of the report, oldest first."""

    name: str
    theme: str
    label: str
    definition: str
    note: str | None
    sources: tuple[str, ...]
    months: dict[date, Monthly]

    @property
    def now(self) -> Monthly:
        """The month of the report."""
        return self.months[max(self.months)]

    def year_before(self, month: date) -> int | None:
        """The count of the same month of the year before."""
        found = self.months.get(shifted(month, -12))
        return found.offences if found else None

    def last(self, number: int) -> list[Monthly]:
        """The newest so many months, oldest first."""
        return list(self.months.values())[-number:]


@dataclass(frozen=True)
class Hours:
    """When the offences of some months were committed. Grids are 7 weekdays, Monday first, of 24 hours.

    `spread` is aoristic, `starts` are whole offences by the hour in which they begin. `nights` are the starts from
    18:00 to before 06:00 by the weekday on which the night began. `untimed` are those without a committed time.
    """

    first: date
    last: date
    spread: tuple[tuple[float, ...], ...]
    starts: tuple[tuple[int, ...], ...]
    nights: tuple[int, ...]
    untimed: int

    @property
    def timed(self) -> int:
        """How many have a time."""
        return sum(map(sum, self.starts))


@dataclass(frozen=True)
class Place:
    """A place in one month."""

    place: str
    offences: int
    share_pct: float | None
    repeat_months: int


@dataclass(frozen=True)
class Profile:
    """The assaults of six months: a row of violence_profile, with its columns."""

    window_from: date
    window_to: date
    offences: int
    previous_six_months: int | None
    change_pct: float | None
    committed_before_window: int
    nte: int
    nte_share_pct: float | None
    thu_sat_nights: int
    alcohol: int
    domestic_abuse: int
    drugs: int
    staff_victim: int
    domestic: int
    colleagues: int
    by_staff: int
    road_rage: int
    other: int
    not_classified: int


@dataclass(frozen=True)
class Restated:
    """A month of a measure whose count moved between two days, and how many records moved it, by cause."""

    measure: str
    label: str
    month: date
    before: int
    after: int
    causes: dict[str, int]

    @property
    def change(self) -> int:
        """From the earlier count to the later."""
        return self.after - self.before


@dataclass(frozen=True)
class Series:
    """Monthly numbers of something that is done or attended. None is a month that did not arrive."""

    months: Mapping[date, int | None]

    def at(self, month: date) -> int | None:
        """The number of a month."""
        return self.months.get(month)

    def over(self, first: date, last: date) -> int | None:
        """The sum of months, None unless each of them arrived."""
        numbers = [self.months.get(month) for month in months_between(first, last)]
        return None if None in numbers else sum(number or 0 for number in numbers)

    def financial_year(self, month: date) -> int | None:
        """From 1 April to a month."""
        return self.over(financial_year_from(month), month)

    def twelve(self, month: date) -> int | None:
        """The twelve months up to a month."""
        return self.over(shifted(month, -11), month)


@dataclass(frozen=True)
class Hub:
    """A hub of an enforcement programme and the actions that people were invited from, by step."""

    programme: str
    number: int
    month: date
    green: int
    yellow: int
    red: int
    blue: int
    cbo: int


@dataclass(frozen=True)
class Quarter:
    """Prevent referrals of a quarter; None where withheld or not available, which `disclosure` tells."""

    period_from: date
    period_to: date
    referrals: int | None
    disclosure: str


@dataclass(frozen=True)
class SourceState:
    """A source: its coverage in each of some months, None where it covers none, and its checks in twelve months.

    `checked` and `failed` are None where the counts of the source are withheld; `extracts` is how many were checked.
    """

    source: str
    title: str
    states: dict[date, str | None]
    newest_extract: date | None
    extracts: int
    checked: int | None
    failed: int | None


@dataclass(frozen=True)
class Timeliness:
    """How soon the crimes of a month were recorded after their report."""

    month: date
    recorded: int
    recorded_within_24h: int
    share_pct: float | None
    recorded_later_month: int


@dataclass(frozen=True)
class Inputs:
    """What a report rests on: source → file → its extract date and fate; measure → its definition as a hash."""

    deliveries: dict[str, dict[str, tuple[str, str]]]
    definitions: dict[str, str]


def shifted(month: date, by: int) -> date:
    """The first day of a month so many months later."""
    place = month.year * 12 + month.month - 1 + by
    return date(place // 12, place % 12 + 1, 1)


def month_end(month: date) -> date:
    """The last day of a month."""
    return shifted(month, 1) - timedelta(days=1)


def months_between(first: date, last: date) -> list[date]:
    """The months from the one to the other, both included."""
    number = (last.year - first.year) * 12 + last.month - first.month + 1
    return [shifted(first, by) for by in range(number)]


def financial_year_from(month: date) -> date:
    """The 1 April that the financial year of a month begins on."""
    return date(month.year - (month.month < 4), 4, 1)


@contextmanager
def opened(database: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A read-only connection to one release file, whatever is published meanwhile."""
    with duckdb.connect() as connection:
        connection.execute(f"attach {quoted(database.resolve())} as safer_city (read_only)")
        connection.execute("use safer_city")
        yield connection


def forces(connection: duckdb.DuckDBPyConnection, record_source: RecordSource) -> list[str]:
    """The forces that the release has monthly counts of."""
    rows = connection.execute(
        "select distinct force from marts.all_crime_performance where record_source = $record_source order by force",
        {"record_source": record_source},
    ).fetchall()
    return [force for (force,) in rows]


def newest_month(
    connection: duckdb.DuckDBPyConnection, force: str, record_source: RecordSource, as_of: date
) -> date | None:
    """The last month with counts of a force that were known on a day."""
    rows = connection.execute(
        "select max(month) from marts.all_crime_performance_as_of($as_of)"
        " where record_source = $record_source and force = $force and offences is not null",
        {"as_of": as_of, "record_source": record_source, "force": force},
    ).fetchall()
    return rows[0][0]


class Marts:
    """The figures of one edition in one release."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, edition: Edition) -> None:
        self.connection = connection
        self.edition = edition
        self._hours: dict[str, tuple[list[Any], list[Any]]] = {}

    @cached_property
    def measures(self) -> dict[str, Measure]:
        """Every measure that the edition's records reach, as it was known."""
        return self.measures_as_of(self.edition.as_of)

    def measures_as_of(self, as_of: date) -> dict[str, Measure]:
        """Every measure as it was known on a day, with its months up to that of the report."""
        found: dict[str, dict[date, Monthly]] = defaultdict(dict)
        columns = ", ".join(Monthly.__dataclass_fields__)
        for theme in self._themes:
            for measure, *row in self._query(
                f"""
                select measure, {columns}
                from marts.{theme}_performance_as_of($as_of)
                where record_source = $record_source and force = $force and month <= $month
                order by measure, month
                """,
                as_of=as_of,
            ):
                monthly = Monthly(*row)
                found[measure][monthly.month] = monthly
        for months in found.values():
            for month in months_between(shifted(max(months), 1), self.edition.month):
                months[month] = Monthly.missing(month)
        definitions = self._query(
            """
            select measure, theme, label, definition, note, list(source order by source)
            from (select *, unnest(sources) as source from marts.dim_measure)
            inner join marts.dim_source using (source)
            where record_source = $record_source
            group by all
            """
        )
        return {
            measure: Measure(measure, theme, label, definition, note, tuple(sources), found[measure])
            for measure, theme, label, definition, note, sources in definitions
            if measure in found
        }

    def hours(self, measure: str, months: int) -> Hours:
        """When the offences of the newest so many months, HEAT_MONTHS at most, were committed, as it was known."""
        first, last = shifted(self.edition.month, 1 - months), self.edition.month
        theme = self.measures[measure].theme
        timed, untimed = self._hours_of(theme)
        spread = [[0.0] * 24 for _ in range(7)]
        starts = [[0] * 24 for _ in range(7)]
        for of_measure, month, weekday, hour, offences, by_start in timed:
            if of_measure == measure and month >= first:
                spread[weekday - 1][hour] += offences
                starts[weekday - 1][hour] += by_start
        without = sum(number for of_measure, month, number in untimed if of_measure == measure and month >= first)
        nights = [sum(starts[day][18:]) + sum(starts[(day + 1) % 7][:6]) for day in range(7)]
        return Hours(first, last, tuple(map(tuple, spread)), tuple(map(tuple, starts)), tuple(nights), without)

    def places(self, measure: str, place_type: PlaceType) -> list[Place]:
        """The places of a type with at least HOT_FROM offences in the month, the first five ranks. Never premises.

        A small area is called by its name and code.
        """
        if place_type == "point":
            return self._points(measure)
        theme = self.measures[measure].theme
        return [
            Place(*row)
            for row in self._query(
                f"""
                select coalesce(names.name || ' (' || place || ')', place) as called, offences, share_pct, repeat_months
                from marts.{theme}_hotspots_as_of($as_of)
                left join (
                  select lsoa_code, any_value(lsoa_name) as name
                  from marts.street_crimes
                  where force = $force and month = $month
                  group by lsoa_code
                ) as names on names.lsoa_code = place and $place_type = 'lsoa'
                where record_source = $record_source and force = $force and measure = $measure and month = $month
                  and place_type = $place_type and offences >= $hot_from and rank <= 5
                order by rank, called
                """,
                measure=measure,
                place_type=place_type,
                hot_from=HOT_FROM,
            )
        ]

    def _points(self, measure: str) -> list[Place]:
        """The same for the points of data.police.uk, each with its small area: their names come again in every town."""
        return [
            Place(*row)
            for row in self._query(
                """
                with points as (
                  select
                    regexp_replace(location, '^On or near ', '') || ' in ' || lsoa_name as place,
                    versions.month,
                    count(*) as offences
                  from marts.street_crime_versions as versions
                  inner join marts.dim_measure_member as members
                    on versions.crime_type = members.police_uk_category
                      and versions.month between coalesce(members.valid_from, versions.month)
                      and coalesce(members.valid_to, versions.month)
                  where force = $force and members.measure = $measure and versions.month between $first and $month
                    and known_from <= $as_of and (known_to is null or known_to > $as_of)
                    and location not in ('No Location', 'On or near', '') and lsoa_name is not null
                  group by place, versions.month
                ),
                ranked as (
                  select
                    place,
                    sum(offences) filter (month = $month)::bigint as offences,
                    count(*) filter (offences >= 2) as repeat_months
                  from points
                  group by place
                  having sum(offences) filter (month = $month) >= $hot_from
                  qualify dense_rank() over (order by sum(offences) filter (month = $month) desc) <= 5
                )
                select place, offences, round(100 * offences / $total, 1), repeat_months
                from ranked
                order by offences desc, place
                """,
                measure=measure,
                first=shifted(self.edition.month, -2),
                hot_from=HOT_FROM,
                total=self.measures[measure].now.offences,
            )
        ]

    def categories(self) -> dict[str, Series]:
        """The rows of data.police.uk by its own categories, for the 24 months up to the report's, as was known."""
        months = months_between(shifted(self.edition.month, -23), self.edition.month)
        arrived = {at for at, now in self.measures["all_crime"].months.items() if now.offences is not None}
        found: dict[str, dict[date, int]] = defaultdict(dict)
        for category, month, number in self._query(
            """
            select crime_type, month, count(*)
            from marts.street_crime_versions
            where force = $force and month between $first and $month
              and known_from <= $as_of and (known_to is null or known_to > $as_of)
            group by crime_type, month
            order by crime_type
            """,
            first=months[0],
        ):
            found[category][month] = number
        return {
            category: Series({at: numbers.get(at, 0) if at in arrived else None for at in months})
            for category, numbers in found.items()
        }

    def profile(self) -> Profile | None:
        """The profile of the assaults of the six months that end with the report's."""
        columns = ", ".join(Profile.__dataclass_fields__)
        rows = self._query(
            f"select {columns} from marts.violence_profile_as_of($as_of) where force = $force and window_to = $end",
            end=month_end(self.edition.month),
        )
        return Profile(*rows[0]) if rows else None

    def restated(self, before: date) -> list[Restated]:
        """The months whose counts moved between an earlier day and the report's, by measure, newest month first."""
        causes: dict[tuple[str, date], dict[str, int]] = {}
        for measure, month, *moved in self._query(
            f"""
            select measure, month, {", ".join(f"sum({cause})::bigint" for cause in CAUSES)}
            from marts.restatements
            where record_source = $record_source and force = $force and month <= $month
              and not first_published and extract_date > $before and extract_date <= $as_of
            group by measure, month
            """,
            before=before,
        ):
            causes[measure, month] = {cause: number for cause, number in zip(CAUSES, moved, strict=True) if number}
        earlier = self.measures_as_of(before)
        found = []
        for name, measure in self.measures.items():
            for month, now in measure.months.items():
                was = earlier[name].months.get(month) if name in earlier else None
                if was and was.offences is not None and now.offences is not None and was.offences != now.offences:
                    why = causes.get((name, month), {})
                    found.append(Restated(name, measure.label, month, was.offences, now.offences, why))
        return sorted(found, key=lambda item: (-item.month.toordinal(), item.measure))

    def first_published(self, measure: str, month: date) -> tuple[int, dict[str, int]] | None:
        """The count of a month when it was first published, and what has moved it since, by cause."""
        sums = ", ".join(f"coalesce(sum({cause}), 0)::bigint" for cause in CAUSES)
        rows = self._query(
            f"""
            select max(offences) filter (where first_published), {sums}
            from marts.restatements
            where record_source = $record_source and force = $force and measure = $measure and month = $of_month
              and extract_date <= $as_of
            """,
            measure=measure,
            of_month=month,
        )
        [(first, *moved)] = rows
        if first is None:
            return None
        return first, {cause: number for cause, number in zip(CAUSES, moved, strict=True) if number}

    def activity(
        self, table: str, source: str, keys: Sequence[str], number: str, month: str = "month"
    ) -> dict[tuple[Any, ...], Series]:
        """Monthly sums of a column of an activity mart by the columns `keys`, for the 24 months up to the report's.

        A month that the source covers and that has no row is 0; one that it does not cover is None, and so is one of
        which nothing was counted.
        """
        first = shifted(self.edition.month, -23)
        covered = {
            at
            for (at,) in self._query(
                "select month from marts.coverage where source = $source and force = $force and month <= $month"
                " and state <> 'missing'",
                source=source,
            )
        }
        by = ", ".join(keys)
        found: dict[tuple[Any, ...], dict[date, int | None]] = defaultdict(dict)
        for at, total, *key in self._query(
            f"""
            select date_trunc('month', {month})::date, sum({number})::bigint{", " + by if by else ""}
            from marts.{table}
            where force = $force and {month} >= $first and {month} <= $end
            group by all
            """,
            first=first,
            end=month_end(self.edition.month),
        ):
            found[tuple(key)][at] = total
        months = months_between(first, self.edition.month)
        return {
            key: Series({at: numbers.get(at, 0) if at in covered else None for at in months})
            for key, numbers in sorted(found.items(), key=lambda item: str(item[0]))
        }

    def hubs(self) -> list[Hub]:
        """The hubs up to the month of the report."""
        columns = "programme, hub_number, hub_month, green, yellow, red, blue, cbo"
        return [
            Hub(*row)
            for row in self._query(
                f"select {columns} from marts.asb_enforcement_by_hub where force = $force and hub_month <= $month"
                " order by programme, hub_number, hub_month"
            )
        ]

    def prevent_quarters(self) -> list[Quarter]:
        """The referrals of the newest eight quarters that had ended by the end of the month, oldest first."""
        return [
            Quarter(*row)
            for row in self._query(
                """
                select period_from, period_to, referrals, disclosure
                from (
                  from marts.prevent_referrals
                  where force = $force and breakdown = 'all' and period_to <= $end
                  order by period_from desc
                  limit 8
                )
                order by period_from
                """,
                end=month_end(self.edition.month),
            )
        ]

    def sources(self) -> list[SourceState]:
        """What arrived: the coverage of each source in the thirteen months up to the report's, and its checks."""
        months = months_between(shifted(self.edition.month, -12), self.edition.month)
        states: dict[str, dict[date, str]] = defaultdict(dict)
        for source, month, state in self._query(
            "select source, month, state from marts.coverage where force = $force and month between $first and $month",
            first=months[0],
        ):
            states[source][month] = state
        rows = self._query(
            """
            with checks as (
              select
                source,
                count(distinct extract_date) as extracts,
                sum(rows_checked)::bigint as checked,
                sum(rows_failed)::bigint as failed
              from marts.data_quality
              where coalesce(force, $force) = $force
                and extract_date <= $as_of and extract_date > $as_of::date - interval 12 months
              group by source
            ),
            extracts as (
              select source, max(extract_date) as newest
              from marts.deliveries
              where coalesce(force, $force) = $force and state <> 'rejected' and extract_date <= $as_of
              group by source
            )
            select source, title, newest, coalesce(checks.extracts, 0), checked, failed
            from marts.dim_source
            left join extracts using (source)
            left join checks using (source)
            where record_source = $record_source
            order by source
            """
        )
        return [
            SourceState(source, title, {at: states[source].get(at) for at in months}, *checks)
            for source, title, *checks in rows
        ]

    def timeliness(self) -> list[Timeliness]:
        """How soon crimes were recorded, in the thirteen months up to the report's."""
        return [
            Timeliness(*row)
            for row in self._query(
                """
                select month, recorded, recorded_within_24h, share_pct, recorded_later_month
                from marts.recording_timeliness
                where force = $force and month between $first and $month
                order by month
                """,
                first=shifted(self.edition.month, -12),
            )
        ]

    def inputs(self) -> Inputs:
        """What the figures rest on, so that a later rendering can say what changed."""
        deliveries: dict[str, dict[str, tuple[str, str]]] = defaultdict(dict)
        for source, file, extract_date, fate in self._query(
            """
            select source, file_name, cast(extract_date as varchar),
              concat_ws(' ', state, content_hash, accepted, loaded)
            from marts.deliveries
            where extract_date is not null
            order by source, file_name, revision
            """
        ):
            deliveries[source][file] = (extract_date, fate)
        definitions = self._query(
            """
            select measure, concat_ws(' ', version, md5(definition), md5(string_agg(member, ' ' order by member)))
            from marts.dim_measure
            left join (select measure, cast(members as varchar) as member from marts.dim_measure_member as members)
              using (measure)
            group by measure, version, definition
            """
        )
        return Inputs(deliveries, dict(definitions))

    def _hours_of(self, theme: str) -> tuple[list[Any], list[Any]]:
        """The hours of all measures of a theme in HEAT_MONTHS, and the offences without any; asked once."""
        if theme not in self._hours:
            of = f"force = $force and month between date '{shifted(self.edition.month, 1 - HEAT_MONTHS)}' and $month"
            self._hours[theme] = (
                self._query(
                    "select measure, month, weekday, hour, offences, offences_by_start"
                    f" from marts.{theme}_temporal_as_of($as_of) where {of}"
                ),
                self._query(f"select measure, month, untimed from marts.{theme}_untimed_as_of($as_of) where {of}"),
            )
        return self._hours[theme]

    @cached_property
    def _themes(self) -> list[str]:
        rows = self._query(
            "select distinct theme from marts.dim_measure order by theme",
        )
        return [theme for (theme,) in rows]

    def _query(self, sql: str, **given: Any) -> list[Any]:
        """Rows of a query, which may name the edition's force, record_source, month and as_of besides what is given."""
        known: Mapping[str, Any] = {
            "force": self.edition.force,
            "record_source": self.edition.record_source,
            "month": self.edition.month,
            "as_of": self.edition.as_of,
        } | given
        return self.connection.execute(
            sql, {name: value for name, value in known.items() if f"${name}" in sql}
        ).fetchall()
