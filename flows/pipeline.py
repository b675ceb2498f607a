"""The flows. They read as prose: what is done, in which order, one task per stage and source. The work is in `stages`.

Retries stand only where trying again can help: reading a file over a network, and delivering a message. A failed
check or a failed build is the same the second time.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
from jinja2 import TemplateError
from prefect import flow, task
from prefect.artifacts import create_markdown_artifact, create_table_artifact
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State
from prefect.states import Completed

from flows import audit_log, clock, freshness, logs, messages, runs, warehouse
from flows.contracts import load_contracts
from flows.errors import InterruptedRunError, SaferCityError, UsageError
from flows.held import in_quarantine
from flows.observations import Failure
from flows.operate import alerts, fetch, housekeeping
from flows.orchestration import begin, crash_runs_without_process, turn_at_the_warehouse
from flows.progress import say
from flows.releases import Release
from flows.report import changes, due, partnership, quality
from flows.runs import Run, Summary
from flows.settings import Settings, load_settings
from flows.stages import audit, extract, load, notify, publish, replay, transform, validate
from flows.stages.audit import Audited
from flows.stages.extract import Arrival, Extracted, Landing
from flows.stages.load import Loaded
from flows.stages.replay import ReplayedFile, Waiting
from flows.stages.transform import Transformed


def can_help(_task: Any, _run: Any, state: Any) -> bool:
    """A retry can help when the file system or the network failed, and only then."""
    return isinstance(state.result(raise_on_failure=False), OSError)


@flow(name="ingest and publish", on_running=[begin])
def ingest_and_publish(
    landing: Path | None = None,
    sources: list[str] | None = None,
    full_refresh: bool = False,
    despite_audit: str | None = None,
    wait_minutes: float = 0,
) -> Summary:
    """Read what has arrived, validate it, load it, rebuild the marts, audit and publish them.

    Args:
        landing: Folder that deliveries are dropped in; the default is the one in the settings.
        sources: Read only these; the default is all that have a contract.
        full_refresh: Make all states anew from raw, also those that nothing new touches.
        despite_audit: Why to publish a release that loses rows or months which no delivery takes away.
        wait_minutes: While another run writes the warehouse, wait for its turn so long.
    """
    settings = load_settings(landing=landing)
    with (
        logs.written(settings.paths),
        turn_at_the_warehouse(wait_minutes),
        runs.open_run(settings, "run", sources, wait_minutes=wait_minutes) as run,
        logs.stage(run.run_id, "run"),
    ):
        try:
            result = ingest_and_build(run, full_refresh, despite_audit)
        except Exception as error:
            with suppress(Exception):  # what ended the run is what is to be shown
                tell_of_failure(run, error)
            raise
        tell_people(run, result.release)
    return result


@flow(name="ingest what is new", timeout_seconds=6 * 3600, on_running=[begin])
def ingest_what_is_new(wait_minutes: float = 0) -> State:
    """Look into the landing folder. Only where something is new, read, validate, load, rebuild, audit and publish.

    With nothing new it sends the alerts that are due, and ends within seconds.

    Args:
        wait_minutes: While another run writes the warehouse, wait for its turn so long; after 0 it ends at once.
    """
    settings = load_settings()
    try:
        if not something_is_new(settings, wait_minutes):
            runs.tell_what_is_due(settings)
            return Completed(message="Nothing to do: no new delivery")
        result = ingest_and_publish.fn(wait_minutes=wait_minutes)
    except warehouse.WarehouseBusyError as busy:
        if wait_minutes:
            raise
        return Completed(message=f"Left alone: {busy}")
    published = f"Published {result.release.release_id}" if result.release else "Published nothing new"
    return Completed(message=f"{published}; {len(result.files)} files read, {len(result.rejected)} rejected")


def something_is_new(settings: Settings, wait_minutes: float) -> bool:
    """Whether there is anything to do. People are told of what keeps a run from beginning."""
    try:
        runs.bring_landing(settings)
        runs.require_landing(settings)
        return not runs.nothing_to_do(settings, wait_minutes=wait_minutes)
    except SaferCityError as error:
        runs.tell_that_none_began(settings, error)
        raise


@flow(name="watch", timeout_seconds=600, on_running=[begin])
def watch() -> State:
    """See what goes wrong without a run: late deliveries, a run that is overdue or was killed, a disk that fills up.

    Tells people what is new and sends what is due. Runs whose process is gone are shown as crashed from here on.
    """
    crashed = crash_runs_without_process()
    settings = load_settings()
    if not settings.paths.warehouse.exists():
        return Completed(message="Nothing to watch: nothing has been loaded yet")
    try:
        sent = alerts.watch(settings)
    except warehouse.WarehouseBusyError:
        return Completed(message="A run is under way; it tells people itself")
    return Completed(message=f"{len(sent)} messages sent, {crashed} dead runs found")


@flow(name="housekeeping", timeout_seconds=6 * 3600, on_running=[begin])
def tidy_up(wait_minutes: float = 0) -> State:
    """Remove what nobody needs any more, and compact the warehouse when that pays; never a record.

    What is due for review by its retention is shown, for somebody to decide on.

    Args:
        wait_minutes: While another run writes the warehouse, wait for its turn so long.
    """
    settings = load_settings()
    with turn_at_the_warehouse(wait_minutes):
        audit_log.record(settings.paths, "tidy", "housekeeping")
        done = housekeeping.housekeep(settings, load_contracts(), wait_minutes=wait_minutes)
    due = [asdict(item) for item in done.due]
    create_table_artifact(due, key="due-for-review", description="Rows to be reviewed by the retention of their source")
    freed = sum(item.bytes for item in done.removed)
    if done.compacted:
        freed += done.compacted.before - done.compacted.after
    unfinished = f"; {len(done.unfinished)} erasures are not finished" if done.unfinished else ""
    return Completed(message=f"{freed / 1e6:,.1f} MB freed, {len(done.due)} sources due for review{unfinished}")


@flow(name="fetch open data", timeout_seconds=6 * 3600, on_running=[begin])
def fetch_open_data(first: date | None = None, last: date | None = None) -> State:
    """Fetch the archives of data.police.uk into the landing folder, where the next run reads them.

    What is there and unchanged costs one request; what breaks off is gone on with by fetching again.

    Args:
        first: Any day of the first month; the default is the month of the newest archive in the landing folder.
        last: Any day of the last month; the default is this month.
    """
    settings = load_settings()
    folder = fetch.folder(settings)
    try:
        done = fetch.fetch(settings.fetch, folder, fetch.wanted_months(folder, first, last))
        create_table_artifact([asdict(item) for item in done], key="fetched", description="What became of each archive")
        fetch.require_all(done)
    except SaferCityError as error:
        runs.tell_of_fetch(settings, error)
        raise
    runs.tell_of_fetch(settings, None)
    return Completed(message=f"{sum(item.state == 'fetched' for item in done)} of {len(done)} archives were new")


@flow(name="monthly report", timeout_seconds=3600, on_running=[begin])
def report_of_month(month: date | None = None, as_of: date | None = None) -> State:
    """Make the partnership report of a month as it was known on a day, and keep it with those issued before.

    Args:
        month: Any day of the month; the default is the one before the 7th as of which the report is.
        as_of: The day whose knowledge it shows; the default is the last 7th that has passed.
    """
    newest = due.newest(clock.today())
    try:
        written = partnership.write(
            load_settings(), month=(month or newest.month).replace(day=1), as_of=as_of or newest.as_of
        )
    except UsageError as nothing:
        return Completed(message=f"No report: {nothing}")
    create_markdown_artifact(f"{written.html}\n\n{written.xlsx}", key="partnership-report")
    return Completed(message=f"Issue {written.issue} of {written.edition.month:%B %Y} as of {written.edition.as_of}")


def tell_of_failure(run: Run, error: Exception) -> None:
    """Tell people why a run failed; where the ledger takes no more, past it.

    When the system ends the process nothing is waited for: the next who sends, sends it.
    """
    failure = Failure(run.failed_in, runs.in_words(run.settings, error))
    try:
        tell_people(run, None, failure, in_haste=isinstance(error, InterruptedRunError))
    except (SaferCityError, duckdb.Error, OSError):
        notify.tell_past_the_ledger(run.settings, run.run_id, failure)


def ingest_and_build(run: Run, full_refresh: bool, despite_audit: str | None = None) -> Summary:
    """Everything but telling people of it."""
    found = look_at_landing(run)
    runs.require_hmac_key(run, found)
    loads, extracts = reject_archives(run, found), []
    for source in run.sources:
        arrivals = [arrival for arrival in found.arrivals if arrival.source == source]
        if not arrivals:
            continue
        extracted = extract_source.with_options(name=f"extract {source}")(run, source, arrivals)
        extracts.append(extracted)
        if extracted.files:
            validate_source.with_options(name=f"validate {source}")(run, source, extracted)
            loads.append(load_source.with_options(name=f"load {source}")(run, source, extracted))
    runs.remember_files(run, found, extracts, loads)
    release = None
    if runs.release_is_due(run, full_refresh):
        release = build_and_publish(run, full_refresh, despite_audit)
    return runs.summary(run, loads, found, extracts, release)


def build_and_publish(run: Run, full_refresh: bool, despite_audit: str | None = None) -> Release:
    """A new release of what the warehouse holds, and the page on its quality."""
    audited = audit_release(run, build_marts(run, full_refresh), despite_audit)
    release = publish_release(run, audited, despite_audit)
    write_quality_page(run, release)
    return release


@task(name="look at the landing folder", cache_policy=NO_CACHE)
def look_at_landing(run: Run) -> Landing:
    """Find what has not been seen."""
    with run.timed("extract"), logs.stage(run.run_id, "look") as counts:
        found = runs.look(run)
        counts |= {"arrivals": len(found.arrivals), "unmatched": len(found.unmatched), "waiting": len(found.waiting)}
    return found


@task(name="reject archives", cache_policy=NO_CACHE)
def reject_archives(run: Run, found: Landing) -> list[Loaded]:
    """Write the archives that cannot be trusted as a whole to the ledger."""
    rejected = [
        load.RejectedArchive(
            arrival.path,
            arrival.file_name,
            extract.file_hash(arrival.file),
            arrival.problem.code,
            arrival.problem.message,
        )
        for arrival in found.arrivals
        if not arrival.source and arrival.problem
    ]
    if not rejected:
        return []
    with warehouse.connect(run.settings) as connection:
        return [load.reject_archives(rejected, connection, run.run_id, run.started)]


@task(cache_policy=NO_CACHE, retries=2, retry_delay_seconds=2, retry_condition_fn=can_help)
def extract_source(run: Run, source: str, arrivals: list[Arrival]) -> Extracted:
    """Read one source's files into its scratch file."""
    with run.timed("extract"), logs.stage(run.run_id, "extract", source) as counts:
        extracted = extract.extract(
            run.contracts[source],
            arrivals,
            run.empty_scratch(source),
            is_repeat=runs.is_repeat(run, source),
            hmac_key=run.settings.hmac_key_bytes,
            threads=run.settings.threads,
            memory_limit=run.settings.memory_limit,
            progress=lambda done, total: say(f"reading {source}", done, total),
        )
        counts |= {"files": extracted.files, "rows": extracted.rows, "repeats": extracted.repeats}
    return extracted


@task(cache_policy=NO_CACHE)
def validate_source(run: Run, source: str, extracted: Extracted) -> None:
    """Have Great Expectations judge one source's rows."""
    say(f"validating {source}", 0)
    with run.timed("validate"), logs.stage(run.run_id, "validate", source):
        validate.validate(run.contracts[source], extracted.database, run.settings.duckdb_options())


@task(cache_policy=NO_CACHE)
def load_source(run: Run, source: str, extracted: Extracted) -> Loaded:
    """Load one source in one transaction, and show what arrived and what failed."""
    say(f"loading {source}", 0)
    with (
        run.timed("load"),
        logs.stage(run.run_id, "load", source) as counts,
        warehouse.connect(run.settings) as connection,
    ):
        loaded = load.load(
            run.contracts[source],
            connection,
            extracted.database,
            run.run_id,
            run.started,
            hmac_key=run.settings.hmac_key_bytes,
        )
        counts |= {
            "files": len(loaded.files),
            "accepted": sum(file.accepted for file in loaded.files),
            "quarantined": sum(file.quarantined for file in loaded.files),
            "rejected_files": sum(file.state == "rejected" for file in loaded.files),
        }
    create_markdown_artifact(messages.arrivals_page(loaded), key=messages.artifact_key("arrived", source))
    create_markdown_artifact(messages.failures_page(loaded), key=messages.artifact_key("failed", source))
    return loaded


@task(name="build and audit the marts", cache_policy=NO_CACHE)
def build_marts(run: Run, full_refresh: bool) -> Transformed:
    """Build states and marts, and audit the release with dbt's tests."""
    try:
        with run.timed("transform"), logs.stage(run.run_id, "transform") as counts:
            transformed = transform.transform(
                run.settings,
                run.contracts,
                transform.states_fingerprint(run.contracts_fingerprint),
                full_refresh=full_refresh,
                on_node=lambda done, total: say("building and testing", done, total),
            )
            counts["nodes"] = len(transformed.nodes)
    except transform.BuildFailedError as failed:
        at_stake = audit.figures_at_stake(run.settings)
        raise audit.stopped([failed.named], at_stake, f"What dbt says of it is in {failed.log}") from None
    run.divide("transform", {part: transformed.share_of(part) for part in ("states", "marts")})
    create_table_artifact(
        messages.nodes_table(transformed.nodes), key="dbt-nodes", description="Every dbt node's result"
    )
    return transformed


@task(name="audit the release", cache_policy=NO_CACHE)
def audit_release(run: Run, _transformed: Transformed, despite: str | None) -> Audited:
    """Hold the new release against the published one; one that loses what no delivery takes away is stopped."""
    say("auditing", 0)
    with run.timed("audit"), logs.stage(run.run_id, "audit") as counts:
        audited = audit.audit(run.settings, run.release_fingerprint)
        counts |= {"findings": len(audited.findings), "moved_figures": len(audited.moved)}
        if audited.stops and not despite:
            raise audit.stopped(
                [finding.message for finding in audited.stops],
                audited.moved,
                "Mend what made it; if it is right as it is, run again with --despite-audit and the reason",
            )
    return audited


@task(name="publish", cache_policy=NO_CACHE)
def publish_release(run: Run, audited: Audited, despite: str | None) -> Release:
    """Publish the audited release file."""
    say("publishing", 0)
    with run.timed("publish"), logs.stage(run.run_id, "publish") as counts:
        release = publish.publish(
            run.settings,
            run.contracts,
            release_id=run.run_id,
            code_version=runs.code_version(run.release_fingerprint),
            fingerprint=run.release_fingerprint,
            deliveries_digest=runs.deliveries_digest(run.settings),
            despite_audit=despite if audited.stops else None,
        )
        counts |= {"tables": len(release.rows_per_table), "rows": sum(release.rows_per_table.values())}
    if release.despite_audit:
        audit_log.record(
            run.settings.paths,
            "publish despite audit",
            f"release {release.release_id}",
            reason=despite,
            run_id=run.run_id,
        )
    create_markdown_artifact(messages.release_page(release), key="published")
    return release


@task(name="write the quality page", cache_policy=NO_CACHE)
def write_quality_page(run: Run, release: Release) -> None:
    """Show what the release holds, what is held back, and what changed. A page that cannot be written fails no run."""
    say("writing the quality page", 0)
    try:
        with run.timed("report"):
            quality_page(run, release)
            changes.write(run.settings, release.release_id)
    except InterruptedRunError:
        raise
    except (SaferCityError, OSError, duckdb.Error, TemplateError, ValueError, TypeError, LookupError) as error:
        say(f"the quality page cannot be written ({type(error).__name__})", 0)


def quality_page(run: Run, release: Release) -> Path:
    """Gather what the page needs from the warehouse, and write it."""
    today = clock.today()
    confidential = [source for source, contract in run.contracts.items() if contract.confidential]
    with warehouse.connect(run.settings, read_only=True) as connection:
        quarantine = in_quarantine(connection, today, confidential)
        fresh = freshness.assess(run.contracts, freshness.arrived(connection, "ledger.deliveries"), today)
    told = quality.Told(run.run_id, run.started_at, run.seconds)
    return quality.write(run.settings.paths, release, told, quarantine, fresh)


@task(name="tell people", cache_policy=NO_CACHE, retries=2, retry_delay_seconds=5, retry_condition_fn=can_help)
def tell_people(run: Run, release: Release | None, failure: Failure | None = None, in_haste: bool = False) -> None:
    """Tell people what they do not know yet; in haste it is left in the outbox for the next who sends."""
    with run.timed("notify"), logs.stage(run.run_id, "notify"):
        notify.tell(
            run.settings,
            run.contracts,
            run.run_id,
            published=release and release.release_id,
            failure=failure,
            send=not in_haste,
        )


@flow(name="publish anew", description="Make all states and marts anew from raw, and publish.")
def publish_anew(command: str, despite_audit: str | None = None) -> Release:
    """A new release of what the warehouse holds, whatever lies in the landing folder.

    command: what it is done for, as the ledger of runs has it.
    despite_audit: why to publish a release that loses rows or months which no delivery takes away.
    """
    settings = load_settings()
    with logs.written(settings.paths), runs.open_run(settings, command) as run, logs.stage(run.run_id, command):
        try:
            release = build_and_publish(run, True, despite_audit)
        except Exception as error:
            with suppress(Exception):  # what ended the run is what is to be shown
                tell_of_failure(run, error)
            raise
        tell_people(run, release)
    return release


@dataclass(frozen=True)
class Replayed:
    """What a replay did, file by file. `release` is None when no row moved, and so nothing was published."""

    files: list[ReplayedFile]
    release: Release | None


@flow(name="replay quarantine", on_running=[begin])
def replay_quarantine(
    landing: Path | None = None,
    sources: list[str] | None = None,
    rule: str | None = None,
    dry_run: bool = False,
    wait_minutes: float = 0,
) -> Replayed:
    """Judge quarantined rows again, load those that pass the contracts and reference data as they are now, publish.

    Args:
        landing: Folder in which the files of the rows are looked for; the default is the one in the settings.
        sources: Only rows of these; the default is all that have a contract.
        rule: Only rows that were quarantined for it.
        dry_run: Say what would be loaded, and change nothing.
        wait_minutes: While another run writes the warehouse, wait for its turn so long.
    """
    settings = load_settings(landing=landing)
    with (
        logs.written(settings.paths),
        turn_at_the_warehouse(wait_minutes),
        runs.open_run(settings, "quarantine replay", sources, wait_minutes=wait_minutes) as run,
        logs.stage(run.run_id, "replay"),
    ):
        release = None
        try:
            files = replay_rows(run, rule, dry_run)
            with warehouse.connect(settings, read_only=True) as connection:
                is_due = not dry_run and runs.rows_are_not_published(connection)
            if is_due:
                release = build_and_publish(run, full_refresh=False)
        except Exception as error:
            with suppress(Exception):  # what ended the run is what is to be shown
                tell_of_failure(run, error)
            raise
        tell_people(run, release)
    return Replayed(files, release)


def replay_rows(run: Run, rule: str | None, dry_run: bool) -> list[ReplayedFile]:
    """Source by source: what of quarantine passes now, loaded."""
    with warehouse.connect(run.settings, read_only=True) as connection:
        waiting = {source: replay.waiting(connection, source, rule) for source in run.sources}
    waiting = {source: deliveries for source, deliveries in waiting.items() if deliveries}
    arrivals = find_again(run) if waiting else []
    files = []
    for source, deliveries in waiting.items():
        found = [a for a in arrivals if a.source == source and any(delivery.may_be(a) for delivery in deliveries)]
        extracted = read_again.with_options(name=f"read {source} again")(run, source, found, deliveries)
        validate_source.with_options(name=f"validate {source}")(run, source, extracted)
        files += replay_source.with_options(name=f"replay {source}")(run, source, extracted, rule, dry_run)
    return files


@task(name="look for the files again", cache_policy=NO_CACHE)
def find_again(run: Run) -> list[Arrival]:
    """Everything that lies in the landing folder, whether it was seen or not."""
    with run.timed("extract"):
        return runs.find(run.settings, run.contracts, lambda _: False).arrivals


@task(cache_policy=NO_CACHE, retries=2, retry_delay_seconds=2, retry_condition_fn=can_help)
def read_again(run: Run, source: str, arrivals: list[Arrival], deliveries: list[Waiting]) -> Extracted:
    """Fill one source's scratch file with the files that are still there, and with what is kept of the others."""
    contract = run.contracts[source]

    def is_another(arrival: Arrival, content_hash: str) -> bool:
        return not any(delivery.content_hash == content_hash and delivery.may_be(arrival) for delivery in deliveries)

    with run.timed("extract"):
        extracted = extract.extract(
            contract,
            arrivals,
            run.empty_scratch(source),
            is_repeat=is_another,
            hmac_key=run.settings.hmac_key_bytes,
            threads=run.settings.threads,
            memory_limit=run.settings.memory_limit,
            progress=lambda done, total: say(f"reading {source} again", done, total),
        )
        with warehouse.connect(run.settings) as connection:
            replay.add_records(contract, connection, extracted.database, deliveries)
    return extracted


@task(cache_policy=NO_CACHE)
def replay_source(run: Run, source: str, extracted: Extracted, rule: str | None, dry_run: bool) -> list[ReplayedFile]:
    """Move one source's rows that pass now, in one transaction."""
    say(f"replaying {source}", 0)
    with (
        run.timed("load"),
        logs.stage(run.run_id, "replay", source) as counts,
        warehouse.connect(run.settings) as connection,
    ):
        files = replay.replay(
            run.contracts[source],
            connection,
            extracted.database,
            run.run_id,
            run.started,
            rule=rule,
            dry_run=dry_run,
        )
        counts |= {"loaded": sum(file.loaded for file in files), "still_bad": sum(file.still_bad for file in files)}
    return files
