"""The benchmark: it tells no ratio of results that differ, judges its aims by hand-worked figures, and still runs."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import duckdb
import pytest

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"

CRIMES = {
    # One crime that becomes another kind, and is sent again as it was; one that breaks a critical rule.
    "crimes_2018-02-07.csv": ["BM/00001,recorded,8N,008/06", "BM/00002,mislaid,8N,008/06"],
    "crimes_2018-03-07.csv": ["BM/00001,recorded,105A,105/01", "BM/00003,recorded,46,046/00"],
    "crimes_2018-04-07.csv": ["BM/00001,recorded,105A,105/01", "BM/00003,cancelled,46,046/00"],
}


@pytest.fixture
def benchmark(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Imports a module of the benchmark, whose scripts find each other in their own folder."""
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    return importlib.import_module


def measured(benchmark: Any, wall: float, **stages: float) -> Any:
    """A run of so many seconds."""
    return benchmark("measure").Measurement(
        wall=wall, cpu=wall, largest=100.0, together=None, stages=stages, state="done"
    )


@pytest.fixture
def results(benchmark: Any, tmp_path: Path) -> Any:
    """Street files: the pipeline 20 s, of which 14 are start-up, the limit 4 s; dlt 90 s, of which 30 are start-up."""
    results = benchmark("results").Results(machine={"command": ""}, peers={})
    for contender, whole, one_row in (("safercity", 20, 14), ("bare DuckDB", 4, 1), ("dlt + dbt", 90, 30)):
        results.add("street", contender, measured(benchmark, whole), tmp_path)
        results.add("street, one row", contender, measured(benchmark, one_row), tmp_path)
        results.compared("street", contender, {"states": 5}, [])
    return results


def verdicts(benchmark: Any, results: Any) -> dict[str, tuple[str, str]]:
    """Verdict and figures by aim."""
    return {aim: (met, figures) for aim, met, figures in benchmark("aims").aims(results)}


class TestAims:
    def test_start_up_is_taken_off_the_pipeline_where_it_is_held_against_the_limit(
        self, benchmark: Any, results: Any
    ) -> None:
        aim = verdicts(benchmark, results)["1: full load within 2 × the bare script, start-up apart"]
        assert aim == ("met", "1.50 × (6.0 s, 4.0 s)")

    def test_start_up_is_taken_off_both_sides_of_a_peer_and_the_limit_is_told(
        self, benchmark: Any, results: Any
    ) -> None:
        name = "1: ten times as fast as dlt + dbt with the same checks"
        told = "street 10.0 × apart from start-up, 4.5 × with it"
        assert verdicts(benchmark, results)[name] == ("met", f"{told} (the bare script 20.0 ×)")
        results.compared("street", "bare DuckDB", {}, ["states: 1 row only"])
        assert verdicts(benchmark, results)[name] == ("met", told)

    def test_a_limit_that_came_to_something_else_is_no_limit(self, benchmark: Any, results: Any) -> None:
        results.compared("street", "bare DuckDB", {}, ["states: 1 row only"])
        assert verdicts(benchmark, results)["1: full load within 2 × the bare script, start-up apart"] == (
            "not measured",
            "the results differ",
        )

    def test_one_more_month_is_judged_by_validation_load_and_states_alone(
        self, benchmark: Any, results: Any, tmp_path: Path
    ) -> None:
        for scale, validate, marts in ((1, 0.5, 1), (100, 2.5, 80)):
            month = measured(benchmark, 99, validate=validate, load=0.25, states=0.25, marts=marts)
            results.add(f"sample × {scale} + 1 month", "safercity", month, tmp_path)
        aim = "2: one more month, validation, load and states: at scale 100 within 3 × of scale 1"
        assert verdicts(benchmark, results)[aim] == ("met", "3.00 × (1.00 s, 3.00 s)")

    def test_what_was_not_measured_is_not_met(self, benchmark: Any, results: Any) -> None:
        assert verdicts(benchmark, results)["4: make run the second time: under 45 s"] == ("not measured", "")


class TestPage:
    def test_a_ratio_is_told_where_results_are_equal(self, benchmark: Any, results: Any) -> None:
        page = benchmark("page").write_page(results)
        assert "4.5 × as fast; apart from start-up 10.0 × as fast" in page
        assert "5.0 × as slow; apart from start-up 2.0 × as slow" in page

    def test_no_ratio_is_told_where_results_differ(self, benchmark: Any, results: Any) -> None:
        results.compared("street", "dlt + dbt", {}, ["states: 1 row only"])
        page = benchmark("page").write_page(results)
        assert "4.5 ×" not in page
        assert "* dlt + dbt differs: states: 1 row only" in page
        assert results.differs()


class TestBareCrimes:
    def test_states_and_movements(self, benchmark: Any, tmp_path: Path) -> None:
        bare = benchmark("bare_crimes")
        rest = f",,2018-01-15 12:00{',' * (bare.HEADER.count(',') - 5)}"
        landing = tmp_path / "landing"
        landing.mkdir()
        for name, rows in CRIMES.items():
            (landing / name).write_text("\n".join([bare.HEADER, *(row + rest for row in rows), ""]))
        bare.build(landing, tmp_path / "out")
        with duckdb.connect(str(tmp_path / "out" / "results.duckdb")) as connection:
            states = connection.execute(
                "select crime_number[-1], status, class_code, month(known_from), month(known_to)"
                " from states order by all"
            ).fetchall()
            moved = connection.execute(
                "select measure, month(extract_date), change from movements"
                " where measure in ('abh', 'common_assault', 'violence', 'shoplifting', 'all_crime') order by all"
            ).fetchall()
        assert states == [
            ("1", "recorded", "105A", 3, None),
            ("1", "recorded", "8N", 2, 3),
            ("3", "cancelled", "46", 4, None),
            ("3", "recorded", "46", 3, 4),
        ]
        assert moved == [
            ("abh", 2, 1),
            ("abh", 3, -1),
            ("all_crime", 2, 1),
            ("all_crime", 3, 1),
            ("all_crime", 4, -1),
            ("common_assault", 3, 1),
            ("shoplifting", 3, 1),
            ("shoplifting", 4, -1),
            ("violence", 2, 1),
        ]


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_the_command_runs_and_all_who_are_there_come_to_the_same(tmp_path: Path) -> None:
    written = tmp_path / "results.json"
    command = [str(BENCHMARKS / "compare.py"), "--quick", "--cases", "crimes", "--json", str(written)]
    done = subprocess.run([sys.executable, *command], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    equal = json.loads(written.read_text())["equal"]["crimes × 0.05"]
    assert equal["bare DuckDB"].keys() == {"states", "movements"}
    assert min(equal["bare DuckDB"].values()) > 0
