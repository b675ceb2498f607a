"""What axe says of the pages that people open: nothing serious. Skipped without Chromium."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path
from subprocess import CompletedProcess
from unittest.mock import patch

import pytest

from flows import clock
from flows.report import dictionary
from tests.browser.chromium import CHROMIUM, axe
from tests.faults.sandbox import Sandbox
from tests.stages.quality_release import write_page

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine: axe looks at nothing")


def serious(page: Path, within: str = "body") -> list[list[object]]:
    """What is wrong enough to keep somebody out."""
    return [found for found in axe(page, within) if found[0] in ("serious", "critical")]


A_PART = "header, nav, main > section:nth-of-type(-n+2)"
"""Of a page of hundreds of equal sections axe looks at the first: all of it would take minutes."""


@pytest.mark.parametrize("page", list(dictionary.PAGES))
def test_the_dictionary(page: str, published: Sandbox, tmp_path: Path) -> None:
    for file in (published.paths.current / dictionary.FOLDER).iterdir():
        shutil.copyfile(file, tmp_path / file.name)
    assert serious(tmp_path / page, A_PART if page in ("tables.html", "rules.html") else "body") == []


def test_the_quality_page(tmp_path: Path) -> None:
    with patch.object(clock, "today", lambda: date(2019, 9, 11)):
        page = write_page(tmp_path)
    assert serious(page) == []
    assert serious(page.with_name("index.html")) == []


def test_the_partnership_report(demo: tuple[Sandbox, CompletedProcess[str]], tmp_path: Path) -> None:
    alone = tmp_path / "report.html"
    shutil.copyfile(demo[0].data / "reports/partnership/2019-07-as-of-2019-08-07/issue-1.html", alone)
    assert serious(alone) == []


def test_it_finds_what_is_wrong(tmp_path: Path) -> None:
    """A picture without a text, and a field without a name."""
    page = tmp_path / "page.html"
    page.write_text(
        '<!doctype html><html lang="en"><head><title>Page</title></head>'
        '<body><main><h1>Page</h1><svg role="img"></svg><input></main></body></html>',
        encoding="utf-8",
    )
    assert {rule for _, rule, *_ in serious(page)} == {"svg-img-alt", "label"}
