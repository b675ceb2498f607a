"""audit list and verify, and which commands leave a line."""

import pytest

from flows import audit_log
from tests.cli.conftest import Safercity
from tests.faults.sandbox import Sandbox


@pytest.fixture
def published_copy(published_copy: Sandbox) -> Sandbox:
    """Other tests may have looked at the release: of the log only its first line stays, that of the run."""
    log = published_copy.paths.audit_log
    log.write_text(log.read_text(encoding="utf-8").splitlines(keepends=True)[0], encoding="utf-8")
    return published_copy


def acts(sandbox: Sandbox) -> list[tuple[str, str, str | None]]:
    """What the log holds."""
    return [(line.act, line.what, line.reason) for line in audit_log.read(sandbox.paths)]


def test_a_run_and_a_query_leave_a_line(safercity: Safercity, published_copy: Sandbox) -> None:
    before = acts(published_copy)
    assert [act for act, _, _ in before] == ["run"]
    assert before[0][1].startswith("run of asb_incidents, crimes, ")
    assert safercity(published_copy, "sql", "select count(*) from marts.crimes where status = 'recorded'").code == 0
    assert acts(published_copy)[1:] == [("consult", "sql: select count(*) from marts.crimes where status = '…'", None)]


def test_a_query_is_answered_where_the_log_takes_nothing(safercity: Safercity, published_copy: Sandbox) -> None:
    published_copy.paths.audit_log.write_text("scribbled\n", encoding="utf-8")
    ended = safercity(published_copy, "sql", "--json", "select 1 as one")
    assert ended.json == [{"one": 1}]
    assert "The query was answered all the same" in ended.err


def test_decisions_are_kept_with_their_reasons(safercity: Safercity, published_copy: Sandbox) -> None:
    safercity(published_copy, "alerts", "silence", "WARD_UNKNOWN", "--reason", "a new gazetteer", "--days", "3")
    safercity(published_copy, "alerts", "unsilence", "WARD_UNKNOWN")
    silenced, lifted = acts(published_copy)[1:]
    assert silenced[0] == lifted[0] == "silence"
    assert silenced[1].startswith("WARD_UNKNOWN through ")
    assert (silenced[2], lifted[1:]) == ("a new gazetteer", ("WARD_UNKNOWN lifted", None))


def test_rows_and_workbooks_of_quarantine(safercity: Safercity, published_copy: Sandbox) -> None:
    safercity(published_copy, "quarantine", "show", "--source", "crimes")
    safercity(published_copy, "quarantine", "export", "--out", str(published_copy.folder / "books"))
    assert [act for act, _, _ in acts(published_copy)[1:]] == ["consult", "disclose"]


def test_the_list(safercity: Safercity, published_copy: Sandbox) -> None:
    safercity(published_copy, "sql", "select 1")
    lines = safercity(published_copy, "audit", "list").lines
    assert lines[0].split("\t") == ["at (UTC)", "who", "act", "what", "reason", "run"]
    assert [line.split("\t")[2] for line in lines[1:]] == ["run", "consult"]
    only = safercity(published_copy, "audit", "list", "--act", "consult", "--json").json
    assert [line["what"] for line in only] == ["sql: select 1"]
    assert safercity(published_copy, "audit", "list", "--since", "2999-01-01", "--json").json == []
    assert len(safercity(published_copy, "audit", "list", "--limit", "1", "--json").json) == 1


def test_verify_says_how_many_lines_and_the_last_hash(safercity: Safercity, published_copy: Sandbox) -> None:
    [line] = audit_log.read(published_copy.paths)
    ended = safercity(published_copy, "audit", "verify")
    assert ended.out == f"1 lines, each as it was written. Last hash: {line.hash}\n"
    log = published_copy.paths.audit_log
    log.write_text(log.read_text(encoding="utf-8").replace("run of", "run off"), encoding="utf-8")
    assert safercity(published_copy, "audit", "verify").error == f"{log}: line 1 is not as it was written"
