"""What people open reads the tables that its exposure names, no more and no fewer; so who changes one is told."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import duckdb
import pytest

from flows import lineage, releases
from flows.contracts import load_contracts
from flows.releases import DATABASE, Release
from flows.report import charts, dictionary_content, figures, partnership, quality_figures
from flows.report.document import Edition
from tests.faults.sandbox import Sandbox

EXPOSURES = {each.name: {read.removeprefix("marts.") for read in each.reads} for each in lineage.load().exposures}


class Listening:
    """A connection that remembers which tables it was asked for."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self.connection = connection
        self.tables: set[str] = set()

    def execute(self, query: str, *given: Any) -> duckdb.DuckDBPyConnection:
        self.tables |= set(re.findall(r"\bmarts\.(\w+)", query))
        return self.connection.execute(query, *given)


@pytest.fixture(scope="module")
def release(demo: tuple[Sandbox, CompletedProcess[str]]) -> tuple[Release, Path]:
    """The release of the demo, and its file."""
    paths = demo[0].paths
    found = releases.current(paths)
    assert found
    return found, paths.releases / found.release_id / DATABASE


@pytest.fixture
def listening(release: tuple[Release, Path]) -> Iterator[Any]:
    with figures.opened(release[1]) as connection:
        yield Listening(connection)


@pytest.fixture(autouse=True)
def _nothing_is_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """It would take ten times as long as all the queries."""
    for name, _ in inspect.getmembers(charts, inspect.isfunction):
        monkeypatch.setattr(charts, name, lambda *_, **__: "<svg/>")


@pytest.mark.parametrize(
    ("exposure", "record_source", "month"),
    [("partnership_report", "force", date(2019, 7, 1)), ("open_data_report", "police_uk", date(2019, 5, 1))],
)
def test_the_reports(
    exposure: str,
    record_source: Any,
    month: date,
    listening: Any,
    release: tuple[Release, Path],
) -> None:
    edition = Edition("City of London Police", record_source, month, date(2019, 8, 7))
    assert figures.newest_month(listening, edition.force, record_source, edition.as_of)
    assert edition.force in figures.forces(listening, record_source)
    marts = figures.Marts(listening, edition)
    partnership.make(marts, release[0], date(2019, 7, 7))
    marts.inputs()
    assert listening.tables == EXPOSURES[exposure]


def test_the_quality_page(listening: Any) -> None:
    quality_figures.read(listening, datetime(2019, 9, 11))
    assert listening.tables == EXPOSURES["quality_page"]


def test_the_dictionary(listening: Any) -> None:
    dictionary_content.read(listening, load_contracts(), lineage.load())
    assert listening.tables == EXPOSURES["dictionary"]


def test_there_are_no_others() -> None:
    assert set(EXPOSURES) == {"partnership_report", "open_data_report", "quality_page", "dictionary"}
