"""A run that is killed, at a moment of each stage: readers notice nothing, and running again is all it takes."""

import shutil
import signal

import duckdb
import pytest

from flows import releases, warehouse
from tests.faults.children import Moment, holds_what_it_says, run
from tests.faults.sandbox import Sandbox
from tests.faults.street import second_batch

BUILDING = "building and testing"

MOMENTS = {
    "the rows lie in the scratch file": Moment("flows.stages.extract", "extract", after=True),
    "they are judged": Moment("flows.stages.validate", "judge", after=True),
    "half a transaction": Moment("flows.stages.load", "_prove_the_sums"),
    "loaded, and the files not yet remembered": Moment("flows.runs", "remember_files"),
    "some states are built": Moment("flows.pipeline", "say", call=5, argument=BUILDING),
    "some marts are built": Moment("flows.pipeline", "say", call=40, argument=BUILDING),
    "built, and the ledger does not know": Moment("dbt.adapters.factory", "reset_adapters", after=True),
    "finished, and not yet verified": Moment("flows.stages.publish", "_verify"),
    "in its folder, and not yet published": Moment("flows.releases", "point_to"),
    "published, and not yet recorded": Moment("flows.releases", "point_to", after=True),
    "recorded, and older ones not yet removed": Moment("flows.releases", "remove_old"),
    "everything but the digest": Moment("flows.stages.notify", "notify"),
}
OFTEN = {
    "half a transaction",
    "loaded, and the files not yet remembered",
    "some states are built",
    "some marts are built",
    "in its folder, and not yet published",
    "published, and not yet recorded",
}

pytestmark = pytest.mark.xdist_group("kill")


@pytest.fixture(scope="module")
def undisturbed(published: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Sandbox:
    """The second batch on top of the first, in peace. It is made in the folder of those that are not left in peace,
    so that dbt need not parse the project again for each."""
    base = tmp_path_factory.mktemp("kill")
    sandbox = Sandbox(base / "killed")
    shutil.copytree(published.data, sandbox.data, symlinks=True)
    sandbox.deliver(second_batch())
    assert run(sandbox) == 0
    kept = Sandbox(base / "undisturbed")
    kept.folder.mkdir()
    sandbox.data.rename(kept.data)
    return kept


@pytest.fixture
def sandbox(published: Sandbox, undisturbed: Sandbox) -> Sandbox:
    """The first batch published, the second one landed."""
    sandbox = Sandbox(undisturbed.folder.with_name("killed"))
    shutil.rmtree(sandbox.data, ignore_errors=True)
    shutil.copytree(published.data, sandbox.data, symlinks=True)
    shutil.rmtree(sandbox.paths.dbt_target)
    shutil.copytree(undisturbed.paths.dbt_target, sandbox.paths.dbt_target)
    return sandbox


@pytest.mark.parametrize("moment", [pytest.param(m, marks=() if m in OFTEN else pytest.mark.slow) for m in MOMENTS])
def test_running_again_is_all_it_takes(moment: str, sandbox: Sandbox, undisturbed: Sandbox) -> None:
    assert run(sandbox, dies=MOMENTS[moment]) == -signal.SIGKILL
    with duckdb.connect(str(sandbox.paths.published_database), read_only=True) as connection:
        holds_what_it_says(connection)
    assert run(sandbox) == 0
    assert sandbox.differences(undisturbed) == {}
    assert nothing_is_left_behind(sandbox)
    states = "select count(*) filter (where state = 'done'), count(*) filter (where state = 'killed') from ledger.runs"
    assert sandbox.warehouse(states) == [(2, 1)]
    assert sandbox.nothing_to_do()


@pytest.mark.slow
def test_being_killed_at_every_moment_in_turn(sandbox: Sandbox, undisturbed: Sandbox) -> None:
    killed = [run(sandbox, dies=moment) for moment in MOMENTS.values()]
    assert killed.count(-signal.SIGKILL) >= 8  # the last moments come no more once a release is recorded
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
    assert {path.name for path in sandbox.data.iterdir()} <= {"landing", "published", "releases", "warehouse"}
    assert {path.name for path in paths.warehouse_dir.iterdir()} == {"dbt", "warehouse.duckdb", "warehouse.lock"}
    assert {path.name for path in paths.published.iterdir()} == {"current", "parquet", "safer_city.duckdb"}
    recorded = {release_id for (release_id,) in sandbox.warehouse("select release_id from ledger.releases")}
    assert {path.name for path in paths.releases.iterdir()} == recorded
    assert {release.release_id for release in releases.on_disk(paths)} == recorded
    assert paths.current.readlink().name == releases.on_disk(paths)[0].release_id
    assert sandbox.warehouse("select count(*) from ledger.pending") == [(0,)]
    with warehouse.writer_lock(paths, "test"):
        return True
