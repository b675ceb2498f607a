"""releases diff: what changed between two releases, and why."""

import shutil
from html.parser import HTMLParser

import pytest

from flows import releases
from flows.report import changes
from tests.cli.conftest import Safercity
from tests.faults.sandbox import Sandbox
from tests.faults.street import CITY


@pytest.fixture
def two(published_copy: Sandbox, both_batches: Sandbox) -> tuple[Sandbox, str, str]:
    """A warehouse with two releases, the second of both batches and published; and their ids, the older first."""
    paths = published_copy.paths
    old, new = releases.current(paths), releases.current(both_batches.paths)
    assert old is not None
    assert new is not None
    assert old.release_id != new.release_id
    shutil.copytree(both_batches.paths.current.resolve(), paths.releases / new.release_id)
    releases.point_to(paths, new.release_id)
    ids = sorted((old, new), key=lambda release: (release.published_at, release.release_id))
    return published_copy, ids[0].release_id, ids[1].release_id


def test_a_release_and_its_copy_publish_the_same(safercity: Safercity, two: tuple[Sandbox, str, str]) -> None:
    sandbox, old, _ = two
    ended = safercity(sandbox, "releases", "diff", old, old)
    assert ended.lines[-1] == "They publish the same."


def test_sums_moves_and_deliveries(safercity: Safercity, two: tuple[Sandbox, str, str]) -> None:
    sandbox, old, new = two
    told = safercity(sandbox, "releases", "diff", old, new, "--json").json
    assert (told["old"]["release_id"], told["new"]["release_id"]) == (old, new)
    assert told["deliveries"]
    assert not told["another_program"]
    assert told["redefined"] == []

    def published(release_id: str) -> Sandbox:
        releases.point_to(sandbox.paths, release_id)
        return sandbox

    cell = "record_source, force, measure, month"
    months = f"select {cell}, offences from marts.all_crime_performance where measure = 'all_crime'"
    before = {row[:4]: row[4] for row in published(old).marts(months)}
    after = {row[:4]: row[4] for row in published(new).marts(months)}
    moved = [figure for figure in told["figures"] if figure["measure"] == "all_crime"]
    assert len(moved) == sum(before[key] != after.get(key) for key in before) > 0
    for figure in moved:
        if figure["before"] is not None and figure["after"] is not None:
            assert sum(figure["causes"].values()) == figure["after"] - figure["before"]
    for measure in told["measures"]:
        if measure["measure"] == "all_crime":
            source = measure["record_source"]
            assert measure["before"] == sum(n or 0 for key, n in before.items() if key[0] == source)
            assert measure["after"] == sum(after.get(key) or 0 for key in before if key[0] == source)
            assert measure["new_months"] == sum(key not in before for key in after if key[0] == source)


def test_the_page_for_people(safercity: Safercity, two: tuple[Sandbox, str, str]) -> None:
    sandbox, old, new = two
    lines = safercity(sandbox, "releases", "diff", old, new, "--limit", "2").lines
    assert lines[0].startswith(f"From {old} (")
    assert lines[1].startswith(f"to   {new} (")
    assert any(CITY in line for line in lines)
    assert "The 2 largest moves; see all with --limit 0." in lines
    assert any(line.startswith("Figures that moved (") for line in lines)


def test_the_order_of_the_two_does_not_matter(safercity: Safercity, two: tuple[Sandbox, str, str]) -> None:
    sandbox, old, new = two
    one = safercity(sandbox, "releases", "diff", old, new, "--json").json
    assert safercity(sandbox, "releases", "diff", new, old, "--json").json == one


def test_before_anything_is_published(safercity: Safercity, sandbox: Sandbox) -> None:
    assert safercity(sandbox, "releases", "diff").error.startswith("nothing has been published in ")


def test_what_is_not_on_disk(safercity: Safercity, published_copy: Sandbox) -> None:
    assert safercity(published_copy, "releases", "diff", "x").error.startswith("no release 'x' on disk")
    assert safercity(published_copy, "releases", "diff").error.startswith("there is no release before ")


class TestThePage:
    """The page that goes out with a release."""

    def test_it_says_what_the_command_says(self, safercity: Safercity, two: tuple[Sandbox, str, str]) -> None:
        sandbox, old, new = two
        told = safercity(sandbox, "releases", "diff", old, new, "--json").json
        page = changes.write(sandbox.settings, new)
        assert page == sandbox.data / "reports" / "changes" / f"{new}.html"
        assert page is not None
        text = page.read_text(encoding="utf-8")
        rows = Rows()
        rows.feed(text)
        shown = [row for row in rows.found if row and row[-1].endswith("_performance") and len(row) == 8]
        assert shown == [
            [
                figure["measure"].replace("_", " "),
                figure["month"][:7],
                figure["force"],
                figure["record_source"].replace("_", " "),
                "not published" if figure["before"] is None else f"{figure['before']:,}",
                "not published" if figure["after"] is None else f"{figure['after']:,}",
                shown[place][6],
                figure["table"],
            ]
            for place, figure in enumerate(told["figures"])
        ]
        assert shown
        assert f"{len(told['figures'])} figures of months that had been published moved" in text
        assert "http" not in text

    def test_the_first_release_has_none(self, published_copy: Sandbox) -> None:
        first = releases.current(published_copy.paths)
        assert first is not None
        assert changes.write(published_copy.settings, first.release_id) is None

    def test_pages_of_releases_that_are_gone_go(self, two: tuple[Sandbox, str, str]) -> None:
        sandbox, _, new = two
        gone = changes.page(sandbox.paths, "20000101T000000Z-gone")
        gone.parent.mkdir(parents=True)
        gone.touch()
        changes.write(sandbox.settings, new)
        assert [page.stem for page in gone.parent.iterdir()] == [new]


class Rows(HTMLParser):
    """The cells of each row of the tables of a page, as text."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[list[str]] = []
        self.in_cell = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "tr":
            self.found.append([])
        elif tag in ("td", "th"):
            self.found[-1].append("")
            self.in_cell = True

    def handle_endtag(self, tag: str) -> None:
        if tag in ("td", "th"):
            self.in_cell = False

    def handle_data(self, data: str) -> None:
        if self.in_cell:
            self.found[-1][-1] += data
