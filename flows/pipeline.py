"""The flows. They read as prose: what is done, in which order, one task per stage and source. The work is in `stages`.

Retries stand only where trying again can help: reading a file over a network, and delivering a message. A failed
check or a failed build is the same the second time.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any

import duckdb
from prefect import flow, task
from prefect.artifacts import create_markdown_artifact, create_table_artifact
from prefect.cache_policies import NO_CACHE

from flows import clock, freshness, messages, runs, warehouse
from flows.errors import SaferCityError
from flows.held import in_quarantine
from flows.progress import say
from flows.releases import Release
from flows.report import quality
from flows.runs import Run, Summary
from flows.settings import load_settings
from flows.stages import audit, extract, load, notify, publish, transform, validate
from flows.stages.audit import Audited
from flows.stages.extract import Arrival, Extracted, Landing
from flows.stages.load import Loaded
from flows.stages.transform import Transformed


def can_help(_task: Any, _run: Any, state: Any) -> bool:
    """A retry can help when the file system or the network failed, and only then."""
    return isinstance(state.result(raise_on_failure=False), OSError)


@flow(name="ingest and publish", description="Read what has arrived, validate it, load it, rebuild the marts, publish.")
def ingest_and_publish(
    landing: Path | None = None,
    sources: list[str] | None = None,
    full_refresh: bool = False,
    despite_audit: str | None = None,
) -> Summary:
    """Everything, for whatever is new.

    landing: folder that deliveries are dropped in; the default is the one in the settings.
    sources: read only these; the default is all that have a contract.
    full_refresh: make all states anew from raw, also those that nothing new touches.
    despite_audit: why to publish a release that loses rows or months which no delivery takes away.
    """
    settings = load_settings(landing=landing)
    with runs.open_run(settings, "run", sources) as run:
        try:
            result = ingest_and_build(run, full_refresh, despite_audit)
        except SaferCityError as error:
            with suppress(SaferCityError):  # what ended the run is what is to be shown
                tell_people(run, runs.summary(run, [], Landing(), [], None), str(error))
            raise
        tell_people(run, result)
    return result


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
        transformed = build_marts(run, full_refresh)
        audited = audit_release(run, transformed, despite_audit)
        release = publish_release(run, audited, despite_audit)
        write_quality_page(run, release)
    return runs.summary(run, loads, found, extracts, release)


@task(name="look at the landing folder", cache_policy=NO_CACHE)
def look_at_landing(run: Run) -> Landing:
    """Find what has not been seen."""
    with run.timed("extract"):
        return runs.look(run)


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
    with run.timed("extract"):
        return extract.extract(
            run.contracts[source],
            arrivals,
            run.empty_scratch(source),
            is_repeat=runs.is_repeat(run, source),
            hmac_key=run.settings.hmac_key_bytes,
            threads=run.settings.threads,
            memory_limit=run.settings.memory_limit,
            progress=lambda done, total: say(f"reading {source}", done, total),
        )


@task(cache_policy=NO_CACHE)
def validate_source(run: Run, source: str, extracted: Extracted) -> None:
    """Have Great Expectations judge one source's rows."""
    say(f"validating {source}", 0)
    with run.timed("validate"):
        validate.validate(run.contracts[source], extracted.database, run.settings.duckdb_options())


@task(cache_policy=NO_CACHE)
def load_source(run: Run, source: str, extracted: Extracted) -> Loaded:
    """Load one source in one transaction, and show what arrived and what failed."""
    say(f"loading {source}", 0)
    with run.timed("load"), warehouse.connect(run.settings) as connection:
        loaded = load.load(run.contracts[source], connection, extracted.database, run.run_id, run.started)
    create_markdown_artifact(messages.arrivals_page(loaded), key=messages.artifact_key("arrived", source))
    create_markdown_artifact(messages.failures_page(loaded), key=messages.artifact_key("failed", source))
    return loaded


@task(name="build and audit the marts", cache_policy=NO_CACHE)
def build_marts(run: Run, full_refresh: bool) -> Transformed:
    """Build states and marts, and audit the release with dbt's tests."""
    try:
        with run.timed("transform"):
            transformed = transform.transform(
                run.settings,
                run.contracts,
                transform.states_fingerprint(run.contracts_fingerprint),
                full_refresh=full_refresh,
                on_node=lambda done, total: say("building and testing", done, total),
            )
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
    with run.timed("audit"):
        audited = audit.audit(run.settings, run.release_fingerprint)
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
    with run.timed("publish"):
        release = publish.publish(
            run.settings,
            release_id=run.run_id,
            code_version=runs.code_version(run.release_fingerprint),
            fingerprint=run.release_fingerprint,
            deliveries_digest=runs.deliveries_digest(run.settings),
            despite_audit=despite if audited.stops else None,
        )
    create_markdown_artifact(messages.release_page(release), key="published")
    return release


@task(name="write the quality page", cache_policy=NO_CACHE)
def write_quality_page(run: Run, release: Release) -> None:
    """Show what the release holds, and what is held back. A page that cannot be written fails no run."""
    say("writing the quality page", 0)
    with suppress(SaferCityError, OSError, duckdb.Error), run.timed("report"):
        confidential = [source for source, contract in run.contracts.items() if contract.confidential]
        with warehouse.connect(run.settings, read_only=True) as connection:
            quarantine = in_quarantine(connection, clock.today(), confidential)
            fresh = freshness.assess(run.contracts, freshness.arrived(connection, "ledger.deliveries"), clock.today())
        quality.write(
            run.settings.paths, release, quality.Told(run.run_id, run.started_at, run.seconds), quarantine, fresh
        )


@task(name="tell people", cache_policy=NO_CACHE, retries=2, retry_delay_seconds=5, retry_condition_fn=can_help)
def tell_people(run: Run, result: Summary, run_failed: str | None = None) -> None:
    """Send the digest, if there is anything to tell."""
    with run.timed("notify"):
        message = messages.digest_of(runs.to_tell(run, result), run_failed)
        if message:
            notify.notify(run.settings, message, run.run_id)
        runs.mark_told(run)
