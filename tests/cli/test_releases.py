"""releases list and rollback."""

import json
import shutil

import pytest

from flows import releases, warehouse
from tests.cli.conftest import Safercity
from tests.faults.sandbox import Sandbox


@pytest.fixture
def two(published_copy: Sandbox) -> Sandbox:
    """A warehouse with two releases, of which the newer is published."""
    paths = published_copy.paths
    first = releases.current(paths)
    assert first is not None
    shutil.copytree(paths.releases / first.release_id, paths.releases / "second")
    manifest = paths.releases / "second" / "manifest.json"
    content = json.loads(manifest.read_text(encoding="utf-8"))
    manifest.unlink()
    content |= {"release_id": "second", "published_at": "2099-01-01T12:00:00"}
    manifest.write_text(json.dumps(content), encoding="utf-8")
    releases.point_to(paths, "second")
    return published_copy


def published_id(sandbox: Sandbox) -> str:
    """The release that readers see."""
    release = releases.current(sandbox.paths)
    assert release is not None
    return release.release_id


def test_the_list_says_which_is_published(safercity: Safercity, two: Sandbox) -> None:
    told = safercity(two, "releases", "list", "--json").json
    assert [(item["release_id"] == "second", item["published"]) for item in told] == [(True, True), (False, False)]
    lines = [line.split("\t") for line in safercity(two, "releases", "list").lines]
    assert [line[0] for line in lines[1:]] == ["published", ""]
    assert lines[1][1] == "second"
    assert int(lines[1][-1]) == sum(told[0]["rows_per_table"].values())


def test_before_the_first_release(safercity: Safercity, sandbox: Sandbox) -> None:
    assert safercity(sandbox, "releases", "list").code == 0
    assert safercity(sandbox, "releases", "list", "--json").json == []
    ended = safercity(sandbox, "releases", "rollback")
    assert ended.code == 2
    assert ended.error == "there is no earlier release on disk to go back to; see: safercity releases list"


def test_back_and_forth(safercity: Safercity, two: Sandbox) -> None:
    ended = safercity(two, "releases", "rollback")
    first = published_id(two)
    assert first != "second"
    assert ended.code == 0
    assert ended.out.startswith(f"Published again: {first} (of ")
    assert safercity(two, "sql", "--json", "select count(*) as n from marts.street_crimes").json == [{"n": 32}]
    assert safercity(two, "releases", "rollback").code == 2
    assert published_id(two) == first
    assert safercity(two, "releases", "rollback", "second").code == 0
    assert published_id(two) == "second"


def test_to_a_release_that_is_not_there(safercity: Safercity, two: Sandbox) -> None:
    ended = safercity(two, "releases", "rollback", "third")
    assert ended.code == 2
    assert ended.error == "no release 'third' on disk; see: safercity releases list"
    assert published_id(two) == "second"


def test_not_while_a_run_publishes(safercity: Safercity, two: Sandbox) -> None:
    with warehouse.writer_lock(two.paths, "run"):
        ended = safercity(two, "releases", "rollback")
    assert ended.code == 1
    assert "being written by `run`" in ended.error
    assert published_id(two) == "second"
