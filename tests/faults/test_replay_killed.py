"""A replay that is killed, and the flow around it: running it again, or the pipeline, is all that recovery takes."""

import shutil
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from flows import releases, runs
from flows.contracts import load_contracts
from flows.errors import SaferCityError
from flows.stages import replay
from tests.faults.batches import first_batch, second_batch
from tests.faults.children import Moment, run
from tests.faults.sandbox import Sandbox, without_prefect
from tests.marts.test_replay import warehouses_differ, wronged_by

REPLAY = "flows.stages.replay"

KILLS = {
    "the files are not yet found": Moment("flows.runs", "find"),
    "the files are read, the others' rows not yet added": Moment(REPLAY, "add_records"),
    "judged again": Moment(REPLAY, "_judge_again", after=True),
    "rows in raw and still in quarantine": Moment(REPLAY, "_take_out_of_quarantine"),
    "out of quarantine, and the ledger does not know": Moment(REPLAY, "_correct_the_ledger"),
    "the sums hold, and nothing is committed": Moment(REPLAY, "prove_the_sums", after=True),
    "one source is committed": Moment(REPLAY, "replay", after=True),
    "half of the other source's transaction": Moment(REPLAY, "_correct_rule_results", call=2),
    "both are committed": Moment(REPLAY, "replay", after=True, call=2),
}


class Replaying(Sandbox):
    """A sandbox in which a run is a replay of quarantine."""

    def run(self, **given: Any) -> Any:
        """What `safercity quarantine replay` does, without a server."""
        from flows import pipeline

        with self.patched(), without_prefect(self.artifacts):
            return pipeline.replay_quarantine.fn(landing=self.landing, **given)


class ReplayingRows(Replaying):
    """The same, but nothing is built or published."""

    def run(self, **given: Any) -> Any:
        with patch.object(runs, "rows_are_not_published", lambda connection: False):
            return super().run(**given)


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Sandbox:
    """Both batches, loaded while a rule of each source was wrong."""
    sandbox = Sandbox(tmp_path_factory.mktemp("base"))
    sandbox.deliver(first_batch() | second_batch())
    wrong = {
        "crimes": {"CLASS_CODE_NOT_RECORDABLE": {"breaks": "class_code = '105A'"}},
        "police_uk_street": {"MONTH_NOT_OF_FILE": {"breaks": "crime_type = 'Robbery' and crime_id < '9'"}},
    }
    with patch.object(
        runs,
        "load_contracts",
        lambda: load_contracts() | {source: wronged_by(source, wrong[source]) for source in wrong},
    ):
        sandbox.load()
    return sandbox


@pytest.fixture
def quarantined(base: Sandbox, tmp_path: Path) -> Path:
    """A copy of it, in a folder of the test's own."""
    shutil.copytree(base.folder, tmp_path, dirs_exist_ok=True)
    return tmp_path


@pytest.fixture(scope="module")
def undisturbed(base: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Sandbox:
    """What a replay in peace makes of it."""
    folder = tmp_path_factory.mktemp("undisturbed")
    shutil.copytree(base.folder, folder, dirs_exist_ok=True)
    replayed = ReplayingRows(folder).run()
    assert {file.source for file in replayed.files if file.loaded} == {"crimes", "police_uk_street"}
    return Sandbox(folder)


OFTEN = {"rows in raw and still in quarantine", "half of the other source's transaction"}


@pytest.mark.parametrize("name", [pytest.param(k, marks=() if k in OFTEN else pytest.mark.slow) for k in KILLS])
def test_replaying_again_is_all_it_takes(name: str, quarantined: Path, undisturbed: Sandbox) -> None:
    sandbox = ReplayingRows(quarantined)
    assert run(sandbox, KILLS[name]) == -signal.SIGKILL
    assert warehouses_differ(sandbox.settings, undisturbed.settings) != {} or "both" in name
    sandbox.run()
    assert warehouses_differ(sandbox.settings, undisturbed.settings) == {}
    left = sandbox.warehouse("select count(*), count(distinct (delivery_id, record_no)) from quarantine.replayed")
    assert left == undisturbed.warehouse("select count(*), count(*) from quarantine.replayed")


@pytest.mark.slow
def test_what_was_replayed_and_not_published_is_published_by_the_next(quarantined: Path, tmp_path: Path) -> None:
    sandbox = Replaying(quarantined)
    assert run(sandbox, Moment("flows.stages.transform", "transform")) == -signal.SIGKILL
    assert sandbox.warehouse("select count(*) > 0 from ledger.pending") == [(True,)]
    recovered = sandbox.run()
    assert [file for file in recovered.files if file.loaded] == []
    assert recovered.release == releases.current(sandbox.paths)
    always_right = Sandbox(tmp_path / "right")
    always_right.deliver(first_batch() | second_batch())
    always_right.run()
    assert sandbox.differences(always_right) == {}
    states = sandbox.warehouse("select state from ledger.runs order by started_at, state = 'done'")
    assert states == [("done",), ("killed",), ("done",)]
    again = sandbox.run()
    assert (again.release, [file for file in again.files if file.loaded]) == (None, [])


def test_a_dry_run_says_what_would_be_and_changes_nothing(
    base: Sandbox, quarantined: Path, undisturbed: Sandbox
) -> None:
    sandbox = Replaying(quarantined)
    would_be = sandbox.run(dry_run=True)
    assert would_be.release is None
    assert warehouses_differ(sandbox.settings, base.settings) == {}
    assert would_be.files == ReplayingRows(quarantined).run().files
    assert warehouses_differ(sandbox.settings, undisturbed.settings) == {}


@pytest.mark.parametrize("step", ["fill_raw", "_take_out_of_quarantine", "_correct_the_ledger"])
def test_rows_that_get_lost_are_found_out(step: str, quarantined: Path, base: Sandbox) -> None:
    sandbox = ReplayingRows(quarantined)
    with patch.object(replay, step, lambda *args: None), pytest.raises(SaferCityError, match="do not add up"):
        sandbox.run()
    assert warehouses_differ(sandbox.settings, base.settings) == {}


@pytest.mark.slow
def test_only_rows_of_one_source_or_rule(quarantined: Path) -> None:
    sandbox = ReplayingRows(quarantined)
    [*files] = sandbox.run(sources=["police_uk_street"]).files
    assert {file.source for file in files} == {"police_uk_street"}
    assert sandbox.run(rule="KEY_REPEATED").files == [
        file for file in sandbox.run(rule="KEY_REPEATED").files if file.loaded == 0
    ]
    loaded = sandbox.run(sources=["crimes"], rule="CLASS_CODE_NOT_RECORDABLE").files
    assert sum(file.loaded for file in loaded) > 0
    assert sum(file.still_bad for file in loaded) == 0


@contextmanager
def moved(sandbox: Sandbox, name: str) -> Iterator[None]:
    """Have a file lie outside the landing folder meanwhile."""
    away = sandbox.folder / "away"
    (sandbox.landing / name).rename(away)
    yield
    away.rename(sandbox.landing / name)


def test_a_value_that_is_kept_as_its_length_needs_the_file(tmp_path: Path) -> None:
    from tests.faults import crimes

    sandbox = ReplayingRows(tmp_path)
    name = "crimes_2019-02-07.csv"
    bad = [crimes.row(9, "2019-01-12", status="cancelled"), crimes.row(10, "2019-01-12", status="mislaid")]
    sandbox.deliver({name: crimes.text([*crimes.rows("2019-01-12", 1, 3), *bad])})
    wrong = wronged_by("crimes", {"STATUS_UNKNOWN": {"kwargs": {"column": "status", "value_set": ["recorded"]}}})
    with patch.object(runs, "load_contracts", lambda: load_contracts() | {"crimes": wrong}):
        Sandbox(tmp_path).load()
    with moved(sandbox, name):
        [file] = sandbox.run().files
        assert (file.loaded, file.still_bad, file.kept_in_part) == (0, 0, 2)
    (sandbox.landing / "elsewhere").mkdir()
    (sandbox.landing / name).rename(sandbox.landing / "elsewhere" / name)
    [file] = sandbox.run().files
    assert (file.loaded, file.still_bad, file.kept_in_part) == (1, 1, 0)
    assert sandbox.warehouse("select status from raw.crimes where crime_number = 'CR/00009/19'") == [("cancelled",)]
    assert sandbox.warehouse("select accepted, quarantined from ledger.deliveries") == [(4, 1)]
    assert sandbox.warehouse("select rows_failed from ledger.rule_results where rule = 'STATUS_UNKNOWN'") == [(1,)]
