"""The commands. Exit codes: 0 done, 1 failed, 2 wrong usage or settings, 3 published but a file was rejected."""

from __future__ import annotations

import os
import shutil
import signal
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from flows import __version__, audit_log, lineage, releases
from flows.cli import (
    alerts,
    audit,
    backup,
    dictionary,
    erase,
    explain,
    fetch,
    gaps,
    housekeeping,
    partnership,
    quarantine,
    screen,
    serve,
)
from flows.cli import releases as releases_cli
from flows.errors import InterruptedRunError, SaferCityError, UsageError
from flows.progress import say
from flows.settings import Settings, load_settings, quiet_environment

if TYPE_CHECKING:
    from flows.runs import Summary

app = typer.Typer(
    name="safercity",
    help="A police data warehouse in which every figure can be asked as of any past date.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
)
app.add_typer(releases_cli.app, name="releases")
deliveries_app = typer.Typer(help="What arrived, and what became of every row of it.")
deliveries_app.command("accept")(quarantine.accept)
app.add_typer(deliveries_app, name="deliveries")
app.add_typer(quarantine.app, name="quarantine")
app.add_typer(alerts.app, name="alerts")
app.add_typer(audit.app, name="audit")
app.command()(backup.backup)
app.command()(backup.restore)
app.command()(housekeeping.housekeeping)
app.command()(erase.erase)
app.command()(serve.serve)
app.command()(fetch.fetch)
app.command()(gaps.gaps)
app.command()(explain.explain)
app.command()(partnership.report)
app.command()(dictionary.dictionary)


Result = TypeVar("Result")


class DeliveryState(StrEnum):
    """The states of a delivery."""

    loaded = "loaded"
    rejected = "rejected"
    superseded = "superseded"


Json = Annotated[bool, typer.Option("--json", help="Print JSON, for a script.")]
Landing = Annotated[Path | None, typer.Option(help="Folder of deliveries; the default is the one in the settings.")]
Sources = Annotated[list[str] | None, typer.Option("--source", help="Only this source; may be given again.")]


def main() -> None:
    """Run the command line; a foreseen error is one line and an exit code, never a traceback."""
    quiet_environment()
    exit_code = _exit_code()
    orchestration = sys.modules.get("flows.orchestration")
    if orchestration and orchestration.is_prepared():
        orchestration.leave(exit_code)
    sys.exit(exit_code)


def _exit_code() -> int:
    try:
        _command_line()
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else 0
    except SaferCityError as error:
        # Prefect keeps the error to the very end. What its frames hold must go before: DuckDB would complain at length.
        kept: BaseException | None = error
        while kept:
            traceback.clear_frames(kept.__traceback__)
            kept = kept.__context__
        screen.err.print(f"safercity: {error}", markup=False)
        return error.exit_code
    return 0


_told_to_end, _ctrl_c = Event(), Event()


def _command_line() -> None:
    """Run the command. What a library makes of the exception that a signal raised is still an interruption.

    DuckDB says "Query interrupted" in its place, whoever handled the signal: Prefect takes SIGTERM over while it runs.
    """
    try:
        app()
    except Exception as error:
        if _ctrl_c.is_set():
            raise InterruptedRunError from None
        if _told_to_end.is_set() or "Query interrupted" in str(error):
            raise InterruptedRunError(143) from None
        raise


def _ended_by_the_system(*_: object) -> None:
    """Leave as Ctrl-C does: with what was started stopped."""
    _told_to_end.set()
    raise InterruptedRunError(143)


def _ended_by_ctrl_c(*_: object) -> None:
    _ctrl_c.set()
    raise KeyboardInterrupt


def _version(wanted: bool) -> None:
    if wanted:
        print(f"safercity {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and stop.")
    ] = False,
) -> None:
    pass


@app.command()
def run(
    *,
    landing: Landing = None,
    sources: Sources = None,
    full_refresh: Annotated[
        bool, typer.Option("--full-refresh", help="Make all states anew from raw, not only what new files touch.")
    ] = False,
    despite_audit: Annotated[
        str | None,
        typer.Option(
            "--despite-audit",
            metavar="REASON",
            help="Publish a release that loses rows or months which no delivery takes away; the reason stands with it.",
        ),
    ] = None,
    wait: Annotated[
        float,
        typer.Option(metavar="MINUTES", help="While another run writes, wait for its turn so long.", min=0),
    ] = 0,
    verbose: Annotated[
        bool, typer.Option("--verbose", help="Say on standard error when each stage begins and ends.")
    ] = False,
    json: Json = False,
) -> None:
    """Read what has arrived, validate it, load it, rebuild the marts, audit and publish them.

    Only what is new costs anything: with nothing new it says so and ends. Bad rows are quarantined, bad files
    rejected; both are reported and neither reaches a mart. Readers keep the release they have until the new one
    has passed its audit.
    """
    if verbose:
        from flows import logs

        logs.say_too()
    exit_code = _run(
        load_settings(landing=landing),
        sources,
        full_refresh,
        json,
        despite_audit,
        wait_minutes=wait,
        scheduled=landing is None,
    )
    if exit_code:
        raise typer.Exit(exit_code)


@app.command()
def demo(json: Json = False) -> None:
    """Write the sample deliveries to a folder of their own, run the pipeline on them, and make the report of a month.

    The sample holds bad rows, and two files that must be rejected: with your own deliveries `safercity run` would end
    with exit code 3 for them, the demo ends with 0. Where no SAFERCITY_HMAC_KEY is set, it uses the published test
    key of the sample. It takes the day after the sample's last one for today, or all of it would be years late.
    """
    from flows.sample import LAST_DAY, TEST_HMAC_KEY

    settings = load_settings()
    if settings.hmac_key is None:
        os.environ["SAFERCITY_HMAC_KEY"] = TEST_HMAC_KEY
    day = LAST_DAY + timedelta(days=1)
    is_set = _set_clock(settings, day)
    folder = settings.data / "sample"
    if not folder.exists():
        unfinished = folder.with_name("sample.unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        _write_sample(unfinished, seed=1, scale=1.0, through=None)
        unfinished.rename(folder)
    before = releases.current(settings.paths)
    _run(load_settings(landing=folder), None, False, json)
    partnership.of_demo(settings, is_new=releases.current(settings.paths) != before, json=json)
    if is_set and not json:
        from flows.cli import report

        print(f"The demo took {day} for today. To see what was due then: SAFERCITY_NOW={day} {report.command()} status")


@app.command()
def sample(
    out: Annotated[Path, typer.Option(help="Folder to write to; it must be new or empty.")],
    seed: Annotated[int, typer.Option(help="The same seed gives the same files, byte for byte.")] = 1,
    scale: Annotated[float, typer.Option(help="Multiplies the volume.", min=0.001)] = 1.0,
    through: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Last day that the sample knows of.")
    ] = None,
) -> None:
    """Write synthetic deliveries in the real formats, bad rows included; no person in them is real."""
    from flows.sample import TEST_HMAC_KEY

    if out.exists() and any(out.iterdir()):
        raise UsageError(f"{out} is not empty; give a new folder, so that nothing of yours is mixed with the sample")
    written = _write_sample(out, seed=seed, scale=scale, through=through.date() if through else None)
    print(f"Wrote {len(written)} files to {out}. Load them with: safercity run --landing {out}")
    print(
        "They refer to people, so the run needs a key. The published test key of the sample, for nothing but it:\n"
        f"export SAFERCITY_HMAC_KEY={TEST_HMAC_KEY}"
    )


@app.command()
def status(json: Json = False) -> None:
    """What is published, what it covers, what is missing, and which delivery is due when, late or missing."""
    from flows import clock
    from flows.cli import due
    from flows.contracts import load_contracts
    from flows.operate import read

    settings = load_settings()
    release = releases.current(settings.paths)
    if release is None:
        raise UsageError(f"nothing has been published in {settings.paths.published} yet; run: safercity run")
    covered = read.sources(settings.paths)
    today = clock.today()
    fresh = read.fresh(settings.paths, load_contracts(), today)
    if json:
        screen.as_json(
            {
                "release": asdict(release),
                "sources": covered.as_dicts(),
                "today": today,
                "freshness": [asdict(item) for item in fresh],
            }
        )
        return
    print(
        f"Published: {release.release_id} at {release.published_at} UTC, {release.marking}, code {release.code_version}"
    )
    print(f"File: {settings.paths.published_database}")
    screen.table(covered.columns, covered.rows, title="\nWhat it covers")
    due.show(fresh, today)


@app.command()
def quality(
    show: Annotated[bool, typer.Option("--open", help="Open it in the browser of this machine.")] = False,
) -> None:
    """Where the quality page of the newest run is; the index beside it leads to the last thirty."""
    from flows.report.quality import INDEX, folder, newest

    settings = load_settings()
    page = newest(settings.paths)
    if page is None:
        raise UsageError(f"there is no quality page in {folder(settings.paths)} yet; run: safercity run")
    print(page)
    print(page.with_name(INDEX))
    if show:
        typer.launch(page.as_uri())


@app.command()
def sources(json: Json = False) -> None:
    """The sources that have a contract, with their rules."""
    from flows.contracts import load_contracts

    contracts = load_contracts()
    if json:
        screen.as_json([contract.model_dump(mode="json") for contract in contracts.values()])
        return
    screen.table(
        ["source", "kind", "due", "columns", "rules", "owner", "title"],
        [
            (
                contract.source,
                contract.delivery.kind,
                contract.due_in_words,
                len(contract.columns),
                len(contract.all_rules),
                contract.owner,
                contract.title,
            )
            for contract in contracts.values()
        ],
    )


@deliveries_app.callback(invoke_without_command=True)
def deliveries(
    context: typer.Context,
    *,
    source: Annotated[str | None, typer.Option(help="Only of this source.")] = None,
    force: Annotated[str | None, typer.Option(help="Only of this force.")] = None,
    state: Annotated[DeliveryState | None, typer.Option(help="Only those in this state.")] = None,
    limit: Annotated[int, typer.Option(help="How many at most, newest first; 0 is all.", min=0)] = 50,
    json: Json = False,
) -> None:
    """What arrived, and what became of every row of it."""
    if context.invoked_subcommand:
        return
    from flows.operate import read

    found = read.deliveries(
        load_settings().paths, source=source, force=force, state=state and state.value, limit=limit or None
    )
    if json:
        screen.as_json(found.as_dicts())
        return
    screen.table(found.columns, found.rows)
    if limit and len(found.rows) == limit:
        print(f"The newest {limit}; see all with --limit 0.")


@app.command()
def drift(
    sources: Sources = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Of every delivery, also what the contract has taken up since.")
    ] = False,
    json: Json = False,
) -> None:
    """Columns and values that are not as the contracts say, and the line to add to a contract if they are right.

    Shows each source's newest deliveries: columns that are new, missing, renamed or of another type, and values that
    no list has. Headers and values that may tell of people are shown by their length.
    """
    from flows.cli.drift import show
    from flows.contracts import load_contracts
    from flows.operate.drift import find

    show(find(load_settings().paths, load_contracts(), sources=sources, everything=everything), json=json)


@app.command()
def sql(
    query: Annotated[str, typer.Argument(help="One query, such as: from marts.violence_performance limit 5")],
    as_of: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="Show every table as it was known at the end of this day."),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(help="Write the answer to this file instead: .csv, .parquet or .xlsx, as its name ends."),
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Let --out replace a file that exists.")] = False,
    json: Json = False,
) -> None:
    """A read-only query on the published file; works at any moment, also during a run.

    In a file dates are dates, and no text is a formula: in CSV an apostrophe stands before one that would be. The file
    carries its marking, and that it was written is kept in the audit log.
    """
    from flows.operate import answers, read

    paths = load_settings().paths
    day = as_of.date() if as_of else None
    if out:
        written = answers.write(paths, query, out, as_of=day, overwrite=overwrite)
        if json:
            screen.as_json(asdict(written))
        else:
            print(f"Wrote {written.rows:,} rows to {written.file}; they are {written.marking}.")
        return
    found = read.query(paths, query, day)
    audit.consulted(paths, f"sql{f' as of {day}' if day else ''}: {audit_log.without_texts(query)}")
    if json:
        screen.as_json(found.as_dicts())
    else:
        screen.table(found.columns, found.rows)


@app.command()
def figures(
    file: Annotated[
        Path | None,
        typer.Option(
            "--check", help="Another file of figures, with columns and ids as in tests/reference/figures.csv."
        ),
    ] = None,
    unmet: Annotated[
        bool, typer.Option("--unmet", help="List only what was to be reproduced and is not; the totals stay.")
    ] = False,
    json: Json = False,
) -> None:
    """Are the figures of the published police reports reproduced? One line each, totals last.

    463 figures that City of London Police printed in 2017 and 2019 are asked of the published marts, each as it was
    known at the date of its report, by the query of its family in tests/reference/queries. A figure is

    * **reproduced**, or it **differs**: counts are exact, percentages as printed, days, hours and places by the rule
      that stands with the query (`--json` shows it);
    * **withheld**: no release may tell it, and there is no private warehouse here to check it in;
    * **not attainable**: its printed numbers contradict each other, in the way that is said;
    * **not asked**: no record could answer it, for the reason that is said.

    Exit code 0 when every figure that is to be reproduced is, else 1. Works on any published release, at any moment,
    and changes nothing.
    """
    from flows.cli.figures import show
    from flows.operate.figures import ask
    from flows.operate.questions import FIGURES_FILE, load_reference, read_figures

    with screen.showing_progress():
        answers = ask(load_settings(), read_figures(file or FIGURES_FILE), load_reference())
    if not show(answers, unmet=unmet, json=json):
        raise typer.Exit(1)


@app.command()
def check(
    write: Annotated[
        bool,
        typer.Option("--write", help="Write the files that are generated from the contracts and the dbt project."),
    ] = False,
    json: Json = False,
) -> None:
    """Are the contracts, the settings and the channels sound? Sends nothing."""
    from flows.contracts import load_contracts
    from flows.operate import check as checks
    from flows.operate import generate

    if write:
        from flows.operate import dbt_lineage

        for path in generate.write(load_contracts()):
            print(f"wrote {path}")
        if dbt_lineage.write():
            print(f"wrote {lineage.FILE}")
    findings = checks.check(load_settings())
    if json:
        screen.as_json([asdict(finding) for finding in findings])
    else:
        screen.table(
            ["", "what", "remark"],
            [("ok" if finding.sound else "WRONG", finding.subject, finding.remark) for finding in findings],
        )
    if not all(finding.sound for finding in findings):
        raise typer.Exit(2)


def _run(
    settings: Settings,
    sources: list[str] | None,
    full_refresh: bool,
    json: bool,
    despite_audit: str | None = None,
    *,
    wait_minutes: float = 0,
    scheduled: bool = False,
) -> int:
    """Run, or say that there is nothing to do. A scheduled run that cannot even begin is told to people."""
    from flows import runs

    try:
        with screen.showing_progress():
            brought = runs.bring_landing(settings)
        if brought and (left := brought.waiting + brought.refused):
            screen.err.print(f"Not copied from the landing folder elsewhere: {', '.join(left)}", markup=False)
        runs.require_landing(settings)
        idle = not full_refresh and runs.nothing_to_do(settings, sources, wait_minutes=wait_minutes)
    except SaferCityError as error:
        if scheduled:
            runs.tell_that_none_began(settings, error)
        raise
    except KeyboardInterrupt:
        raise InterruptedRunError from None
    if idle:
        runs.tell_what_is_due(settings)
        release = releases.current(settings.paths)
        assert release is not None
        if json:
            screen.as_json({"state": "nothing to do", "release": asdict(release)})
        else:
            print(f"Nothing to do: no new delivery in {settings.landing_dir}. Published: {release.release_id}.")
        return 0
    from flows.cli.report import show

    began = time.monotonic()
    try:
        with screen.showing_progress():
            result = _through_prefect(settings, sources, full_refresh, despite_audit, wait_minutes)
    except KeyboardInterrupt:
        raise InterruptedRunError from None
    show(settings, result, time.monotonic() - began, json=json)
    return result.exit_code


def _set_clock(settings: Settings, day: date) -> bool:
    """Let it be nine in the morning of a day of the past; False where that is set already, or releases are of others.

    Time never goes back: it is later than the newest release of the same day, and where one is of another day, such as
    of a run with deliveries of one's own, the clock stays as it is.
    """
    from flows import clock

    earlier = [datetime.fromisoformat(release.published_at) for release in releases.on_disk(settings.paths)]
    if clock.VARIABLE in os.environ or any(at.date() != day for at in earlier):
        return False
    begins = max([datetime(day.year, day.month, day.day, 8, tzinfo=UTC), *(at.replace(tzinfo=UTC) for at in earlier)])
    os.environ[clock.VARIABLE] = (begins + timedelta(seconds=1)).isoformat()
    return True


def _through_prefect(
    settings: Settings, sources: list[str] | None, full_refresh: bool, despite_audit: str | None, wait_minutes: float
) -> Summary:
    return through_prefect(
        settings,
        lambda pipeline: pipeline.ingest_and_publish(
            settings.landing_dir, sources, full_refresh, despite_audit, wait_minutes
        ),
    )


def through_prefect(settings: Settings, flow: Callable[[Any], Result]) -> Result:
    """Start Prefect, and have `flow` call a flow of the module `pipeline`, which it is given.

    Raises UsageError when PREFECT_API_URL names a server that does not answer.
    """
    from flows.orchestration import import_meanwhile, prepare_prefect, server_is_missing, start_server, use_server

    say("starting Prefect", 0)
    prepare_prefect(settings)
    server = start_server()
    from flows import pipeline

    import_meanwhile("great_expectations", "dbt.cli.main", "dbt.adapters.duckdb")
    use_server(server)
    # Not before: until here there is nothing to stop but the server, which stops by itself, and an exception raised in
    # the midst of an import may be taken for a module that is missing.
    signal.signal(signal.SIGTERM, _ended_by_the_system)
    signal.signal(signal.SIGINT, _ended_by_ctrl_c)
    try:
        return flow(pipeline)
    except RuntimeError as error:
        if server is None and server_is_missing(error):
            raise UsageError(
                "no Prefect server answers at PREFECT_API_URL; start it with `prefect server start`,"
                " or unset the variable to run without one"
            ) from None
        raise


def _write_sample(folder: Path, *, seed: int, scale: float, through: date | None) -> list[Path]:
    from flows.sample import write_sample

    given = {"through": through} if through else {}
    return write_sample(folder, seed=seed, scale=scale, **given)
