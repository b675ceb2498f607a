"""One run of the pipeline: who does it, what there is to do, and what came of it.

A run holds the writer's lock from beginning to end. It begins by putting right what a killed run left behind, so that
running again is all that recovery takes.
"""

from __future__ import annotations

import os
import secrets
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

import flows
from flows import audit_log, clock, ledger, releases, warehouse
from flows.contracts import MALFORMED, Contract, contracts_fingerprint, load_contracts
from flows.errors import SaferCityError, UsageError
from flows.settings import Settings
from flows.stages import extract, notify, transform
from flows.stages.extract import Arrival, Extracted, Landing, LandingFile
from flows.stages.extract.arrival import MEMBER_SIGN, printable
from flows.stages.load import FailedRule, Loaded, LoadedFile

if TYPE_CHECKING:
    from flows.operate.mirror import Mirrored

LEAST_ROOM = 16 << 20
"""Bytes that must be free below the data folder for a run to begin: as much as Prefect and an empty warehouse take."""

TELLING_MINUTES = 30
"""For so long what is to be told waits for a run that is under way."""


class Run:
    """A run that is under way. `contracts` are all of them, `sources` the ones that this run is for.

    `failed_in` is the stage that failed, `seconds` is wall time by stage. It is no dataclass: for each task Prefect
    looks through every field of one that it is given, and through all contracts with it.
    """

    def __init__(
        self, settings: Settings, contracts: dict[str, Contract], sources: list[str], run_id: str, started_at: datetime
    ) -> None:
        self.settings = settings
        self.contracts = contracts
        self.sources = sources
        self.run_id = run_id
        self.started_at = started_at
        self.seconds: dict[str, float] = {}
        self.failed_in = ""

    @property
    def started(self) -> str:
        """When the run began, UTC, as the ledger writes it."""
        return f"{self.started_at:%Y-%m-%d %H:%M:%S}"

    @property
    def contracts_fingerprint(self) -> str:
        """Hash over all contracts."""
        return contracts_fingerprint(self.contracts)

    @property
    def release_fingerprint(self) -> str:
        """Hash of everything a release depends on but the deliveries."""
        return transform.release_fingerprint(self.contracts_fingerprint)

    def empty_scratch(self, source: str) -> Path:
        """An empty folder for the scratch file of a source; it goes when the run ends."""
        folder = self.settings.paths.scratch / source
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        return folder

    @contextmanager
    def timed(self, stage: str) -> Iterator[None]:
        """Add the wall time of the block to the stage's.

        Raises SaferCityError, naming the stage, where the data folder takes no more.
        """
        began = time.monotonic()
        try:
            yield
        except Exception as error:
            self.failed_in = stage
            if reason := warehouse.no_room(error):
                raise _no_room_left(self.settings, stage, reason) from None
            raise
        finally:
            self.seconds[stage] = self.seconds.get(stage, 0) + time.monotonic() - began

    def divide(self, stage: str, shares: dict[str, float]) -> None:
        """Put the parts of a stage in its place, each with its share of the stage's time."""
        seconds = self.seconds.pop(stage)
        self.seconds |= {part: seconds * share for part, share in shares.items()}


@dataclass(frozen=True)
class Summary:
    """What a run did, for people and scripts. `release` is None when nothing was published."""

    run_id: str
    files: list[LoadedFile]
    failed_rules: list[FailedRule]
    unmatched: list[str]
    waiting: list[str]
    repeats: int
    release: releases.Release | None
    seconds: dict[str, float]

    @property
    def rejected(self) -> list[LoadedFile]:
        """The files of which nothing was loaded."""
        return [file for file in self.files if file.state == "rejected"]

    @property
    def exit_code(self) -> int:
        """0 done, 3 published but a file was rejected."""
        return 3 if self.rejected else 0


def chosen_sources(contracts: dict[str, Contract], sources: list[str] | None) -> list[str]:
    """The sources named, or all of them.

    Raises UsageError for a source without a contract.
    """
    unknown = sorted(set(sources or []) - set(contracts))
    if unknown:
        raise UsageError(f"no contract for {', '.join(unknown)}; the sources are: {', '.join(contracts)}")
    return [source for source in contracts if not sources or source in sources]


@contextmanager
def open_run(
    settings: Settings, command: str, sources: list[str] | None = None, *, wait_minutes: float = 0
) -> Iterator[Run]:
    """Begin a run: take the lock, clear up after a killed one, write it to the ledger; and end it.

    While another writes, it waits for its turn so long.

    Raises SaferCityError also where the system or DuckDB fails: their own texts may quote a value.
    """
    try:
        with _begun(settings, command, sources, wait_minutes) as run:
            yield run
    except (OSError, duckdb.Error) as error:
        raise SaferCityError(in_words(settings, error)) from None


def in_words(settings: Settings, error: Exception) -> str:
    """Why a run failed, for people: the texts of errors that are not ours may quote a value."""
    if isinstance(error, SaferCityError):
        return str(error)
    if reason := warehouse.no_room(error):
        return str(_no_room_left(settings, "the run", reason))
    if isinstance(error, OSError):
        return f"the run failed: {error.filename}: {error.strerror}; mend that and run again"
    if isinstance(error, duckdb.Error):
        return (
            f"the run failed in DuckDB ({type(error).__name__}); see that there is disk space and memory left, and run"
            " again"
        )
    return f"a fault of the program ({type(error).__name__}): please report it, with the log of the run"


@contextmanager
def _begun(settings: Settings, command: str, sources: list[str] | None, wait_minutes: float) -> Iterator[Run]:
    contracts = load_contracts()
    chosen = chosen_sources(contracts, sources)
    settings.paths.make()
    with warehouse.writer_lock(settings.paths, command, wait_minutes=wait_minutes):
        started_at = clock.now().replace(microsecond=0)
        run = Run(settings, contracts, chosen, new_run_id(started_at), started_at)
        _clear_up(settings)
        act = "replay" if command == "quarantine replay" else "run"
        audit_log.record(settings.paths, act, f"{command} of {', '.join(chosen)}", run_id=run.run_id)
        warehouse.prepare(settings, contracts)
        with warehouse.connect(settings) as connection:
            releases.recover(settings.paths, connection)
            connection.execute("update ledger.runs set state = 'killed' where state = 'running'")
            connection.execute(
                "insert into ledger.runs values (?, ?, null, ?, ?, 'running', null, false)",
                [run.run_id, started_at, command, code_version(run.release_fingerprint)],
            )
        try:
            yield run
        except BaseException as error:
            # Where the ledger cannot be written, the next run takes this one for killed.
            with suppress(duckdb.Error, SaferCityError):
                # What is no Exception comes from outside: Prefect raises such a one for SIGTERM.
                state = "failed" if isinstance(error, Exception) else "killed"
                _end(run, state, str(error) if isinstance(error, SaferCityError) else type(error).__name__)
            raise
        else:
            _end(run, "done", None)
        finally:
            _clear_up(settings)


def look(run: Run) -> Landing:
    """What lies in the landing folder that has not been seen."""
    with warehouse.connect(run.settings, read_only=True) as connection:
        known = _known_files(connection, run.contracts_fingerprint)
        named_before = _named_before(run.settings, connection)
    brought = bring_landing(run.settings)
    landing = find(run.settings, run.contracts, known)
    if brought:
        landing.waiting += brought.waiting
        landing.unmatched += brought.refused
    landing.unmatched = [name for name in landing.unmatched if name not in named_before]
    arrivals = [arrival for arrival in landing.arrivals if not arrival.source or arrival.source in run.sources]
    if len(run.sources) < len(run.contracts):
        # Some files are for another run to read: what this one does not read, it has not seen.
        read = {arrival.file for arrival in arrivals}
        left = {arrival.file for arrival in landing.arrivals if arrival not in arrivals}
        looked_at = [file for file in landing.looked_at if file in read - left]
        return Landing(arrivals, [], landing.waiting, looked_at)
    return landing


def bring_landing(settings: Settings) -> Mirrored | None:
    """Copy what is new in a landing folder that lies elsewhere; None where it lies here.

    Raises what `require_room` and `mirror` do.
    """
    if settings.landing_url is None:
        return None
    from flows.operate.mirror import mirror

    settings.paths.make()
    require_room(settings)
    return mirror(settings)


def find(settings: Settings, contracts: dict[str, Contract], known: Callable[[LandingFile], bool]) -> Landing:
    """The arrivals in the landing folder but for the files that are known.

    Raises UsageError when there is no such folder.
    """
    require_landing(settings)
    return extract.find(
        settings.landing_dir,
        contracts,
        known=known,
        default_force=settings.force,
        folder_forces=settings.folder_forces,
        today=clock.today(),
    )


def require_landing(settings: Settings) -> None:
    """Raises UsageError when there is no landing folder, and whatever `require_room` does. The default one is made."""
    settings.paths.make()
    require_room(settings)
    if not settings.landing_dir.is_dir():
        raise UsageError(f"there is no landing folder {settings.landing_dir}; give one with --landing")


def require_room(settings: Settings) -> None:
    """Raises UsageError when the data folder takes no writes, and SaferCityError when it is as good as full.

    Without this Prefect would find out first: its server then never answers, and nobody learns why.
    """
    paths = settings.paths
    for folder in (paths.warehouse_dir, paths.releases, paths.published):
        if not os.access(folder, os.W_OK):
            raise UsageError(f"{folder} cannot be written; mend that, or set SAFERCITY_DATA to another data folder")
    free = shutil.disk_usage(paths.data).free
    if free < LEAST_ROOM:
        raise SaferCityError(
            f"{paths.data} has {free >> 20} MB left, and a run needs at least {LEAST_ROOM >> 20} MB to begin with."
            " Make room there and run again"
        )


def nothing_to_do(settings: Settings, sources: list[str] | None = None, *, wait_minutes: float = 0) -> bool:
    """Whether a run would find no new file and the newest release made of exactly what there is now.

    While another writes, it waits so long. Looks only; imports neither Prefect nor dbt nor Great Expectations.
    """
    contracts = load_contracts()
    chosen_sources(contracts, sources)
    if not settings.paths.warehouse.exists():
        return False
    # To look is to open the warehouse, and whoever has it open keeps the run that writes from going on.
    with (
        warehouse.writer_lock(settings.paths, "run", wait_minutes=wait_minutes),
        warehouse.connect(settings, read_only=True) as connection,
    ):
        if ledger.version(connection) < ledger.SCHEMA_VERSION:
            return False
        fingerprint = contracts_fingerprint(contracts)
        if releases.current(settings.paths) is None:
            return False
        if needs_release(connection, transform.release_fingerprint(fingerprint)):
            return False
        if connection.execute("from ledger.runs where not told limit 1").fetchone():
            return False
        known = _known_files(connection, fingerprint)
        named_before = _named_before(settings, connection)
    landing = find(settings, contracts, known)
    return not (landing.arrivals or landing.looked_at or set(landing.unmatched) - named_before)


def tell_what_is_due(settings: Settings) -> None:
    """With nothing to do there may still be something to tell: a message to send again, a problem that grew too old.

    Whoever writes the warehouse at this time tells people instead.
    """
    contracts = load_contracts()
    with suppress(warehouse.WarehouseBusyError), warehouse.writer_lock(settings.paths, "run"):
        if settings.alerts.run_every_hours is not None:
            with warehouse.connect(settings) as connection:
                ledger.note_look(connection, clock.now())
        if notify.is_anything_due(settings, contracts):
            notify.tell(settings, contracts, new_run_id(clock.now()))


def tell_that_none_began(settings: Settings, error: SaferCityError) -> None:
    """Tell people of what kept a run from beginning, but for another one that is under way."""
    if isinstance(error, warehouse.WarehouseBusyError):
        return
    with suppress(SaferCityError), warehouse.writer_lock(settings.paths, "run"):
        notify.tell_of_failure(settings, new_run_id(clock.now()), notify.Failure("", str(error)))


def tell_of_fetch(settings: Settings, error: SaferCityError | None) -> None:
    """Tell people that open data could not be fetched, or that it could be again."""
    if not error and not settings.paths.warehouse.exists():
        return
    with suppress(SaferCityError), warehouse.writer_lock(settings.paths, "fetch", wait_minutes=TELLING_MINUTES):
        notify.tell_of_fetch(settings, new_run_id(clock.now()), str(error) if error else None)


def new_run_id(started_at: datetime) -> str:
    """A run's id: when it began, UTC, and what tells two of one second apart."""
    return f"{started_at:%Y%m%dT%H%M%SZ}-{secrets.token_hex(2)}"


def needs_release(connection: duckdb.DuckDBPyConnection, fingerprint: str) -> bool:
    """Whether the newest release was made of other deliveries or by other code than there are now."""
    return releases.newest_recorded(connection) != (fingerprint, ledger.deliveries_digest(connection))


def release_is_due(run: Run, full_refresh: bool) -> bool:
    """Whether this run must build and publish."""
    with warehouse.connect(run.settings, read_only=True) as connection:
        return (
            full_refresh
            or needs_release(connection, run.release_fingerprint)
            or not run.settings.paths.current.exists()
        )


def something_to_replay(settings: Settings, sources: list[str] | None, rule: str | None) -> bool:
    """Whether rows lie in quarantine that a replay would judge, or a replay that was killed has to be published.

    Raises UsageError for a source without a contract, and for a rule that neither a contract nor a row knows.
    """
    contracts = load_contracts()
    chosen = chosen_sources(contracts, sources)
    if not settings.paths.warehouse.exists():
        raise UsageError(f"there is no warehouse in {settings.paths.data} yet; run: safercity run")
    with (
        warehouse.writer_lock(settings.paths, "quarantine replay"),
        warehouse.connect(settings, read_only=True) as connection,
    ):
        rows = connection.execute(
            "select distinct source, unnest(rules) from quarantine.rows where source in (select unnest(?))", [chosen]
        ).fetchall()
        is_unpublished = rows_are_not_published(connection)
    rules = {code for _, code in rows}
    known = {MALFORMED, *(item.code for contract in contracts.values() for item in contract.all_rules)}
    if rule is not None and rule not in rules | known:
        raise UsageError(f"there is no rule {rule}; see those with rows in quarantine: safercity quarantine list")
    return is_unpublished or (bool(rules) if rule is None else rule in rules)


def rows_are_not_published(connection: duckdb.DuckDBPyConnection) -> bool:
    """Whether the newest release was made of other rows than there are now, by whatever code."""
    newest = releases.newest_recorded(connection)
    return newest is None or newest[1] != ledger.deliveries_digest(connection)


def deliveries_digest(settings: Settings) -> str:
    """The digest of the deliveries in the ledger."""
    with warehouse.connect(settings, read_only=True) as connection:
        return ledger.deliveries_digest(connection)


def require_hmac_key(run: Run, landing: Landing) -> None:
    """Raises UsageError when something that has arrived can't be read without the key for references to people."""
    for source in run.sources:
        arrivals = [arrival for arrival in landing.arrivals if arrival.source == source]
        extract.require_hmac_key(run.contracts[source], arrivals, run.settings.hmac_key_bytes)


def is_repeat(run: Run, source: str) -> Callable[[Arrival, str], bool]:
    """A test of whether a delivery is in the ledger already.

    One that was rejected under another version of its contract, before the day of its extract, or before somebody
    decided to accept it is judged again.
    Files whose force or day is not known are told apart by their names: two empty files are two rejections.
    """
    with warehouse.connect(run.settings, read_only=True) as connection:
        rows = connection.execute(
            """
            select slice, extract_date, revision, content_hash,
              if(force is null or extract_date is null, file_name, null), force
            from ledger.deliveries
            where source = ?
              and (state = 'accepted' or contract = ?)
              and not (coalesce(reason_code, '') = 'EXTRACT_IN_FUTURE' and extract_date <= ?)
              and not (
                coalesce(reason_code, '') = 'TOO_MANY_BAD_ROWS'
                and delivery_id in (select delivery_id from ledger.decisions)
              )
            """,
            [source, run.contracts[source].fingerprint, clock.today()],
        ).fetchall()
    # Where the content names the force, the arrival does not know it yet; the content hash does.
    seen = {row[:-1] for row in rows} | set(rows)

    def repeated(arrival: Arrival, content_hash: str) -> bool:
        delivery = (arrival.slice, arrival.extract_date, arrival.revision, content_hash)
        force = (arrival.force,) if arrival.force else ()
        return (*delivery, None, *force) in seen or (*delivery, arrival.file_name, *force) in seen

    return repeated


def remember_files(run: Run, landing: Landing, extracts: list[Extracted], loads: list[Loaded]) -> None:
    """Write what was read to the ledger, so that it is not opened again until it or a contract changes.

    A file is remembered when every source that has a delivery in it has read it to the end.
    """
    ended = {arrival.file for arrival in landing.arrivals if not arrival.source}
    unfinished = {arrival.file for arrival in landing.arrivals} - ended
    unsettled = {file for file in landing.looked_at if file.unsettled}
    rejected = {
        file.path.partition(MEMBER_SIGN)[0] for load in loads for file in load.files if file.state == "rejected"
    }
    unsettled |= {file for file in landing.looked_at if printable(file.path) in rejected}
    again_on: dict[LandingFile, date] = {}
    for arrival in landing.arrivals:
        if arrival.problem and arrival.extract_date and arrival.extract_date > clock.today():
            again_on[arrival.file] = min(arrival.extract_date, again_on.get(arrival.file, date.max))
    for extracted in extracts:
        unfinished -= set(extracted.looked_at)
        unsettled |= {file for file in extracted.looked_at if file.unsettled}
    with warehouse.connect(run.settings) as connection:
        rows = [
            (printable(file.path), file.size, file.mtime_ns, file not in unsettled, again_on.get(file))
            for file in landing.looked_at
            if file not in unfinished
        ]
        connection.execute("begin")
        if rows:
            connection.execute(
                """
                insert or replace into ledger.files by name
                select
                  unnest(?::varchar[]) as path,
                  unnest(?::bigint[]) as size,
                  unnest(?::bigint[]) as mtime_ns,
                  unnest(?::boolean[]) as settled,
                  unnest(?::date[]) as again_on,
                  ? as contracts
                """,
                [*(list(values) for values in zip(*rows, strict=True)), run.contracts_fingerprint],
            )
        connection.execute(
            "insert into ledger.unmatched select ?, unnest(?::varchar[]), ?",
            [str(run.settings.landing_dir), landing.unmatched, run.run_id],
        )
        connection.execute("commit")


def code_version(fingerprint: str) -> str:
    """The version of the code, with the start of the fingerprint that tells two of the same number apart."""
    return f"{flows.__version__}+{fingerprint[:8]}"


def summary(
    run: Run, loads: list[Loaded], landing: Landing, extracts: list[Extracted], release: releases.Release | None
) -> Summary:
    """What the run did."""
    return Summary(
        run_id=run.run_id,
        files=[file for load in loads for file in load.files],
        failed_rules=[rule for load in loads for rule in load.failed_rules],
        unmatched=landing.unmatched,
        waiting=landing.waiting + [name for extracted in extracts for name in extracted.waiting],
        repeats=sum(extracted.repeats for extracted in extracts),
        release=release,
        seconds={stage: round(seconds, 2) for stage, seconds in run.seconds.items()},
    )


def _known_files(connection: duckdb.DuckDBPyConnection, contracts: str) -> Callable[[LandingFile], bool]:
    rows = connection.execute(
        "select path, size, mtime_ns, (settled or contracts = ?) and coalesce(again_on > ?, true) from ledger.files",
        [contracts, clock.today()],
    )
    known = {path: (size, mtime_ns) for path, size, mtime_ns, settled in rows.fetchall() if settled}
    return lambda file: known.get(printable(file.path)) == (file.size, file.mtime_ns)


def _named_before(settings: Settings, connection: duckdb.DuckDBPyConnection) -> set[str]:
    rows = connection.execute("select name from ledger.unmatched where landing = ?", [str(settings.landing_dir)])
    return {row[0] for row in rows.fetchall()}


def _no_room_left(settings: Settings, where: str, reason: str) -> SaferCityError:
    return SaferCityError(f"{where}: {settings.paths.data} cannot be written ({reason}). Make room there and run again")


def _clear_up(settings: Settings) -> None:
    for folder in (settings.paths.scratch, settings.paths.spill, settings.paths.building):
        shutil.rmtree(folder, ignore_errors=True)


def _end(run: Run, state: str, message: str | None) -> None:
    with warehouse.connect(run.settings) as connection:
        connection.execute(
            "update ledger.runs set ended_at = ?, state = ?, message = ? where run_id = ?",
            [clock.now(), state, message, run.run_id],
        )
