"""Releases on disk: which there are, which is published, going back and forth, and what is removed."""

from pathlib import Path

import duckdb
import pytest

from flows import ledger, releases
from flows.errors import SaferCityError, UsageError
from flows.releases import Release
from flows.settings import Paths

FIVE = ["a", "b", "c", "d", "e"]


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    """A data folder with five releases, of which the newest is published."""
    paths = Paths(tmp_path)
    for number, name in enumerate(FIVE):
        add(paths, release(name, f"2019-08-0{number + 1}T10:11:12"))
    releases.point_to(paths, "e")
    return paths


def release(release_id: str, published_at: str = "2019-08-07T10:11:12") -> Release:
    """A release with a manifest to tell it by."""
    return Release(release_id, published_at, "0+0", "OFFICIAL", {"coverage": 3}, f"code of {release_id}", "2-7")


def add(paths: Paths, added: Release) -> None:
    """Put a release on disk; its database is a text."""
    folder = paths.releases / added.release_id
    (folder / "parquet").mkdir(parents=True)
    (folder / releases.DATABASE).write_text(added.release_id, encoding="utf-8")
    added.write(folder)


def ids(paths: Paths) -> list[str]:
    """The releases on disk, newest first."""
    return [item.release_id for item in releases.on_disk(paths)]


def warehouse() -> duckdb.DuckDBPyConnection:
    """A connection to an empty ledger."""
    connection = duckdb.connect()
    ledger.create(connection)
    return connection


def published(paths: Paths) -> str:
    """What a reader finds under the published path."""
    return paths.published_database.read_text(encoding="utf-8")


def test_releases_are_listed_newest_first(paths: Paths) -> None:
    assert ids(paths) == FIVE[::-1]


def test_of_two_releases_of_one_second_the_later_id_is_newer(paths: Paths) -> None:
    for name in ("g", "f"):
        add(paths, release(name, "2019-08-05T10:11:12"))
    assert ids(paths)[:3] == ["g", "f", "e"]


def test_what_is_no_finished_release_is_not_listed(paths: Paths) -> None:
    (paths.releases / "half").mkdir()
    (paths.releases / "garbled").mkdir()
    (paths.releases / "garbled" / releases.MANIFEST).write_text("{", encoding="utf-8")
    (paths.releases / "other").mkdir()
    (paths.releases / "other" / releases.MANIFEST).write_text('{"release_id": "other"}', encoding="utf-8")
    (paths.releases / "README.md").write_text("About releases", encoding="utf-8")
    paths.building.mkdir()
    release("unfinished").write(paths.building)
    assert ids(paths) == FIVE[::-1]


def test_nothing_is_published_where_nothing_was(tmp_path: Path) -> None:
    paths = Paths(tmp_path / "none")
    assert releases.current(paths) is None
    assert releases.on_disk(paths) == []
    with pytest.raises(UsageError, match="no earlier release"):
        releases.roll_back(paths)


def test_publishing_makes_links_that_hold_when_the_data_folder_moves(paths: Paths, tmp_path: Path) -> None:
    links = {path.name: str(path.readlink()) for path in paths.published.iterdir()}
    assert links == {
        "current": "../releases/e",
        "safer_city.duckdb": "current/safer_city.duckdb",
        "parquet": "current/parquet",
    }
    moved = tmp_path.with_name(f"{tmp_path.name} moved")
    tmp_path.rename(moved)
    assert published(Paths(moved)) == "e"
    current = releases.current(Paths(moved))
    assert current is not None
    assert current.release_id == "e"


def test_a_reader_keeps_what_it_has_open_when_another_release_is_published(paths: Paths) -> None:
    with paths.published_database.open(encoding="utf-8") as opened:
        releases.point_to(paths, "c")
        assert opened.read() == "e"
    assert published(paths) == "c"


def test_a_link_cannot_replace_what_a_person_put_there(paths: Paths) -> None:
    paths.current.unlink()
    paths.current.mkdir()
    (paths.current / "mine.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(SaferCityError, match=r"current cannot be made a link: .*; move what stands there"):
        releases.point_to(paths, "e")
    assert (paths.current / "mine.txt").exists()


def test_going_back_goes_one_release_at_a_time(paths: Paths) -> None:
    went = [releases.roll_back(paths).release_id for _ in range(4)]
    assert went == ["d", "c", "b", "a"]
    assert published(paths) == "a"
    with pytest.raises(UsageError, match="no earlier release on disk"):
        releases.roll_back(paths)
    assert published(paths) == "a"
    assert ids(paths) == FIVE[::-1]


def test_going_to_a_named_release_goes_forth_too(paths: Paths) -> None:
    assert releases.roll_back(paths, "b").release_id == "b"
    assert published(paths) == "b"
    assert releases.roll_back(paths, "e").release_id == "e"
    assert published(paths) == "e"


@pytest.mark.parametrize("name", ["x", "", "..", "../releases/a", ".building"])
def test_going_to_a_release_that_is_not_there_changes_nothing(name: str, paths: Paths) -> None:
    with pytest.raises(UsageError, match=r"no release .* on disk"):
        releases.roll_back(paths, name)
    assert published(paths) == "e"


def test_all_but_the_newest_are_removed(paths: Paths) -> None:
    assert releases.remove_old(paths, 5) == []
    assert releases.remove_old(paths, 3) == ["b", "a"]
    assert ids(paths) == ["e", "d", "c"]


def test_the_published_release_is_never_removed(paths: Paths) -> None:
    releases.roll_back(paths, "a")
    assert releases.remove_old(paths, 2) == ["c", "b"]
    assert ids(paths) == ["e", "d", "a"]
    assert published(paths) == "a"


def test_recovery_records_what_was_published_and_not_recorded(paths: Paths) -> None:
    with warehouse() as connection:
        for name in FIVE[:-1]:
            releases.record(connection, release(name, "2019-08-01T10:11:12"))
        releases.recover(paths, connection)
        recorded = connection.execute("from ledger.releases where release_id = 'e'").fetchall()
        assert releases.newest_recorded(connection) == ("code of e", "2-7")
    [(_, published_at, version, marking, rows, fingerprint, digest)] = recorded
    expected = releases.on_disk(paths)[0]
    assert (published_at.isoformat(), version, marking) == (expected.published_at, "0+0", "OFFICIAL")
    assert (rows, fingerprint, digest) == ({"coverage": 3}, "code of e", "2-7")
    assert ids(paths) == FIVE[::-1]


def test_recovery_removes_what_never_was_a_release(paths: Paths) -> None:
    add(paths, release("killed", "2019-08-09T10:11:12"))  # renamed into place, never published
    (paths.releases / "half").mkdir()
    (paths.published / ".current.new").symlink_to("../releases/killed")
    (paths.releases / "README.md").write_text("About releases", encoding="utf-8")
    with warehouse() as connection:
        for name in FIVE:
            releases.record(connection, release(name))
        releases.recover(paths, connection)
    assert ids(paths) == FIVE[::-1]
    assert sorted(path.name for path in paths.releases.iterdir()) == ["README.md", *FIVE]
    assert sorted(path.name for path in paths.published.iterdir()) == ["current", "parquet", "safer_city.duckdb"]
    assert published(paths) == "e"


def test_recovery_with_a_new_ledger_keeps_every_finished_release(paths: Paths) -> None:
    """The warehouse can be lost, or restored from a backup; what was once published is not thrown away for that."""
    with warehouse() as connection:
        releases.recover(paths, connection)
    assert ids(paths) == FIVE[::-1]


def test_a_release_is_recorded_once(paths: Paths) -> None:
    with warehouse() as connection:
        releases.record(connection, release("e"))
        releases.record(connection, release("e"))
        assert connection.execute("select count(*) from ledger.releases").fetchall() == [(1,)]
