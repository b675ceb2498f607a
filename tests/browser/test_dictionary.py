"""The dictionary in a browser, on a wide screen, on a phone and on paper, and its search. Skipped without Chromium."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from flows.report import dictionary
from tests.browser.chromium import CHROMIUM, browse, chromium, pages
from tests.faults.sandbox import Sandbox

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine: the dictionary is not looked at")


@pytest.fixture(scope="module")
def folder(published: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the dictionary, alone in a folder of its own."""
    alone = tmp_path_factory.mktemp("dictionary")
    shutil.copytree(published.paths.current / dictionary.FOLDER, alone, dirs_exist_ok=True)
    for file in alone.iterdir():
        file.chmod(0o644)
    return alone


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("page", list(dictionary.PAGES))
def test_nothing_runs_out_of_the_screen_or_over_another(page: str, width: int, folder: Path) -> None:
    """Wide tables and drawings scroll in a frame of their own, which the keyboard can reach; all else fits."""
    found = browse(
        folder / page,
        """
        for (const details of page.querySelectorAll("details")) details.open = true;
        const edge = page.documentElement.clientWidth + 1;
        const out = [...page.body.querySelectorAll("*")].filter((each) =>
          !each.closest(".scroll, .skip, pre") && each.getBoundingClientRect().right > edge);
        const blocks = [...page.querySelectorAll("main p, main h2, main h3, main pre, main dl, main .scroll, #search")]
          .filter((each) => !each.parentElement.closest("dl"))
          .map((each) => each.getBoundingClientRect());
        const over = blocks.filter((each, at) => at && each.top < blocks[at - 1].bottom - 1).length;
        const cut = [...page.querySelectorAll("td, th, dd")].filter((each) => each.scrollWidth > each.clientWidth + 1);
        return {
          width: page.documentElement.scrollWidth - page.documentElement.clientWidth,
          out: out.map((each) => each.tagName + " " + each.textContent.slice(0, 40)),
          over,
          cut: cut.map((each) => each.textContent.slice(0, 40)),
          unreachable: [...page.querySelectorAll(".scroll, pre")].filter((each) => each.tabIndex !== 0).length,
        };
        """,
        width,
    )
    assert found == {"width": 0, "out": [], "over": 0, "cut": [], "unreachable": 0}


# What each line below types, and reads of what is found.
_SEARCH = """
const input = page.querySelector("input");
const press = (key, on = input) => on.dispatchEvent(new page.defaultView.KeyboardEvent("keydown",
  {key, bubbles: true, cancelable: true}));
const found = () => [...page.querySelectorAll("#found li")].map((each) => each.firstChild.textContent);
const said = () => page.querySelector("[role=status]").textContent;
const chosen = () => page.querySelector("[aria-selected=true]")?.firstChild.textContent ?? null;
"""


def test_the_search_finds_names_first(folder: Path) -> None:
    found = browse(
        folder / "index.html",
        _SEARCH
        + """
        return ["violence_performance", "marts.crimes", "class_code", "Crime ID", "xyzzy", ""].map((text) => {
          type(text);
          return [found().slice(0, 4), said(), input.getAttribute("aria-expanded"), shown("#found")];
        });
        """,
    )
    assert found[0][0][0] == "violence_performance"
    assert found[1][0][:2] == ["crimes", "crimes"]
    assert found[2][0][:2] == ["crimes.class_code", "crimes.class_code"]
    assert "police_uk_street.crime_id" in found[3][0]
    assert found[4] == [[], "0 found", "false", 0]
    assert found[5] == [[], "", "false", 0]
    assert found[0][2:] == ["true", 1]


def test_the_search_is_used_by_the_keyboard(folder: Path) -> None:
    found = browse(
        folder / "index.html",
        _SEARCH
        + """
        press("/", page.body);
        const focused = page.activeElement === input;
        type("assault");
        const seen = [chosen()];
        press("ArrowDown"); seen.push(chosen());
        press("ArrowDown"); seen.push(chosen());
        press("ArrowUp"); seen.push(chosen());
        const active = page.getElementById(input.getAttribute("aria-activedescendant")).textContent;
        const first = found()[0];
        press("Escape");
        const closed = shown("#found");
        press("ArrowUp");
        return {focused, seen, active: active.startsWith(first), first, closed, opened: shown("#found")};
        """,
    )
    assert found["focused"]
    nothing, first, second, again = found["seen"]
    assert (nothing, first, again) == (None, found["first"], found["first"])
    assert second not in (None, first)
    assert (found["active"], found["closed"], found["opened"]) == (True, 0, 1)


def test_enter_goes_there(folder: Path) -> None:
    """To a place of the same page, which the frame that is looked at stays on."""
    found = browse(
        folder / "measures.html",
        _SEARCH
        + """
        type("common_assault");
        press("Enter");
        return [page.location.hash, page.querySelector(":target").id, shown("#found")];
        """,
    )
    assert found == ["#common_assault", "common_assault", 0]


def test_a_word_is_found_in_an_instant(folder: Path) -> None:
    took = browse(
        folder / "index.html",
        """
        const began = performance.now();
        for (const text of ["c", "cr", "cri", "crim", "crime"]) type(text);
        return performance.now() - began;
        """,
    )
    assert took < 1000


def test_without_a_script_it_is_whole_but_for_the_search(folder: Path, tmp_path: Path) -> None:
    for name in ("measures.html", "dictionary.css"):
        shutil.copy(folder / name, tmp_path / name)
    page = tmp_path / "measures.html"
    text = page.read_text(encoding="utf-8")
    page.write_text(
        text.replace('<script src="search.js"></script>\n<script src="dictionary.js"></script>', ""), "utf-8"
    )
    assert browse(page, 'return [shown("#search"), shown("main h3") > 40];') == [0, True]


def test_it_is_printed_on_a4(folder: Path, tmp_path: Path) -> None:
    printed = tmp_path / "measures.pdf"
    chromium("--no-pdf-header-footer", f"--print-to-pdf={printed}", (folder / "measures.html").as_uri())
    assert 3 < pages(printed) < 40
    assert b"/MediaBox [0 0 841" in printed.read_bytes() or b"/MediaBox [0 0 842" in printed.read_bytes()
