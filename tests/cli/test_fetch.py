"""fetch, gaps, and a run on a landing folder that lies elsewhere, as a person sees them."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from flows.settings import Paths
from tests.cli.conftest import Safercity
from tests.faults.archive_server import Answer, ArchiveServer, archive
from tests.faults.channels import listening
from tests.faults.sandbox import Sandbox


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[ArchiveServer]:
    """A server that publishes one archive."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with listening(ArchiveServer()) as listens:
        listens.publish("2019-03.zip", archive(1, 50_000), '"one"')
        yield listens


@pytest.fixture
def here(tmp_path: Path, server: ArchiveServer) -> Sandbox:
    """A warehouse that fetches from the server."""
    rules = {"base_url": server.url, "tries": 1, "pause_seconds": 0}
    made = Sandbox(tmp_path / "here", {"fetch": rules}, today=date(2019, 4, 20))
    made.landing.mkdir(parents=True)
    return made


def test_archives_come_into_the_landing_folder(safercity: Safercity, here: Sandbox, server: ArchiveServer) -> None:
    ended = safercity(here, "fetch", "--from", "2019-03")
    assert (ended.code, ended.err) == (0, "")
    table = [line.split("\t") for line in ended.lines[:3]]
    assert [row[:4] for row in table] == [
        ["month", "state", "MB", "requests"],
        ["2019-03", "fetched", "0.1", "1"],
        ["2019-04", "not published", "", "1"],
    ]
    assert ended.lines[-1] == f"Fetched 1 into {here.landing}. Load with: safercity run"
    assert (here.landing / "2019-03.zip").read_bytes() == server.archives["2019-03.zip"]
    again = safercity(here, "fetch")
    assert (again.code, again.lines[-1]) == (0, "Nothing new.")
    assert server.asked == ["2019-03.zip", "2019-04.zip"] * 2


def test_as_json_and_elsewhere(safercity: Safercity, here: Sandbox, tmp_path: Path) -> None:
    ended = safercity(here, "fetch", "--to", "2019-03", "--out", str(tmp_path), "--json")
    assert [(item["month"], item["state"]) for item in ended.json["archives"]] == [
        ("2018-12", "not published"),
        ("2019-01", "not published"),
        ("2019-02", "not published"),
        ("2019-03", "fetched"),
    ]
    assert (tmp_path / "2019-03.zip").is_file()


def test_what_cannot_be_had_ends_with_1_and_a_line(safercity: Safercity, here: Sandbox, server: ArchiveServer) -> None:
    server.answers = [Answer(status=503)]
    ended = safercity(here, "fetch", "--from", "2019-03")
    assert ended.code == 1
    assert ended.err == (
        "safercity: 2 of 2 archives could not be fetched; 2019-03.zip: the server answers 503 Service Unavailable,"
        " 1 times. Fetch again later\n"
    )


def test_wrong_usage_ends_with_2(safercity: Safercity, here: Sandbox, tmp_path: Path) -> None:
    ended = safercity(here, "fetch", "--to", "2019-05")
    assert (ended.code, ended.error) == (2, "2019-05 lies in the future; give --to 2019-04 or earlier")
    ended = safercity(here, "fetch", "--out", str(tmp_path / "none"))
    assert (ended.code, ended.error) == (
        2,
        f"there is no folder {tmp_path / 'none'}; make it, or give another one with --out",
    )


def test_gaps_name_the_archive_that_fills_them(safercity: Safercity, published: Sandbox) -> None:
    in_marts = published.marts("select count(*) from marts.coverage where state != 'complete'")
    ended = safercity(published, "gaps", "--json")
    assert ended.code == 0
    assert [(sum(gap["months"] for gap in ended.json),)] == in_marts
    assert in_marts != [(0,)]
    table = safercity(published, "gaps")
    for gap in ended.json:
        assert gap["files"]
        assert gap["files"][0] in table.out
    nobody = safercity(published, "gaps", "--force", "Nobody")
    assert nobody.out.startswith("No gaps: ")


class Remote(Sandbox):
    """A warehouse whose landing folder lies elsewhere."""

    def environment(self) -> dict[str, str]:
        """Without a landing folder of its own."""
        values = super().environment()
        del values["SAFERCITY_LANDING"]
        return values


def test_a_run_copies_what_is_elsewhere_first(safercity: Safercity, published_copy: Sandbox, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    given = {"landing_url": f"file://{elsewhere}"}
    there = Remote(**vars(replace(published_copy, given=given)))
    ended = safercity(there, "run")
    assert (ended.code, ended.error) == (
        2,
        f"there is no landing folder file://{elsewhere}; make it, or correct landing_url",
    )
    elsewhere.mkdir()
    (elsewhere / "README.md").write_text("Drop files here", encoding="utf-8")
    mirror = Paths(there.data).landing_mirror
    ended = safercity(there, "run")
    assert ended.out.startswith(f"Nothing to do: no new delivery in {mirror}.")
    assert (mirror / "README.md").read_text(encoding="utf-8") == "Drop files here"
    (elsewhere / "README.md").unlink()
    (elsewhere / "evil\\name.csv").write_text("x", encoding="utf-8")
    ended = safercity(there, "run")
    assert ended.err == "Not copied from the landing folder elsewhere: evil\\name.csv\n"
    assert "is copied from file://" in safercity(there, "check").out
