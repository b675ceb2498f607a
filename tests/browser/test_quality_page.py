"""The quality page in a browser, on a wide screen and on a phone, and its script. Skipped without Chromium."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from unittest.mock import patch

import pytest

from flows import clock
from tests.browser.chromium import CHROMIUM, browse, chromium, pages
from tests.stages.quality_release import write_page

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine: the page is not looked at")


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of the release made by hand."""
    with patch.object(clock, "today", lambda: date(2019, 9, 11)):
        return write_page(tmp_path_factory.mktemp("browser"))


@pytest.mark.parametrize("width", [1280, 390, 320])
@pytest.mark.parametrize("name", ["page", "index.html"])
def test_nothing_runs_out_of_the_screen(page: Path, name: str, width: int) -> None:
    """Wide tables scroll in a frame of their own, which the keyboard can reach; all else fits."""
    looked_at = page if name == "page" else page.with_name(name)
    found = browse(
        looked_at,
        """
        for (const details of page.querySelectorAll("details")) details.open = true;
        const edge = page.documentElement.clientWidth + 1;
        const out = [...page.body.querySelectorAll("*")].filter((each) =>
          !each.closest(".scroll, .skip") && each.getBoundingClientRect().right > edge);
        return {
          width: page.documentElement.scrollWidth - page.documentElement.clientWidth,
          out: out.map((each) => each.tagName + " " + each.textContent.slice(0, 40)),
          unreachable: [...page.querySelectorAll(".scroll")].filter((each) => each.tabIndex !== 0).length,
        };
        """,
        width,
    )
    assert found == {"width": 0, "out": [], "unreachable": 0}


def test_rules_are_folded_until_asked_for(page: Path) -> None:
    assert browse(page, 'return [shown("details.rules"), shown("details.rules tbody tr")];') == [3, 0]


def test_the_filter_opens_what_it_finds(page: Path) -> None:
    found = browse(
        page,
        """
        const seen = [];
        for (const text of ["ward", "no such rule", "severity", "critical", ""]) {
          type(text);
          const said = page.querySelector("[role=status]").textContent;
          seen.push([shown("details.rules"), shown("details.rules tbody tr"), said]);
        }
        return seen;
        """,
    )
    assert found[:2] == [[1, 1, "1 rule"], [0, 0, "0 rules"]]
    assert found[2] == [0, 0, "0 rules"]  # a word of the header is in no rule
    assert found[3] == [3, 4, "4 rules"]
    assert found[4][0] == 3
    assert found[4][2] == ""


def test_all_sources_can_be_opened_and_closed(page: Path) -> None:
    found = browse(
        page,
        """
        const button = page.querySelector("button");
        return [1, 2].map(() => {
          button.click();
          return [button.textContent, button.getAttribute("aria-expanded"), shown("details.rules tbody tr")];
        });
        """,
    )
    assert found == [["Close all sources", "true", 5], ["Open all sources", "false", 0]]


def test_it_is_printed_with_everything_open(page: Path, tmp_path: Path) -> None:
    """Folded, it would be three pages or fewer: what is behind the folds is printed too."""
    printed = tmp_path / "page.pdf"
    chromium("--no-pdf-header-footer", f"--print-to-pdf={printed}", page.as_uri())
    folded = page.with_name("folded.html")
    folded.write_text(
        re.sub(r"<details.*?</details>", "", page.read_text(encoding="utf-8"), flags=re.DOTALL), encoding="utf-8"
    )
    without = tmp_path / "folded.pdf"
    chromium("--no-pdf-header-footer", f"--print-to-pdf={without}", folded.as_uri())
    assert pages(printed) > pages(without) >= 1
