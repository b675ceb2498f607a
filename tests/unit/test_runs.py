"""A run: its entry in the ledger, what it clears up, what it remembers, and when there is nothing to do."""

import os
from collections.abc import Callable
from datetime import date
from pathlib import Path
from unittest.mock import patch

import pytest

from flows import runs, warehouse
from flows.contracts import Contract, load_contracts
from flows.errors import SaferCityError, UsageError
from flows.runs import Summary
from flows.stages import transform
from flows.stages.load import LoadedFile
from tests.faults.sandbox import Sandbox
from tests.faults.street import archive, rows, street

RUNS = "select state, command, message, ended_at is not null from ledger.runs order by started_at, rowid"


class TestTheEntryInTheLedger:
    """Every run is one row, however it ends."""

    def test_a_run_that_ends_well(self, sandbox: Sandbox) -> None:
        with sandbox.patched(), runs.open_run(sandbox.settings, "run") as run:
            assert sandbox.warehouse(RUNS) == [("running", "run", None, False)]
            assert run.run_id.startswith(f"{run.started_at:%Y%m%dT%H%M%SZ}-")
        assert sandbox.warehouse(RUNS) == [("done", "run", None, True)]
        [(version,)] = sandbox.warehouse("select code_version from ledger.runs")
        assert version == runs.code_version(run.release_fingerprint)

    def test_a_foreseen_error_is_kept_in_its_words(self, sandbox: Sandbox) -> None:
        def fail() -> None:
            with sandbox.patched(), runs.open_run(sandbox.settings, "run"):
                raise SaferCityError("the audit failed")

        with pytest.raises(SaferCityError):
            fail()
        assert sandbox.warehouse(RUNS) == [("failed", "run", "the audit failed", True)]

    @pytest.mark.parametrize(
        ("error", "state"),
        [(ValueError("John Sample is no number"), "failed"), (KeyboardInterrupt("John Sample"), "killed")],
    )
    def test_of_another_error_only_the_kind_is_kept(self, error: BaseException, state: str, sandbox: Sandbox) -> None:
        def fail() -> None:
            with sandbox.patched(), runs.open_run(sandbox.settings, "run"):
                raise error

        with pytest.raises(type(error)):
            fail()
        assert sandbox.warehouse(RUNS) == [(state, "run", type(error).__name__, True)]

    def test_a_run_that_was_killed_is_found_out_by_the_next(self, sandbox: Sandbox) -> None:
        with sandbox.patched():
            with patch.object(runs, "_end"), runs.open_run(sandbox.settings, "first"):
                pass
            assert [state for state, *_ in sandbox.warehouse(RUNS)] == ["running"]
            with runs.open_run(sandbox.settings, "second"):
                assert [state for state, *_ in sandbox.warehouse(RUNS)] == ["killed", "running"]

    def test_two_runs_of_a_second_have_names_of_their_own(self, sandbox: Sandbox) -> None:
        with sandbox.patched():
            for _ in range(5):
                with runs.open_run(sandbox.settings, "run"):
                    pass
        assert sandbox.warehouse("select count(distinct run_id) from ledger.runs") == [(5,)]


class TestWhatIsClearedUp:
    """Scratch, spill and a half-built release go when a run begins, and when it ends."""

    def test_before_and_after(self, sandbox: Sandbox) -> None:
        folders = (sandbox.paths.scratch, sandbox.paths.spill, sandbox.paths.building)

        def litter() -> None:
            for folder in folders:
                folder.mkdir(parents=True, exist_ok=True)
                (folder / "left").write_text("left", encoding="utf-8")

        litter()
        with sandbox.patched(), runs.open_run(sandbox.settings, "run"):
            assert not any(folder.exists() for folder in folders)
            litter()
        assert not any(folder.exists() for folder in folders)

    def test_after_a_failure_too(self, sandbox: Sandbox) -> None:
        def fail() -> None:
            with sandbox.patched(), runs.open_run(sandbox.settings, "run") as run:
                run.empty_scratch("things")
                raise SaferCityError("the audit failed")

        with pytest.raises(SaferCityError):
            fail()
        assert not sandbox.paths.scratch.exists()

    def test_scratch_is_empty_each_time_it_is_asked_for(self, sandbox: Sandbox) -> None:
        with sandbox.patched(), runs.open_run(sandbox.settings, "run") as run:
            (run.empty_scratch("things") / "left").write_text("left", encoding="utf-8")
            assert list(run.empty_scratch("things").iterdir()) == []


class TestSources:
    """Which sources a run is for."""

    def contracts(self) -> dict[str, Contract]:
        street = load_contracts()["police_uk_street"]
        return {"apples": street, "pears": street}

    def test_all_or_those_that_are_named(self) -> None:
        assert runs.chosen_sources(self.contracts(), None) == ["apples", "pears"]
        assert runs.chosen_sources(self.contracts(), []) == ["apples", "pears"]
        assert runs.chosen_sources(self.contracts(), ["pears", "pears"]) == ["pears"]

    def test_one_that_is_none(self) -> None:
        with pytest.raises(UsageError, match="no contract for nuts, plums; the sources are: apples, pears"):
            runs.chosen_sources(self.contracts(), ["plums", "apples", "nuts"])


class TestNothingToDo:
    """Nothing to do costs nothing, and is never said when there is something."""

    def test_on_a_new_installation_there_is(self, sandbox: Sandbox) -> None:
        sandbox.landing.mkdir()
        assert not sandbox.nothing_to_do()
        assert not sandbox.paths.warehouse.exists()

    def test_after_a_run_there_is_not(self, published: Sandbox) -> None:
        assert published.nothing_to_do()

    def test_a_new_file(self, published_copy: Sandbox) -> None:
        published_copy.deliver(street("2019-06", rows("2019-06", 3)))
        assert not published_copy.nothing_to_do()

    def test_a_new_file_that_no_contract_takes(self, published_copy: Sandbox) -> None:
        published_copy.deliver({"notes.txt": b"notes"})
        assert not published_copy.nothing_to_do()
        published_copy.load()
        assert published_copy.nothing_to_do()

    def test_something_that_is_no_file_and_was_not_named_before(self, published_copy: Sandbox) -> None:
        (published_copy.landing / "broken").symlink_to("nowhere")
        assert not published_copy.nothing_to_do()
        assert published_copy.load().unmatched == ["broken"]
        assert published_copy.nothing_to_do()

    def test_a_file_that_was_changed(self, published_copy: Sandbox) -> None:
        published_copy.deliver({"notes.txt": b"notes"})
        published_copy.load()
        os.utime(published_copy.landing / "notes.txt", (1, 1))
        assert not published_copy.nothing_to_do()

    @pytest.mark.parametrize("part", ["contracts", "code", "deliveries", "release"])
    def test_a_release_made_of_something_else(self, part: str, published_copy: Sandbox) -> None:
        sandbox = published_copy
        assert sandbox.nothing_to_do()
        if part == "contracts":
            street = load_contracts()["police_uk_street"]
            sandbox.contracts = {"police_uk_street": Contract.model_validate(street.model_dump() | {"owner": "Other"})}
        elif part == "deliveries":
            with warehouse.connect(sandbox.settings) as connection:
                connection.execute("update ledger.deliveries set accepted = accepted + 1 where state = 'accepted'")
        elif part == "release":
            sandbox.paths.current.unlink()
        fingerprint = (lambda _: "other") if part == "code" else transform.release_fingerprint
        with patch.object(transform, "release_fingerprint", fingerprint):
            assert not sandbox.nothing_to_do()


class TestFingerprints:
    """What a release depends on."""

    @pytest.fixture
    def project(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        for name in (
            "flows/a.py",
            "dbt_project/models/marts/m.sql",
            "dbt_project/macros/x.sql",
            "dbt_project/seeds/s.csv",
        ):
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text(name, encoding="utf-8")
        monkeypatch.setattr(transform, "PROJECT_DIR", tmp_path)
        monkeypatch.setattr(transform, "DBT_DIR", tmp_path / "dbt_project")
        return tmp_path

    @pytest.mark.parametrize(
        ("change", "release", "states"),
        [
            ("flows/a.py", True, False),
            ("flows/new.py", True, False),
            ("dbt_project/models/marts/m.sql", True, False),
            ("dbt_project/models/staging/x/new.sql", True, True),
            ("dbt_project/macros/x.sql", True, True),
            ("dbt_project/seeds/s.csv", True, True),
            ("flows/__pycache__/a.pyc", False, False),
            ("dbt_project/target/manifest.json", False, False),
            ("dbt_project/logs/dbt.log", False, False),
            ("docs/about.md", False, False),
        ],
    )
    def test_what_changes_them(self, change: str, release: bool, states: bool, project: Path) -> None:
        before = (transform.release_fingerprint("c"), transform.states_fingerprint("c"))
        (project / change).parent.mkdir(parents=True, exist_ok=True)
        (project / change).write_text("changed", encoding="utf-8")
        after = (transform.release_fingerprint("c"), transform.states_fingerprint("c"))
        assert (after[0] != before[0], after[1] != before[1]) == (release, states)

    def test_contracts_are_part_of_both(self, project: Path) -> None:
        for fingerprint in (transform.release_fingerprint, transform.states_fingerprint):
            assert fingerprint("one") != fingerprint("other")

    def test_a_renamed_file_changes_them(self, project: Path) -> None:
        before = transform.release_fingerprint("c")
        (project / "flows/a.py").rename(project / "flows/b.py")
        assert transform.release_fingerprint("c") != before


class TestWhatIsRemembered:
    """A file is opened once per path, size and time of change; one that was not read to its end is not remembered."""

    def opened(self, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Callable[[], list[str]]:
        """Notes the names of the files that are read."""
        from flows.stages.extract import read

        names: list[str] = []
        real = read.read_content

        def noting(arrival: runs.Arrival, *given: object) -> object:
            names.append(arrival.file_name)
            return real(arrival, *given)  # pyright: ignore[reportArgumentType]

        monkeypatch.setattr(read, "read_content", noting)

        def since() -> list[str]:
            found, names[:] = sorted(names), []
            return found

        return since

    def test_each_file_is_read_once(self, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
        read = self.opened(sandbox, monkeypatch)
        sandbox.deliver({"a.zip": archive(street("2019-01", rows("2019-01", 3))), "2019-02-kent-street.csv": b""})
        sandbox.load()
        assert read() == ["2019-01-city-of-london-street.csv", "2019-02-kent-street.csv"]
        sandbox.load()
        assert read() == []
        os.utime(sandbox.landing / "a.zip", (1, 1))
        assert sandbox.load().repeats == 1
        assert read() == ["2019-01-city-of-london-street.csv"]

    def test_a_file_that_changed_while_it_was_read_waits(
        self, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from flows.stages.extract import read

        name = "2019-01/2019-01-city-of-london-street.csv"
        sandbox.deliver(street("2019-01", rows("2019-01", 3)))
        real = read.read_content

        def growing(*given: object) -> object:
            with (sandbox.landing / name).open("ab") as file:
                file.write(b"\n")
            return real(*given)  # pyright: ignore[reportArgumentType]

        with monkeypatch.context() as patched:
            patched.setattr(read, "read_content", growing)
            first = sandbox.load()
        assert first.files == []
        assert [Path(path).name for path in first.waiting] == [Path(name).name]
        os.utime(sandbox.landing / name, (1, 1))
        assert len(sandbox.load().files) == 1


def test_the_exit_code_speaks_of_rejected_files() -> None:
    def file(state: str) -> LoadedFile:
        return LoadedFile("things", None, None, "name", "path", date(2019, 8, 7), state, 1, 1, 0, 0, None, None)

    def summary(*files: LoadedFile) -> Summary:
        return Summary("id", list(files), [], ["notes.txt"], [], 0, None, {})

    assert summary().exit_code == 0
    assert summary(file("accepted")).exit_code == 0
    assert summary(file("accepted"), file("rejected")).exit_code == 3


def test_the_time_of_a_stage_adds_up(sandbox: Sandbox) -> None:
    with sandbox.patched(), runs.open_run(sandbox.settings, "run") as run:
        with patch.object(runs.time, "monotonic", iter([1.0, 3.0, 10.0, 10.5]).__next__):
            for _ in range(2):
                with run.timed("extract"):
                    pass
        assert run.seconds == {"extract": 2.5}
