"""A run that is killed, at moments of each stage: readers notice nothing, and running again is all it takes.

Where each kill fell is in the output of its test (`pytest -rA`), as the killed process itself wrote it down.
"""

import logging
import shutil
import signal
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from random import Random

import pytest

from flows import releases, warehouse
from tests.faults.batches import second_batch
from tests.faults.children import Instant, Moment, fell, run, start_reader, with_new_connections
from tests.faults.sandbox import Sandbox

log = logging.getLogger(__name__)

BUILDING = "building and testing"
READ = "flows.stages.extract.read"
TABLES = "flows.stages.extract.tables"
VALIDATE = "flows.stages.validate"
LOAD = "flows.stages.load"
PUBLISH = "flows.stages.publish"


@dataclass(frozen=True)
class Kill:
    """A moment of a stage ('' is between two stages). Each run meets crimes first, then street crime."""

    stage: str
    moment: Moment
    around_swap: bool = False
    often: bool = False


KILLS = {
    "what has landed is known": Kill("extract", Moment("flows.runs", "look", after=True)),
    "an empty scratch file": Kill("extract", Moment(TABLES, "Scratch.begin_batch", after=True)),
    "some files are read": Kill("extract", Moment(READ, "_Extraction.judge", after=True, call=3)),
    "rows staged and not yet kept": Kill("extract", Moment(TABLES, "Scratch.keep")),
    "the rows lie in the scratch file": Kill("extract", Moment("flows.stages.extract", "extract", after=True)),
    "one source loaded, the other read": Kill("extract", Moment("flows.stages.extract", "extract", after=True, call=2)),
    "the reference data are there": Kill("validate", Moment(VALIDATE, "load_reference", after=True)),
    "the rows are typed": Kill("validate", Moment(VALIDATE, "build_typed", after=True)),
    "judged, and the failing rows not yet known": Kill("validate", Moment(VALIDATE, "judge", after=True)),
    "some failing rows are known": Kill("validate", Moment(VALIDATE, "_write_failures", after=True, call=3)),
    "the other source is judged": Kill("validate", Moment(VALIDATE, "judge", after=True, call=2)),
    "the fate of each file is known": Kill("load", Moment(LOAD, "_judge", after=True)),
    "deliveries in the ledger, and no rows": Kill("load", Moment(LOAD, "_record_deliveries", after=True)),
    "rows in raw, and none in quarantine": Kill("load", Moment(LOAD, "fill_raw", after=True)),
    "a whole transaction, not committed": Kill("load", Moment(LOAD, "_failed_rules", after=True)),
    "committed": Kill("load", Moment(LOAD, "load", after=True)),
    "half of the other source's transaction": Kill("load", Moment(LOAD, "prove_the_sums", call=2), often=True),
    "both sources are committed": Kill("load", Moment(LOAD, "load", after=True, call=2)),
    "loaded, and the files not yet remembered": Kill("", Moment("flows.runs", "remember_files")),
    "the files are remembered": Kill("", Moment("flows.runs", "remember_files", after=True)),
    "the contracts are in the ledger": Kill("transform", Moment("flows.stages.transform", "write_sources", after=True)),
    "a folder for the release": Kill("transform", Moment("flows.stages.transform", "start_release_file", after=True)),
    "some states are built": Kill("transform", Moment("flows.pipeline", "say", call=5, argument=BUILDING)),
    "some marts are built": Kill("transform", Moment("flows.pipeline", "say", call=60, argument=BUILDING), often=True),
    "some tests have passed": Kill("transform", Moment("flows.pipeline", "say", call=120, argument=BUILDING)),
    "built, and the ledger does not know": Kill(
        "transform", Moment("dbt.adapters.factory", "reset_adapters", after=True)
    ),
    "built and audited": Kill("transform", Moment("flows.stages.transform", "transform", after=True)),
    "the digest of the deliveries is taken": Kill("publish", Moment("flows.runs", "deliveries_digest", after=True)),
    "Parquet lies beside the file": Kill("publish", Moment("flows.report.dictionary", "write")),
    "finished, and not yet verified": Kill("publish", Moment(PUBLISH, "_verify")),
    "verified, and without a manifest": Kill("publish", Moment("flows.releases", "Release.write")),
    "half of the files are read-only": Kill("publish", Moment("pathlib", "Path.chmod", call=20), around_swap=True),
    "not yet in its folder": Kill(
        "publish", Moment("pathlib", "Path.rename", argument="releases/.building"), around_swap=True
    ),
    "in its folder, and not yet published": Kill("publish", Moment("flows.releases", "point_to"), around_swap=True),
    "the link is made and not in its place": Kill(
        "publish", Moment("pathlib", "Path.replace", argument="published/.current.new"), around_swap=True
    ),
    "the link is in its place": Kill(
        "publish",
        Moment("pathlib", "Path.replace", after=True, argument="published/.current.new"),
        around_swap=True,
    ),
    "published, and not yet recorded": Kill(
        "publish", Moment("flows.releases", "record"), around_swap=True, often=True
    ),
    "recorded, and older ones not yet removed": Kill(
        "publish", Moment("flows.releases", "remove_old"), around_swap=True
    ),
    "everything but the digest": Kill("notify", Moment("flows.stages.notify", "tell")),
    "nobody knows yet what is to be told": Kill("notify", Moment("flows.stages.notify", "decide")),
    "decided, and not in the outbox": Kill("notify", Moment("flows.stages.notify", "decide", after=True)),
    "in the outbox, and not sent": Kill("notify", Moment("flows.stages.notify", "write", after=True)),
    "sent, and the run not yet ended": Kill("notify", Moment("flows.outbox", "send", after=True)),
}


@pytest.fixture(scope="module")
def undisturbed(published: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Sandbox:
    """The second batch on top of the first, in peace."""
    sandbox = Sandbox(tmp_path_factory.mktemp("undisturbed"))
    shutil.copytree(published.data, sandbox.data, symlinks=True)
    sandbox.deliver(second_batch())
    assert run(sandbox) == 0
    return sandbox


@pytest.fixture
def sandbox(published: Sandbox, undisturbed: Sandbox, tmp_path: Path) -> Sandbox:
    """The first batch published, the second one landed."""
    sandbox = published.copy(tmp_path)
    shutil.copytree(undisturbed.landing, sandbox.landing, dirs_exist_ok=True)
    return sandbox


@pytest.mark.parametrize("name", [pytest.param(k, marks=() if KILLS[k].often else pytest.mark.slow) for k in KILLS])
def test_running_again_is_all_it_takes(name: str, sandbox: Sandbox, undisturbed: Sandbox) -> None:
    kill = KILLS[name]
    die_and_recover(sandbox, undisturbed, kill.moment)
    assert fell(sandbox).stage == kill.stage


def test_the_kills_are_many_and_in_every_stage() -> None:
    """Each of them is held against the stage in which it really fell by the test above."""
    per_stage = Counter(kill.stage for kill in KILLS.values())
    assert all(per_stage[stage] >= 3 for stage in ("extract", "validate", "load", "transform", "publish", "notify"))
    assert sum(kill.around_swap for kill in KILLS.values()) >= 5
    assert len(KILLS) >= 30


INSTANTS = {"extract": 0.4, "validate": 1.0, "load": 0.3, "transform": 12.0, "publish": 1.0, "notify": 0.1}
"""Stage → how long it takes at most on these deliveries, about, in seconds."""


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("stage", INSTANTS)
def test_nor_does_it_matter_when_it_falls_inside_a_statement(
    stage: str, seed: int, sandbox: Sandbox, undisturbed: Sandbox
) -> None:
    die_and_recover(sandbox, undisturbed, Instant(stage, Random(f"{stage} {seed}").uniform(0, INSTANTS[stage])))


def die_and_recover(sandbox: Sandbox, undisturbed: Sandbox, dies: Moment | Instant) -> None:
    """Run and be killed, run again; all the time somebody reads what is published."""
    first = releases.on_disk(sandbox.paths)[0].release_id
    reader = start_reader(with_new_connections, sandbox.paths.published_database)
    try:
        died = run(sandbox, dies)
        if died == 0 and isinstance(dies, Instant):
            log.warning("not killed: the run ended sooner than %.3f s after %s began", dies.seconds, dies.stage)
        else:
            assert died == -signal.SIGKILL
            log.warning("killed in %s: %s", fell(sandbox).stage or "no stage", fell(sandbox).where)
        assert run(sandbox) == 0
    finally:
        seen = reader.stopped()
    last = releases.on_disk(sandbox.paths)[0].release_id
    ids = [release.release_id for release in reversed(releases.on_disk(sandbox.paths))]
    assert seen[0] == first
    assert seen[-1] == last
    assert seen == [release_id for release_id in ids if release_id in seen]
    assert sandbox.differences(undisturbed) == {}
    assert nothing_is_left_behind(sandbox)
    states = sandbox.warehouse("select state from ledger.runs order by started_at, state = 'done'")
    assert states == [("done",), ("killed",) if died else ("done",), ("done",)]
    assert sandbox.nothing_to_do()


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_being_killed_again_and_again(sandbox: Sandbox, undisturbed: Sandbox) -> None:
    killed = [run(sandbox, dies=kill.moment) for kill in list(KILLS.values())[::4]]
    assert killed.count(-signal.SIGKILL) >= 6  # some moments come no more once a source is loaded
    assert run(sandbox) == 0
    assert sandbox.differences(undisturbed) == {}
    assert nothing_is_left_behind(sandbox)


def test_what_a_killed_run_had_to_tell_is_told_by_the_next(sandbox: Sandbox) -> None:
    """A file that it rejected is in the ledger already, so the next run does not meet it as a new one."""
    sandbox.deliver({"2019-06/2019-06-city-of-london-street.csv": b""})
    try:
        assert run(sandbox, dies=Moment("flows.stages.transform", "transform")) == -signal.SIGKILL
        assert run(sandbox) == 0
    finally:
        (sandbox.landing / "2019-06/2019-06-city-of-london-street.csv").unlink()
    told = sandbox.warehouse("select body from ledger.alerts order by created_at desc limit 1")
    assert "2019-06-city-of-london-street.csv" in told[0][0]


def nothing_is_left_behind(sandbox: Sandbox) -> bool:
    """Whether the data folder holds what a run that was never disturbed leaves, and nothing more."""
    paths = sandbox.paths
    assert {path.name for path in sandbox.data.iterdir()} <= {
        *("audit", "landing", "logs", "published", "releases", "reports", "warehouse"),
    }
    assert {path.name for path in paths.warehouse_dir.iterdir()} == {"dbt", "warehouse.duckdb", "warehouse.lock"}
    assert {path.name for path in paths.published.iterdir()} == {"current", "parquet", "safer_city.duckdb"}
    recorded = {release_id for (release_id,) in sandbox.warehouse("select release_id from ledger.releases")}
    assert {path.name for path in paths.releases.iterdir()} == recorded
    assert {release.release_id for release in releases.on_disk(paths)} == recorded
    assert paths.current.readlink().name == releases.on_disk(paths)[0].release_id
    assert sandbox.warehouse("select count(*) from ledger.pending") == [(0,)]
    with warehouse.writer_lock(paths, "test"):
        return True
