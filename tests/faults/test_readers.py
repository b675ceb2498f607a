"""Analysts who read while runs build, publish, go back and remove: no error, and never a release in between."""

from flows import releases
from tests.faults.batches import second_batch
from tests.faults.children import Moment, run, start_reader, with_new_connections, with_one_connection
from tests.faults.sandbox import Sandbox
from tests.faults.street import rows, street


def test_readers_are_never_locked_out_and_never_see_an_unfinished_release(published_copy: Sandbox) -> None:
    sandbox = published_copy
    sandbox.given = {"keep_releases": 1}
    file = sandbox.paths.published_database
    first = releases.on_disk(sandbox.paths)[0].release_id
    fleeting, staying = start_reader(with_new_connections, file), start_reader(with_one_connection, file)
    try:
        sandbox.deliver(second_batch())
        assert run(sandbox) == 0
        second = releases.on_disk(sandbox.paths)[0].release_id
        sandbox.deliver(street("2019-06", rows("2019-06", 8)))
        died = run(sandbox, dies=Moment("flows.releases", "point_to"))
        assert died is not None
        assert died < 0
        assert run(sandbox) == 0
        third = releases.on_disk(sandbox.paths)[0].release_id
    finally:
        seen, kept = fleeting.stopped(), staying.stopped()
    assert seen == [first, second, third]
    assert kept == [first]
    # The first release is gone from the disk, and its reader had it to the end.
    assert [release.release_id for release in releases.on_disk(sandbox.paths)] == [third]
