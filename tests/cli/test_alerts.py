"""`safercity alerts`: what is wrong, silences, and proof that a channel works."""

from datetime import date, timedelta
from unittest.mock import patch

import pytest

from flows import clock, warehouse
from flows.stages import notify
from tests.cli.conftest import Safercity
from tests.faults.channels import Inbox, listening, nobody_listens
from tests.faults.sandbox import Sandbox
from tests.stages.test_notify import QUARANTINED, WARNING

TODAY = date(2024, 1, 31)


@pytest.fixture
def troubled(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Sandbox:
    """A warehouse in which two things are wrong, of which people were told."""
    clock._ahead.cache_clear()
    monkeypatch.setenv("SAFERCITY_NOW", f"{TODAY}T12:00")
    sandbox.paths.make()
    warehouse.prepare(sandbox.settings, {})
    tell(sandbox)
    return sandbox


def tell(sandbox: Sandbox) -> None:
    with patch.object(notify, "observe", lambda _look: ([WARNING, QUARANTINED], set())):
        notify.tell(sandbox.settings, {}, "a run")


class TestList:
    """What is wrong, serious things first, and what was told."""

    def test_problems_and_messages(self, safercity: Safercity, troubled: Sandbox) -> None:
        ended = safercity(troubled, "alerts", "list")
        assert ended.code == 0
        subjects = [line.split("\t")[6] for line in ended.lines[2:4]]
        assert subjects == ["CRIME_ID_FORMAT", "COORDINATE_HALF"]
        assert "Messages" in ended.lines
        assert "no channel" in ended.lines[-1]

    def test_as_json(self, safercity: Safercity, troubled: Sandbox) -> None:
        listed = safercity(troubled, "alerts", "list", "--json").json
        assert [problem["subject"] for problem in listed["problems"]] == ["CRIME_ID_FORMAT", "COORDINATE_HALF"]
        assert [problem["state"] for problem in listed["problems"]] == ["open", "open"]
        assert (listed["silences"], len(listed["messages"])) == ([], 1)

    def test_those_that_have_ended_when_asked_for(self, safercity: Safercity, troubled: Sandbox) -> None:
        with patch.object(notify, "observe", lambda _look: ([QUARANTINED], {"warning_rows"})):
            notify.tell(troubled.settings, {}, "a run")
        assert [p["subject"] for p in safercity(troubled, "alerts", "list", "--json").json["problems"]] == [
            "CRIME_ID_FORMAT"
        ]
        listed = safercity(troubled, "alerts", "list", "--all", "--json").json["problems"]
        assert [(p["subject"], p["state"]) for p in listed] == [
            ("CRIME_ID_FORMAT", "open"),
            ("COORDINATE_HALF", "ended"),
        ]

    def test_before_anything_was_loaded(self, safercity: Safercity, sandbox: Sandbox) -> None:
        ended = safercity(sandbox, "alerts", "list")
        assert (ended.code, ended.error) == (2, f"there is no warehouse in {sandbox.data} yet; run: safercity run")

    def test_an_older_warehouse_is_not_misread(self, safercity: Safercity, troubled: Sandbox) -> None:
        with warehouse.connect(troubled.settings) as connection:
            connection.execute("update ledger.warehouse set version = 1")
        ended = safercity(troubled, "alerts", "list")
        assert ended.code == 2
        assert "older version" in ended.error


class TestTest:
    """A channel is proved by using it."""

    def test_each_channel_says_whether_it_took_it(self, safercity: Safercity, sandbox: Sandbox) -> None:
        with listening(Inbox()) as inbox:
            sandbox.given = {"alerts": {"urls": [inbox.url], "owners": {"Steward": {"urls": [nobody_listens()]}}}}
            ended = safercity(sandbox, "alerts", "test")
            assert ended.code == 1
            assert ended.lines[1:] == ["everybody\tjson\tsent", "Steward\tjson\tthe channel cannot be reached"]
            assert safercity(sandbox, "alerts", "test", "--to", "Everybody").code == 0
        assert [posted["title"] for posted in inbox.posted] == ["Safer City: a test"] * 2
        assert "Nothing is wrong" in inbox.posted[0]["message"]

    def test_without_a_channel(self, safercity: Safercity, sandbox: Sandbox) -> None:
        assert safercity(sandbox, "alerts", "test").code == 2
        assert "no channel of Steward is set" in safercity(sandbox, "alerts", "test", "--to", "Steward").error


class TestSilence:
    """A decision, with a reason and an end."""

    def test_it_holds_and_is_lifted(self, safercity: Safercity, troubled: Sandbox) -> None:
        made = safercity(troubled, "alerts", "silence", "crime_id_format", "--reason", "known", "--days", "3")
        assert made.out == (
            "Silenced through 2024-02-02: crime_id_format. Lift it with: safercity alerts unsilence crime_id_format\n"
        )
        listed = safercity(troubled, "alerts", "list", "--json").json
        assert [problem["silenced_until"] for problem in listed["problems"]] == ["2024-02-02", None]
        assert [silence["reason"] for silence in listed["silences"]] == ["known"]
        assert safercity(troubled, "alerts", "unsilence", "CRIME_ID_FORMAT").code == 0
        assert safercity(troubled, "alerts", "list", "--json").json["silences"] == []
        assert "is not silenced" in safercity(troubled, "alerts", "unsilence", "CRIME_ID_FORMAT").error

    @pytest.mark.parametrize(
        ("arguments", "says"),
        [
            (["crimes", "--reason", "x"], "give either --until or --days"),
            (["crimes", "--reason", "x", "--days", "2", "--until", "2024-02-02"], "give either --until or --days"),
            (["crimes", "--reason", " ", "--days", "2"], "say why in --reason"),
            (["crimes", "--reason", "x", "--until", "2024-01-30"], "has passed"),
            (["crimes", "--reason", "x", "--until", f"{TODAY + timedelta(days=91)}"], "90 days at most"),
            (["nonsense", "--reason", "x", "--days", "2"], "no source, rule or problem"),
        ],
        ids=["no end", "two ends", "no reason", "over", "too long", "nothing"],
    )
    def test_what_is_no_silence(self, arguments: list[str], says: str, safercity: Safercity, troubled: Sandbox) -> None:
        ended = safercity(troubled, "alerts", "silence", *arguments)
        assert ended.code == 2
        assert says in ended.error
        assert troubled.warehouse("from ledger.silences") == []

    @pytest.mark.parametrize("what", ["crimes", "POSTCODE_X", QUARANTINED.problem_id])
    def test_a_source_or_a_problem_can_be_silenced(self, what: str, safercity: Safercity, troubled: Sandbox) -> None:
        until = f"{TODAY + timedelta(days=90)}"
        ended = safercity(troubled, "alerts", "silence", what, "--reason", "x", "--until", until)
        assert ended.code == (2 if what == "POSTCODE_X" else 0)


class TestSend:
    """What has not arrived is tried at once."""

    def test_it_says_what_became_of_it(self, safercity: Safercity, sandbox: Sandbox) -> None:
        sandbox.paths.make()
        warehouse.prepare(sandbox.settings, {})
        with listening(Inbox(500)) as inbox:
            sandbox.given = {"alerts": {"urls": [inbox.url]}}
            tell(sandbox)
            ended = safercity(sandbox, "alerts", "send")
            assert (ended.code, ended.lines[1:]) == (1, ["everybody\tjson\tthe channel answered 500"])
            inbox.status = 200
            assert safercity(sandbox, "alerts", "send").lines[1:] == ["everybody\tjson\tsent"]
            assert safercity(sandbox, "alerts", "send").out == "Nothing to send.\n"


class TestWatch:
    """Cheap, and silent while a run is under way."""

    def test_while_a_run_is_under_way(self, safercity: Safercity, troubled: Sandbox) -> None:
        with warehouse.writer_lock(troubled.paths, "run"):
            ended = safercity(troubled, "alerts", "watch")
        assert (ended.code, ended.out) == (0, "A run is under way; it tells people itself.\n")

    def test_with_nothing_to_tell(self, safercity: Safercity, sandbox: Sandbox) -> None:
        sandbox.given = {"alerts": {"disk_nearly_full_percent": 100, "least_free_mb": 0}}
        sandbox.paths.make()
        warehouse.prepare(sandbox.settings, {})
        assert safercity(sandbox, "alerts", "watch").out == "Nothing to send.\n"


def test_a_scheduled_run_that_cannot_begin_is_told(safercity: Safercity, sandbox: Sandbox) -> None:
    sandbox.paths.make()
    warehouse.prepare(sandbox.settings, {})
    with listening(Inbox()) as inbox:
        sandbox.given = {"alerts": {"urls": [inbox.url]}}
        for _ in range(2):
            assert safercity(sandbox, "run").code == 2
        assert safercity(sandbox, "run", "--landing", str(sandbox.folder / "nowhere")).code == 2
    [posted] = inbox.posted
    assert [item["kind"] for item in posted["problems"]] == ["run_failed"]
    assert "there is no landing folder" in posted["message"]
