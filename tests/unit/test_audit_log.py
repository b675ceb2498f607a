"""The audit log: lines that are only ever added, and a chain that shows when one was not."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from flows import audit_log
from flows.errors import SaferCityError
from flows.settings import Paths


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    """A data folder of the test's own."""
    return Paths(tmp_path)


def three(paths: Paths) -> list[str]:
    """Three acts; their lines as they stand in the file."""
    audit_log.record(paths, "run", "run of crimes", run_id="20190808T020000Z-aaaa")
    audit_log.record(paths, "consult", "sql: from marts.crimes")
    audit_log.record(paths, "silence", "WARD_UNKNOWN", reason="the gazetteer is being replaced")
    return paths.audit_log.read_text(encoding="utf-8").splitlines()


def test_what_is_recorded_is_read(paths: Paths) -> None:
    three(paths)
    first, second, third = audit_log.read(paths)
    assert (first.act, first.what, first.run_id, first.reason) == (
        "run",
        "run of crimes",
        "20190808T020000Z-aaaa",
        None,
    )
    assert first.before == audit_log.FIRST
    assert (second.before, third.before) == (first.hash, second.hash)
    assert third.reason == "the gazetteer is being replaced"
    assert {line.who for line in (first, second, third)} == {audit_log.who()}


def test_before_the_first_act_there_is_nothing(paths: Paths) -> None:
    assert list(audit_log.read(paths)) == []


def test_a_changed_line_is_found(paths: Paths) -> None:
    lines = three(paths)
    changed = lines[1].replace("marts.crimes", "marts.coverage")
    assert changed != lines[1]
    paths.audit_log.write_text("\n".join([lines[0], changed, lines[2]]) + "\n", encoding="utf-8")
    with pytest.raises(SaferCityError, match="line 2 is not as it was written"):
        list(audit_log.read(paths))


@pytest.mark.parametrize("order", [[0, 2], [1, 2], [0, 2, 1], [0, 1, 1, 2]])
def test_a_line_taken_out_moved_or_put_in_is_found(paths: Paths, order: list[int]) -> None:
    lines = three(paths)
    paths.audit_log.write_text("\n".join(lines[place] for place in order) + "\n", encoding="utf-8")
    with pytest.raises(SaferCityError, match="a line was taken out or put in"):
        list(audit_log.read(paths))


def test_a_line_that_a_dead_process_left_unfinished_goes(paths: Paths) -> None:
    lines = three(paths)
    paths.audit_log.write_text("\n".join(lines) + "\n" + lines[0][:40], encoding="utf-8")
    audit_log.record(paths, "roll back", "to release x")
    assert [line.act for line in audit_log.read(paths)] == ["run", "consult", "silence", "roll back"]


def test_a_log_that_ends_with_something_else_takes_no_line(paths: Paths) -> None:
    three(paths)
    with paths.audit_log.open("a", encoding="utf-8") as log:
        log.write("scribbled\n")
    with pytest.raises(SaferCityError, match="see: safercity audit verify"):
        audit_log.record(paths, "run", "run of crimes")


def test_what_cannot_be_logged_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "audit").write_text("a file where the folder should be", encoding="utf-8")
    with pytest.raises(SaferCityError, match="what cannot be logged is not done"):
        audit_log.record(Paths(tmp_path), "run", "run of crimes")


def test_processes_that_write_at_once_make_one_chain(paths: Paths) -> None:
    script = (
        "import sys; from pathlib import Path; from flows import audit_log; from flows.settings import Paths\n"
        "for n in range(20): audit_log.record(Paths(Path(sys.argv[1])), 'consult', f'{sys.argv[2]} {n}')"
    )
    processes = [
        subprocess.Popen([sys.executable, "-c", script, str(paths.data), name], env=os.environ) for name in "abc"
    ]
    assert [process.wait(timeout=60) for process in processes] == [0, 0, 0]
    written = [line.what for line in audit_log.read(paths)]
    assert sorted(written) == sorted(f"{name} {n}" for name in "abc" for n in range(20))


def test_a_query_is_kept_without_its_texts() -> None:
    query = "select crime_number from marts.crimes where street = 'O''Synthetic Lane' and x = $$a 'b'$$ limit 5"
    assert audit_log.without_texts(query) == (
        "select crime_number from marts.crimes where street = '…' and x = '…' limit 5"
    )


def test_a_line_is_one_line(paths: Paths) -> None:
    audit_log.record(paths, "consult", "sql: select\n  1\n")
    [line] = paths.audit_log.read_text(encoding="utf-8").splitlines()
    assert json.loads(line)["what"] == "sql: select 1"


def test_a_user_without_a_name(monkeypatch: pytest.MonkeyPatch) -> None:
    def nameless() -> str:
        raise OSError

    monkeypatch.setattr(audit_log.getpass, "getuser", nameless)
    assert audit_log.who() == f"user {os.getuid()}"
