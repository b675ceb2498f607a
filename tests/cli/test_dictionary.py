"""dictionary: where it is, the same written elsewhere, and what a change can reach."""

from pathlib import Path
from typing import Any

from flows.report.dictionary import FOLDER
from tests.cli.conftest import Safercity
from tests.faults.sandbox import Sandbox


def test_it_says_where_the_dictionary_is(safercity: Safercity, published: Sandbox) -> None:
    index = published.paths.current / "dictionary" / "index.html"
    assert safercity(published, "dictionary").out == f"{index}\n"
    assert safercity(published, "dictionary", "--json").json == {"index": str(index)}


def test_it_writes_the_same_pages_elsewhere(safercity: Safercity, published: Sandbox, tmp_path: Path) -> None:
    assert safercity(published, "dictionary", "--out", str(tmp_path / "new")).out.endswith("new/index.html\n")
    for file in (published.paths.current / FOLDER).iterdir():
        assert (tmp_path / "new" / file.name).read_bytes() == file.read_bytes()


def test_what_a_change_touches(safercity: Safercity, sandbox: Sandbox) -> None:
    """It needs no release: who changes a model asks before there is one."""
    said = safercity(sandbox, "dictionary", "--touched-by", "mental_health_triage")
    assert said.out.splitlines() == [
        "A change of marts.mental_health_triage can reach",
        "",
        "models: 0",
        "",
        "what people open: 1",
        "  Partnership report (Performance information lead)",
    ]
    found: Any = safercity(sandbox, "dictionary", "--touched-by", "raw.crimes.street", "--json").json
    assert "marts.violence_hotspots.place" in found["columns"]
    assert "marts.roads_checks" not in found["models"]
    assert [each["name"] for each in found["exposures"]] == ["open_data_report", "partnership_report", "quality_page"]


def test_before_anything_is_published(safercity: Safercity, sandbox: Sandbox, tmp_path: Path) -> None:
    assert safercity(sandbox, "dictionary").code == 2
    ended = safercity(sandbox, "dictionary", "--out", str(tmp_path / "new"))
    assert ended.code == 2
    assert "nothing has been published" in ended.err
