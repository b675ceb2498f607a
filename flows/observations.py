"""What a look at the warehouse and the machine observes: one small function for each thing that can be wrong.

A new kind of observation is a function from a `Look` to its observations, and a line in `COLLECTORS`. A function that
cannot tell at this time returns None: then the problems of its kinds neither end nor begin.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import duckdb

from flows import clock, freshness
from flows.contracts import UNKNOWN_COLUMN, Contract
from flows.problems import Observation
from flows.report import due
from flows.settings import Settings
from flows.stages.extract.arrival import MEMBER_SIGN

OPERATOR = "Warehouse operator"
"""Who acts when the machinery fails. May have channels of its own in the settings, as any owner may."""

NAMED = 20
"""How many files one observation names."""


@dataclass(frozen=True)
class Failure:
    """Why a run ended without a release: the stage it was in ('' between two), and its error's words."""

    stage: str
    message: str


@dataclass(frozen=True)
class Look:
    """A look at the warehouse. `failure` is that of the run that looks; `watching` says that no run is under way."""

    settings: Settings
    contracts: dict[str, Contract]
    connection: duckdb.DuckDBPyConnection
    now: datetime
    failure: Failure | None = None
    watching: bool = False

    def ask(self, query: str, parameters: Any = None) -> list[tuple[Any, ...]]:
        """Rows of the warehouse."""
        return self.connection.execute(query, parameters).fetchall()

    def is_confidential(self, source: str) -> bool:
        """Whether no count of the source may be told."""
        return source in self.contracts and self.contracts[source].confidential

    def owner(self, source: str) -> str:
        """Who acts on what is wrong with a source."""
        return self.contracts[source].owner if source in self.contracts else OPERATOR


Collector = Callable[[Look], Sequence[Observation] | None]

_UNTOLD = "(select run_id from ledger.runs where not told)"
"""The runs whose files have not been looked at here: what is told once is told of these."""


def rejected_files(look: Look) -> list[Observation]:
    """Files of which nothing was loaded, until a delivery of the same source, force and slice that is not older is.

    Where the day or the force of a file is not known, one of the same name or from the same archive stands for it.
    """
    rows = look.ask(
        f"""
        with judged as (
          select
            rejected.source, rejected.force, rejected.file_name, rejected.reason, rejected.reason_code,
            rejected.run_id in {_UNTOLD} as is_new,
            exists (
              from ledger.deliveries as accepted
              where accepted.state = 'accepted'
                and if(
                  rejected.extract_date is null or rejected.force is null,
                  accepted.file_name = rejected.file_name or starts_with(accepted.path, rejected.path || $sign),
                  accepted.source = rejected.source
                  and accepted.force = rejected.force
                  and coalesce(accepted.slice = rejected.slice, true)
                  and accepted.extract_date >= rejected.extract_date
                )
            ) as is_replaced
          from ledger.deliveries as rejected
          where rejected.state = 'rejected'
        )
        select source, force, file_name, min(reason), min(reason_code), bool_and(is_replaced)
        from judged
        where is_new or not is_replaced
        group by source, force, file_name
        order by source, force, file_name
        """,
        {"sign": MEMBER_SIGN},
    )
    return [
        Observation(
            kind="rejected_file",
            source=source,
            force=force,
            subject=file_name,
            names=(file_name,),
            severity="critical",
            owner=look.owner(source),
            message=f"it was rejected ({code})" if look.is_confidential(source) else reason,
            done="Nothing of these files was loaded; send them again, corrected.",
            look="safercity deliveries --state rejected",
            lasting=not is_replaced,
        )
        for source, force, file_name, reason, code, is_replaced in rows
    ]


def broken_rules(look: Look) -> list[Observation]:
    """Rules that rows broke: a problem for as long as the newest delivery of its source and force breaks them.

    Of older deliveries those count that a run has just loaded, once. A rule of severity info is none: nothing need be
    wrong. A column that is not known is told as a change of layout.
    """
    rows = look.ask(
        f"""
        with accepted as (
          select
            delivery_id, source, force, run_id in {_UNTOLD} as is_new, quarantined,
            extract_date = max(extract_date) over (partition by source, force)
            and revision = max(revision) over (partition by source, force, slice, extract_date) as is_newest
          from ledger.deliveries
          where state = 'accepted'
        )
        select
          accepted.source, accepted.force, accepted.is_newest, results.rule, results.severity,
          any_value(results.message), any_value(results.owner), count(*), sum(results.rows_failed)::bigint
        from ledger.rule_results as results
        inner join accepted using (delivery_id)
        where results.rows_failed > 0
          and results.severity <> 'info'
          and results.rule <> '{UNKNOWN_COLUMN}'
          and (accepted.is_newest or accepted.is_new)
          and (results.severity <> 'critical' or accepted.quarantined > 0)
        group by all
        order by sum(results.rows_failed) desc, results.rule, accepted.source, accepted.force, accepted.is_newest
        """
    )
    observations: dict[str, Observation] = {}
    for source, force, is_newest, rule, severity, message, owner, files, failed in rows:
        kept_out = severity == "critical"
        confidential = look.is_confidential(source)
        if confidential:
            message = "rows were kept out" if kept_out else "values could not be used"  # noqa: PLW2901
        observation = Observation(
            kind="quarantined_rows" if kept_out else "warning_rows",
            source=source,
            force=force,
            subject="" if confidential else rule,
            severity=severity,
            owner=look.owner(source) if confidential else owner,
            message=message,
            done=(
                "These rows are kept out of every figure until they are corrected; the rest of each file was loaded."
                if kept_out
                else "These rows were loaded."
            ),
            look=(
                "safercity quarantine list"
                if kept_out
                else 'safercity sql "from marts.data_quality where rows_failed > 0"'
            ),
            files=None if confidential else files,
            rows=None if confidential else failed,
            lasting=is_newest,
        )
        observations.setdefault(observation.problem_id, observation)
    return list(observations.values())


def unusual_deliveries(look: Look) -> list[Observation] | None:
    """Newest deliveries that are not as those before them, and sources that do not agree with each other.

    They are judged when a release is built; before the first one nothing is known of them.
    """
    try:
        rows = look.ask(
            """
            with newest as (
              from ledger.deliveries
              where state = 'accepted'
              qualify rank() over (
                partition by source, force order by extract_date desc, slice desc nulls last, revision desc
              ) = 1
            )
            select newest.source, newest.force, newest.file_name, results.rule, results.severity, results.finding,
              results.owner
            from intermediate.int_deliveries__history_results as results
            inner join newest using (delivery_id)
            where results.rows_failed > 0 and results.severity <> 'info'
            union all
            select source, force, null, rule, severity, message || ': ' || finding, owner
            from intermediate.int_cross_source__results
            where rows_failed > 0 and severity <> 'info'
            order by all
            """
        )
    except duckdb.CatalogException:
        return None
    return [
        Observation(
            kind="file_rule",
            source=source,
            force=force,
            subject=rule,
            names=(file_name,) if file_name else (),
            severity=severity,
            owner=owner,
            message=finding,
            done="Everything was loaded. See whether it is right; if not, send it again, corrected.",
            look='safercity sql "from marts.data_quality where rows_failed > 0 order by extract_date desc"',
        )
        for source, force, file_name, rule, severity, finding, owner in rows
        if not look.is_confidential(source)
    ]


_DRIFTED = {
    "new": "it has a column that the contract does not know: {found}",
    "missing": "it lacks the column {column}",
    "renamed": "its column {found} may be {column} under another name",
    "retyped": "its column {column} reads as {found}, and not as the contract says",
}
"""Kind of drift → what is told of it. New values are told by the rule that they break."""


def changed_layouts(look: Look) -> list[Observation]:
    """Columns that are not as the contract says, in the newest delivery of each source and force.

    Those of a rejected file are told with it, once: they may well be why it was rejected.
    """
    rows = look.ask(
        f"""
        with looked_at as (
          select
            *,
            state = 'accepted' and rank() over (
              partition by source, force, state order by extract_date desc, slice desc nulls last, revision desc
            ) = 1 as is_newest
          from ledger.deliveries
        )
        select source, force, file_name, is_newest, drift.kind, column_name, found
        from ledger.drift as drift
        inner join looked_at using (delivery_id)
        where (is_newest or (state = 'rejected' and run_id in {_UNTOLD})) and drift.kind in {tuple(_DRIFTED)}
        order by source, force, file_name, drift.kind, column_name, found
        """
    )
    return [
        Observation(
            kind="drift",
            source=source,
            force=force,
            subject=f"{kind} {column or found}",
            names=(file_name,),
            severity="warning",
            owner=look.owner(source),
            message=_DRIFTED[kind].format(column=column, found=found),
            done="If it is right, the command below prints the line to add to the contract.",
            look=f"safercity drift --source {source}",
            lasting=is_newest,
        )
        for source, force, file_name, is_newest, kind, column, found in rows
    ]


def late_deliveries(look: Look) -> list[Observation]:
    """Deliveries that are late or missing by the calendar, until a newer one comes."""
    arrived = freshness.arrived(look.connection, "ledger.deliveries")
    return [
        Observation(
            kind="freshness",
            source=item.source,
            force=item.force,
            subject="",
            severity="critical" if item.state == "missing" else "warning",
            owner=item.owner,
            message=item.message,
            done="Its months stay missing in every figure until it comes.",
            look="safercity status",
        )
        for item in freshness.assess(look.contracts, arrived, clock.london(look.now).date())
        if item.state in freshness.ALARMING
    ]


def unmatched_files(look: Look) -> list[Observation]:
    """Files that match no contract, once."""
    found = look.ask(f"select distinct name from ledger.unmatched where run_id in {_UNTOLD} order by name")
    names = [name for (name,) in found]
    if not names:
        return []
    which = "it" if len(names) == 1 else "these"
    which += f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return [
        Observation(
            kind="unmatched_file",
            subject="",
            names=tuple(names[:NAMED]),
            files=len(names),
            severity="info",
            owner=OPERATOR,
            message=f"no contract matches {which}",
            done="These files were left alone, and are named once.",
            look="safercity sources",
            lasting=False,
        )
    ]


FAILURES = {
    "audit": ("build_failed", "the new release was stopped"),
    "transform": ("build_failed", "the build of the release failed"),
    "publish": ("publish_failed", "the release could not be published"),
}
"""Stage → kind of problem, and what failed; any other stage is the run itself."""


def failed_run(look: Look) -> list[Observation] | None:
    """A run, build or publish that failed, until a run is done."""
    if look.watching:
        return None
    return [failed_run_of(look.failure)] if look.failure else []


def failed_run_of(failure: Failure) -> Observation:
    """A run that failed."""
    kind, what = FAILURES.get(failure.stage, ("run_failed", "the run failed"))
    return _run_problem(kind, f"{what}: {failure.message}")


def killed_run(look: Look) -> list[Observation]:
    """A run that was ended from outside and has had no successor."""
    if not look.watching:
        return []
    # Not by the time at which it began: the clock may have been set back.
    newest = look.ask("select state, started_at from ledger.runs order by rowid desc limit 1")
    if not newest or newest[0][0] not in ("running", "killed"):
        return []
    return [_run_problem("run_killed", f"the run of {_when(newest[0][1])} was ended from outside before it was done")]


def _run_problem(kind: str, message: str) -> Observation:
    return Observation(
        kind=kind,
        subject="",
        severity="critical",
        owner=OPERATOR,
        message=message,
        done="What was published before stands. When the cause is mended, run again: nothing is lost.",
        look="safercity status",
    )


FETCH_FAILED = "fetch_failed"
"""The kind of a fetch that failed, until one is done. No look can find it: the flow that fetches tells of it."""


def failed_fetch(why: str) -> Observation:
    """Open data that could not be fetched."""
    return Observation(
        kind=FETCH_FAILED,
        subject="",
        severity="critical",
        owner=OPERATOR,
        message=f"open data could not be fetched: {why}",
        done="What had arrived stands. Fetching again goes on where this ended.",
        look="safercity fetch",
    )


def full_disk(look: Look) -> list[Observation]:
    """A disk that is nearly full, until there is clearly more room again."""
    alerts = look.settings.alerts
    disk = shutil.disk_usage(look.settings.paths.data)
    known = look.ask("select 1 from ledger.problems where kind = 'disk_nearly_full' and ended_at is null")
    margin = 0.98 if known else 1.0
    used = 100 * (disk.total - disk.free) / disk.total
    least_free = alerts.least_free_mb * (2 - margin) * (1 << 20)
    if used < alerts.disk_nearly_full_percent * margin and disk.free >= least_free:
        return []
    return [
        Observation(
            kind="disk_nearly_full",
            subject="",
            severity="critical",
            owner=OPERATOR,
            message=f"the disk of the data folder is nearly full: {used:.0f} % used, {disk.free >> 20:,} MB left",
            done="A run that finds no room fails, and what is published stands. Make room below the data folder.",
            look="safercity check",
        )
    ]


def overdue_run(look: Look) -> list[Observation]:
    """A run that did not start on time."""
    hours = look.settings.alerts.run_every_hours
    if not look.watching or hours is None:
        return []
    [(newest,)] = look.ask(
        "select greatest((select max(started_at) from ledger.runs), (select max(looked_at) from ledger.last_look))"
    )
    if newest is None or look.now <= newest + timedelta(hours=hours) + GRACE:
        return []
    return [
        Observation(
            kind="run_overdue",
            subject="",
            severity="critical",
            owner=OPERATOR,
            message=f"no run has started since {_when(newest)}; one is due every {hours:g} hours",
            done="Nothing new is being read. See whether the schedule still runs.",
            look="safercity status",
            since=newest + timedelta(hours=hours),
        )
    ]


def missing_report(look: Look) -> list[Observation]:
    """A monthly report that is not there a day after it was due, until one of its month is issued."""
    report = due.missing(look.settings.paths, clock.london(look.now).date())
    if report is None:
        return []
    return [
        Observation(
            kind="report_missing",
            subject=f"{report.month:%Y-%m}",
            severity="critical",
            owner=OPERATOR,
            message=f"the report of {report.month:%B %Y} as of {report.as_of:%-d %B} is not there",
            done="Those of the months before stand. The command says what is in the way.",
            look=f"safercity report --month {report.month:%Y-%m} --as-of {report.as_of}",
        )
    ]


GRACE = timedelta(minutes=10)
"""By how much a run may start late."""


def _when(at: datetime) -> str:
    """A UTC time as a London one, for people."""
    return f"{clock.london(at):%-d %B %Y %H:%M}"


COLLECTORS: list[tuple[tuple[str, ...], Collector]] = [
    (("run_failed", "build_failed", "publish_failed"), failed_run),
    (("run_killed",), killed_run),
    (("run_overdue",), overdue_run),
    (("disk_nearly_full",), full_disk),
    (("report_missing",), missing_report),
    (("rejected_file",), rejected_files),
    (("quarantined_rows", "warning_rows"), broken_rules),
    (("file_rule",), unusual_deliveries),
    (("drift",), changed_layouts),
    (("freshness",), late_deliveries),
    (("unmatched_file",), unmatched_files),
]
"""The kinds of problems, and what observes them."""

OPERATION = {
    "run_failed",
    "build_failed",
    "publish_failed",
    "run_killed",
    "run_overdue",
    "disk_nearly_full",
    "report_missing",
    FETCH_FAILED,
}
"""Kinds that are about the machinery: somebody has to act before anything new is published."""


def observe(look: Look) -> tuple[list[Observation], set[str]]:
    """Everything that is wrong, and the kinds that could be looked at."""
    observations: list[Observation] = []
    looked_at: set[str] = set()
    for kinds, collect in COLLECTORS:
        found = collect(look)
        if found is not None:
            observations += found
            looked_at.update(kinds)
    return observations, looked_at
