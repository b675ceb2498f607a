"""The partnership report in a browser, on a wide screen, on a phone and on paper. Skipped without Chromium."""

from __future__ import annotations

import shutil
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from flows.report import partnership
from tests.browser.chromium import CHROMIUM, browse, chromium, pages
from tests.faults.sandbox import Sandbox
from tests.reference.reported import at, copied

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine: the report is not looked at")


@pytest.fixture(scope="module")
def page(demo: tuple[Sandbox, Any], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report of the demo, alone in a folder of its own."""
    alone = tmp_path_factory.mktemp("report") / "report.html"
    shutil.copyfile(demo[0].data / "reports/partnership/2019-07-as-of-2019-08-07/issue-1.html", alone)
    return alone


@pytest.fixture(scope="module")
def open_data(demo: tuple[Sandbox, Any], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The open-data edition of another force."""
    own = copied(demo[0], tmp_path_factory.mktemp("open-data"))
    with at(datetime(2019, 9, 11, 9)):
        return partnership.write(own.settings, force="Sample Constabulary", record_source="police_uk").html


@pytest.mark.parametrize(
    ("edition", "width"), [("page", 1280), ("page", 390), ("page", 320), ("open_data", 1280), ("open_data", 390)]
)
def test_nothing_runs_out_of_the_screen_or_over_another(
    edition: str, width: int, request: pytest.FixtureRequest
) -> None:
    """Wide tables and charts scroll in a frame of their own, which the keyboard can reach; all else fits."""
    found = browse(
        request.getfixturevalue(edition),
        """
        for (const details of page.querySelectorAll("details")) details.open = true;
        const edge = page.documentElement.clientWidth + 1;
        const out = [...page.body.querySelectorAll("*")].filter((each) =>
          !each.closest(".scroll, .skip") && each.getBoundingClientRect().right > edge);
        const blocks = [...page.querySelectorAll("main p, main h2, main h3, main figure, main .notes, main .scroll")]
          .filter((each) => !each.parentElement.closest("figure"))
          .map((each) => each.getBoundingClientRect());
        const over = blocks.filter((each, at) => at && each.top < blocks[at - 1].bottom - 1).length;
        const cut = [...page.querySelectorAll("td, th")].filter((each) => each.scrollWidth > each.clientWidth + 1);
        return {
          width: page.documentElement.scrollWidth - page.documentElement.clientWidth,
          out: out.map((each) => each.tagName + " " + each.textContent.slice(0, 40)),
          over,
          cut: cut.map((each) => each.textContent.slice(0, 40)),
          unreachable: [...page.querySelectorAll(".scroll")].filter((each) => each.tabIndex !== 0).length,
        };
        """,
        width,
    )
    assert found == {"width": 0, "out": [], "over": 0, "cut": [], "unreachable": 0}


@pytest.mark.parametrize(("edition", "charts"), [("page", 27), ("open_data", 11)])
def test_texts_of_a_chart_do_not_lie_over_each_other(edition: str, charts: int, request: pytest.FixtureRequest) -> None:
    found = browse(
        request.getfixturevalue(edition),
        """
        const over = [];
        for (const chart of page.querySelectorAll(".chart")) {
          const texts = [...chart.querySelectorAll("text")];
          const boxes = texts.map((each) => each.getBoundingClientRect());
          const edge = chart.querySelector("svg").getBoundingClientRect();
          for (const [at, box] of boxes.entries()) {
            if (box.right > edge.right + 1 || box.left < edge.left - 1 || box.bottom > edge.bottom + 1)
              over.push("out: " + texts[at].textContent);
            for (const [other, its] of boxes.slice(0, at).entries())
              if (box.left < its.right - 1 && its.left < box.right - 1 && box.top < its.bottom - 2
                  && its.top < box.bottom - 2)
                over.push(texts[other].textContent + " / " + texts[at].textContent);
          }
        }
        return {over, charts: page.querySelectorAll(".chart svg").length};
        """,
    )
    assert found == {"over": [], "charts": charts}


def test_it_can_be_read_without_seeing_it(page: Path) -> None:
    found = browse(
        page,
        """
        const levels = [...page.querySelectorAll("h1, h2, h3")].map((each) => Number(each.tagName[1]));
        const named = (each) => each.getAttribute("aria-label") || each.getAttribute("aria-labelledby");
        return {
          landmarks: ["header", "nav", "main", "footer"].map((each) => page.querySelectorAll(each).length),
          first: levels[0], jumps: levels.filter((level, at) => at && level > levels[at - 1] + 1).length,
          unnamed: [...page.querySelectorAll("[role], nav, section")].filter((each) => !named(each)).length,
          dangling: [...page.querySelectorAll("[aria-labelledby]")]
            .filter((each) => !page.getElementById(each.getAttribute("aria-labelledby"))).length,
          links: [...page.querySelectorAll("nav a")].filter((each) => !page.querySelector(each.hash)).length,
          heads: [...page.querySelectorAll("th")].filter((each) => !each.scope).length,
          captions: [...page.querySelectorAll("table")].filter((each) => !each.caption).length,
          language: page.documentElement.lang,
        };
        """,
    )
    assert found == {
        "landmarks": [1, 1, 1, 1],
        "first": 1,
        "jumps": 0,
        "unnamed": 0,
        "dangling": 0,
        "links": 0,
        "heads": 0,
        "captions": 0,
        "language": "en-GB",
    }


def test_every_text_has_contrast(page: Path) -> None:
    """At least 4.5 to 1 against what is behind it, in the charts too."""
    found = browse(
        page,
        """
        const numbers = (colour) => colour.match(/[\\d.]+/g).map(Number);
        const light = (colour) => {
          const [r, g, b] = numbers(colour).map((each) => each / 255)
            .map((each) => each <= 0.04045 ? each / 12.92 : ((each + 0.055) / 1.055) ** 2.4);
          return 0.2126 * r + 0.7152 * g + 0.0722 * b;
        };
        const behind = (each) => {
          for (let at = each; at; at = at.parentElement) {
            const colour = page.defaultView.getComputedStyle(at).backgroundColor;
            if (numbers(colour)[3] !== 0) return colour;
          }
          return "rgb(255, 255, 255)";
        };
        const poor = new Set();
        for (const each of page.body.querySelectorAll("*")) {
          if (![...each.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim())) continue;
          const style = page.defaultView.getComputedStyle(each);
          const [a, b] = [light(each instanceof page.defaultView.SVGElement ? style.fill : style.color),
            light(behind(each))].sort((one, other) => one - other);
          if ((b + 0.05) / (a + 0.05) < 4.5) poor.add(each.tagName + " " + each.textContent.slice(0, 30));
        }
        return [...poor];
        """,
    )
    assert found == []


def test_it_is_printed_on_a4_with_charts_whole(page: Path, tmp_path: Path) -> None:
    printed = tmp_path / "report.pdf"
    chromium("--no-pdf-header-footer", f"--print-to-pdf={printed}", page.as_uri())
    assert 10 < pages(printed) < 40
    assert b"/MediaBox [0 0 595" in printed.read_bytes() or b"/MediaBox [0 0 594" in printed.read_bytes()
