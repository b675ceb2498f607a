"""People are told once: through crashes, channels that fail, quiet hours and days that go by."""

import os
import shutil
import signal
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any
from unittest.mock import Mock, patch

import pytest

from flows import clock, contracts, ledger, observations, outbox, pipeline, runs, warehouse
from flows.errors import InterruptedRunError, SaferCityError
from flows.observations import OPERATOR, Failure
from flows.operate import alerts as operate
from flows.problems import Observation
from flows.settings import Settings
from flows.stages import notify
from tests.faults.channels import Inbox, Postbox, Slack, Teams, listening, nobody_listens, reached_here
from tests.faults.children import children
from tests.faults.sandbox import Sandbox
from tests.faults.street import SAMPLE, row, rows, street
from tests.stages.test_notify import QUARANTINED, REJECTED, WARNING

STREET = "police_uk_street"


@dataclass
class Drill:
    """A warehouse in which things are observed as the test has it, at the time that it has."""

    sandbox: Sandbox
    monkeypatch: pytest.MonkeyPatch
    kinds: set[str] = field(default_factory=lambda: {"rejected_file", "quarantined_rows", "warning_rows"})

    def at(self, time: str) -> None:
        """Have the clock show this time in London."""
        clock._ahead.cache_clear()  # from here time goes on, also where it has been this time before
        self.monkeypatch.setenv("SAFERCITY_NOW", time)

    def use(self, **alerts: Any) -> None:
        """Use these settings of alerts."""
        self.sandbox.given = {"alerts": alerts}

    def tell(self, *observed: Observation, **given: Any) -> list[outbox.Sent]:
        """What a run does when this is wrong."""
        with patch.object(notify, "observe", lambda _look: (list(observed), self.kinds)):
            return notify.tell(self.sandbox.settings, {}, "a run", **given)

    def outbox(self, columns: str) -> list[tuple[Any, ...]]:
        """What is in the outbox, in the order in which it came."""
        return self.sandbox.warehouse(f"select {columns} from ledger.alerts order by created_at, rowid")


@pytest.fixture
def drill(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Drill:
    """A drill on an empty warehouse, at noon."""
    sandbox.paths.make()
    warehouse.prepare(sandbox.settings, {})
    made = Drill(sandbox, monkeypatch)
    made.at("2019-08-07T12:00")
    return made


@pytest.fixture
def inbox() -> Iterator[Inbox]:
    """A web service that is well."""
    with listening(Inbox()) as listens:
        yield listens


class TestTheOutbox:
    """Exactly one delivery for each message and channel, whatever the others do."""

    def test_each_channel_gets_it_once(self, drill: Drill) -> None:
        slack, teams, webhook, postbox = Slack(), Teams(202), Inbox(), Postbox()
        with listening(slack), listening(teams), listening(webhook), listening(postbox), reached_here(slack, teams):
            drill.use(urls=[slack.url, teams.url, webhook.url, postbox.url])
            for _ in range(3):
                drill.tell(QUARANTINED)
        assert [len(it.posted) for it in (slack, teams, webhook)] == [1, 1, 1]
        assert len(postbox.mails) == 1
        assert drill.outbox("channel, state, attempts") == [
            (kind, "sent", 1) for kind in ("slack", "workflows", "json", "mailto")
        ]

    def test_one_that_is_down_slow_or_broken_keeps_nothing_from_the_others(
        self, drill: Drill, inbox: Inbox, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(outbox, "CHANNEL_SECONDS", 0.3)
        with listening(Inbox(500)) as broken, listening(Inbox()) as slow:
            slow.hangs.clear()
            drill.use(urls=[nobody_listens(), slow.url, broken.url, inbox.url])
            began = time.monotonic()
            drill.tell(QUARANTINED)
            assert time.monotonic() - began < 6
            slow.hangs.set()
            assert drill.outbox("state, attempts, error") == [
                ("queued", 1, "the channel cannot be reached"),
                ("queued", 1, "the channel cannot be reached"),
                ("queued", 1, "the channel answered 500"),
                ("sent", 1, None),
            ]
            assert len(inbox.posted) == 1

    def test_a_channel_that_never_ends_is_left_behind(
        self, drill: Drill, inbox: Inbox, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A plugin that minds no time-out, or a name that nobody resolves."""
        goes_on = threading.Event()
        does = outbox.deliver

        def hang(url: str, *given: Any) -> str | None:
            return str(goes_on.wait(20)) if url.startswith("xml") else does(url, *given)

        monkeypatch.setattr(outbox, "CHANNEL_SECONDS", -0.5)
        monkeypatch.setattr(outbox, "deliver", hang)
        drill.use(urls=["xml://127.0.0.1/", inbox.url])
        drill.tell(QUARANTINED)
        goes_on.set()
        (slow, slow_error), (well, _) = drill.outbox("state, error")
        assert (slow, slow_error) == ("queued", outbox.TOO_SLOW)
        assert well in ("sent", "queued")

    def test_it_is_tried_again_more_and_more_seldom_under_the_same_id(self, drill: Drill, inbox: Inbox) -> None:
        inbox.status = 503
        drill.use(urls=[inbox.url])
        drill.tell(QUARANTINED)
        tries = {
            "12:00:30": 1,
            "12:01:10": 2,
            "12:05": 2,
            "12:06:30": 3,
            "12:20": 3,
            "12:22": 4,
            "13:15": 4,
            "13:23": 5,
        }
        for at, count in tries.items():
            drill.at(f"2019-08-07T{at}")
            outbox.send(drill.sandbox.settings)
            assert len(inbox.posted) == count, at
        inbox.status = 200
        drill.at("2019-08-07T14:30")
        outbox.send(drill.sandbox.settings)
        outbox.send(drill.sandbox.settings)
        assert len(inbox.posted) == 6
        assert len({posted["id"] for posted in inbox.posted}) == 1
        assert drill.outbox("state, attempts, error, next_attempt_at") == [("sent", 6, None, None)]

    def test_after_three_days_it_is_given_up(self, drill: Drill, inbox: Inbox) -> None:
        inbox.status = 503
        drill.use(urls=[inbox.url])
        drill.tell(QUARANTINED)
        drill.at("2019-08-10T11:30")
        outbox.send(drill.sandbox.settings)
        drill.at("2019-08-10T12:30")
        outbox.send(drill.sandbox.settings, at_once=True)
        assert drill.outbox("state, attempts, error") == [("given up", 3, "the channel answered 503")]
        assert [message.state for message in operate.list_messages(drill.sandbox.settings, limit=1)] == ["given up"]
        outbox.send(drill.sandbox.settings, at_once=True)
        assert len(inbox.posted) == 3

    def test_what_waits_for_a_channel_comes_in_order_and_stops_at_the_first_failure(
        self, drill: Drill, inbox: Inbox
    ) -> None:
        inbox.status = 500
        drill.use(urls=[inbox.url])
        drill.tell(QUARANTINED)
        drill.at("2019-08-07T12:00:10")
        drill.tell(QUARANTINED, WARNING)
        assert [posted["problems"][0]["kind"] for posted in inbox.posted] == ["quarantined_rows", "warning_rows"]
        inbox.posted.clear()
        drill.at("2019-08-07T12:30")
        outbox.send(drill.sandbox.settings)
        assert [posted["problems"][0]["kind"] for posted in inbox.posted] == ["quarantined_rows"]
        inbox.status = 200
        drill.at("2019-08-07T13:00")
        outbox.send(drill.sandbox.settings)
        kinds = [posted["problems"][0]["kind"] for posted in inbox.posted]
        assert kinds == ["quarantined_rows", "quarantined_rows", "warning_rows"]

    def test_a_channel_that_left_the_settings_gets_nothing_more(self, drill: Drill, inbox: Inbox) -> None:
        drill.use(urls=[nobody_listens()])
        drill.tell(QUARANTINED)
        drill.use(urls=[inbox.url])
        outbox.send(drill.sandbox.settings, at_once=True)
        assert drill.outbox("state, error") == [("given up", outbox.GONE)]
        assert inbox.posted == []

    def test_the_budget_holds_for_all_of_them(self, drill: Drill, inbox: Inbox) -> None:
        drill.use(urls=[inbox.url])
        with patch.object(outbox, "BUDGET_SECONDS", 0):
            drill.tell(QUARANTINED)
        assert drill.outbox("state, attempts") == [("queued", 0)]

    def test_the_ledger_holds_no_address(self, drill: Drill) -> None:
        drill.use(urls=["json://user:SECRET@127.0.0.1:9/TOKEN", "SECRET"], owners={"A": {"urls": ["mailto://SECRET"]}})
        drill.tell(replace(QUARANTINED, owner="A"))
        kept = repr(drill.sandbox.warehouse("from ledger.alerts"))
        assert "SECRET" not in kept
        assert "TOKEN" not in kept

    def test_without_a_channel_it_stands_in_the_ledger(self, drill: Drill) -> None:
        assert drill.tell(QUARANTINED) == []
        assert drill.outbox("channel, state, title") == [
            ("none", "no channel", "Safer City, critical: 1 rule quarantined rows")
        ]


class TestACrash:
    """The process dies; what it had to tell is told by the next."""

    def die(self, sandbox: Sandbox, function: str, *, after: bool = False) -> None:
        child = children().Process(target=_tell_and_die, args=(sandbox, function, after, os.environ[clock.VARIABLE]))
        child.start()
        child.join(60)
        assert child.exitcode == -signal.SIGKILL

    def test_before_anything_is_written(self, drill: Drill, inbox: Inbox) -> None:
        drill.use(urls=[inbox.url])
        self.die(drill.sandbox, "write")
        assert drill.outbox("state") == []
        drill.tell(QUARANTINED)
        assert len(inbox.posted) == 1

    def test_between_the_outbox_and_the_channel(self, drill: Drill, inbox: Inbox) -> None:
        drill.use(urls=[inbox.url])
        self.die(drill.sandbox, "write", after=True)
        assert (drill.outbox("state"), inbox.posted) == ([("queued",)], [])
        drill.at("2019-08-07T12:30")
        assert notify.is_anything_due(drill.sandbox.settings, {})
        drill.tell(QUARANTINED)
        assert (drill.outbox("state, attempts"), len(inbox.posted)) == ([("sent", 1)], 1)

    def test_while_the_channel_answers(self, drill: Drill, inbox: Inbox) -> None:
        """It may have arrived, and has: it comes again under the same id, and everybody can tell."""
        drill.use(urls=[inbox.url])
        self.die(drill.sandbox, "deliver", after=True)
        assert (drill.outbox("state, attempts"), len(inbox.posted)) == ([("sending", 1)], 1)
        assert [sent.error for sent in outbox.send(drill.sandbox.settings, at_once=True)] == [None]
        assert drill.outbox("state, attempts") == [("sent", 2)]
        assert inbox.posted[0] == inbox.posted[1]

    def test_within_the_transaction_leaves_neither_the_problem_nor_the_message(self, drill: Drill) -> None:
        drill.use(urls=[nobody_listens()])
        self.die(drill.sandbox, "put", after=True)
        assert drill.outbox("state") == []
        assert drill.sandbox.warehouse("from ledger.problems") == []


def _tell_and_die(sandbox: Sandbox, function: str, after: bool, time: str) -> None:
    os.environ[clock.VARIABLE] = time
    module: Any = notify if function == "write" else outbox
    does = getattr(module, function)

    def die(*given: Any, **named: Any) -> Any:
        if after:
            does(*given, **named)
        os.kill(os.getpid(), signal.SIGKILL)

    with patch.object(module, function, die), patch.object(notify, "observe", lambda _look: ([QUARANTINED], set())):
        notify.tell(sandbox.settings, {}, "a run")


class TestQuietHours:
    """Between ten and seven only what is critical rings."""

    def test_the_rest_comes_in_one_message_in_the_morning(self, drill: Drill, inbox: Inbox) -> None:
        drill.use(urls=[inbox.url], quiet_hours="22:00-07:00")
        drill.at("2019-08-07T23:00")
        drill.tell(WARNING)
        drill.tell(WARNING, QUARANTINED)
        assert [posted["severity"] for posted in inbox.posted] == ["critical"]
        drill.at("2019-08-08T06:59")
        drill.tell(WARNING, QUARANTINED)
        assert len(inbox.posted) == 1
        drill.at("2019-08-08T07:00")
        drill.tell(WARNING)
        told = [(item["kind"], item["told"]) for item in inbox.posted[1]["problems"]]
        assert (told, len(inbox.posted)) == ([("warning_rows", "opened"), ("quarantined_rows", "recovered")], 2)

    def test_nor_is_anything_tried_again_in_them(self, drill: Drill, inbox: Inbox) -> None:
        drill.use(urls=[inbox.url], quiet_hours="22:00-07:00")
        inbox.status = 500
        drill.at("2019-08-07T21:59")
        drill.tell(WARNING)
        inbox.status = 200
        drill.at("2019-08-08T01:00")
        assert not notify.is_anything_due(drill.sandbox.settings, {})
        assert outbox.send(drill.sandbox.settings) == []
        drill.at("2019-08-08T07:01")
        assert len(outbox.send(drill.sandbox.settings)) == 1

    @pytest.mark.parametrize(
        ("hours", "quiet"),
        [
            ("22:00-07:00", ["22:00", "00:00", "06:59"]),
            ("12:00-13:00", ["12:00", "12:59"]),
            (None, []),
        ],
    )
    def test_they_may_reach_over_midnight(self, hours: str | None, quiet: list[str]) -> None:
        from datetime import time as clock_time

        alerts = Settings(alerts={"quiet_hours": hours}).alerts  # pyright: ignore[reportArgumentType]
        times = ["00:00", "06:59", "07:00", "11:59", "12:00", "12:59", "13:00", "21:59", "22:00"]
        assert [at for at in times if alerts.is_quiet(clock_time.fromisoformat(at))] == sorted(quiet)


class TestWhoIsTold:
    """Everybody's channel gets everything, an owner's what is theirs, the last one what has grown too old."""

    MINE, YOURS = replace(QUARANTINED, owner="Registrar"), replace(REJECTED, owner="Steward")

    def test_two_owners_each_hear_of_what_is_theirs(self, drill: Drill, inbox: Inbox) -> None:
        with listening(Inbox()) as mine, listening(Inbox()) as yours, listening(Inbox()) as chief:
            drill.use(
                urls=[inbox.url],
                owners={"Registrar": {"urls": [mine.url]}, "Steward": {"urls": [yours.url]}},
                escalate_to=[chief.url],
                escalate_after_days=2,
            )
            drill.tell(self.MINE, self.YOURS)
            assert [len(box.posted) for box in (inbox, mine, yours, chief)] == [1, 1, 1, 0]
            assert [item["owner"] for item in inbox.posted[0]["problems"]] == ["Steward", "Registrar"]
            assert [item["owner"] for item in mine.posted[0]["problems"]] == ["Registrar"]
            assert [item["owner"] for item in yours.posted[0]["problems"]] == ["Steward"]
            drill.at("2019-08-09T12:00:05")
            drill.tell(self.MINE)
            assert [(item["told"], item["section"]) for item in chief.posted[0]["problems"]] == [
                ("escalated", "Act now")
            ]
            assert [item["told"] for item in yours.posted[1]["problems"]] == ["recovered"]
            drill.at("2019-08-10T12:00:05")
            drill.tell()
            assert [item["told"] for item in chief.posted[1]["problems"]] == ["recovered"]

    def test_an_address_of_two_recipients_gets_one_message(self, drill: Drill, inbox: Inbox) -> None:
        drill.use(owners={"Registrar": {"urls": [inbox.url]}, "Steward": {"urls": [inbox.url]}})
        drill.tell(self.MINE, self.YOURS)
        assert [len(posted["problems"]) for posted in inbox.posted] == [2]

    def test_what_concerns_nobody_who_has_a_channel_stands_in_the_ledger(self, drill: Drill, inbox: Inbox) -> None:
        drill.use(owners={"Registrar": {"urls": [inbox.url]}})
        drill.tell(self.MINE, self.YOURS)
        assert drill.outbox("recipient, state, title") == [
            ("Registrar", "sent", "Safer City, critical: 1 rule quarantined rows"),
            ("everybody", "no channel", "Safer City, critical: 1 file rejected"),
        ]

    def test_a_contract_may_have_its_own_patience(self, drill: Drill, inbox: Inbox) -> None:
        drill.use(urls=[inbox.url], escalate_after_days=9)
        street_contract = contracts.load_contracts()[STREET].model_copy(update={"escalate_after_days": 1})
        for at in ("07T12:00", "08T12:01"):
            drill.at(f"2019-08-{at}")
            with patch.object(notify, "observe", lambda _look: ([QUARANTINED], drill.kinds)):
                notify.tell(drill.sandbox.settings, {STREET: street_contract}, "a run")
        assert [posted["problems"][0]["told"] for posted in inbox.posted] == ["opened", "escalated"]


def load(sandbox: Sandbox, **files: Any) -> None:
    """Load street files: name → rows of a month and force."""
    sandbox.deliver({name: content for made in files.values() for name, content in made.items()})
    sandbox.load()


def bad(month: str, count: int, first: int = 100) -> list[dict[str, str]]:
    """Rows that a critical rule keeps out."""
    return [row(month, first + number, Crime_type="Mopery") for number in range(count)]


class TestWhatARunObserves:
    """The warehouse is looked at; what people hear is what has changed."""

    ELSEWHERE = ("file_rule", "drift", "freshness")
    """Kinds that tests of their own look at: they depend on histories and calendars that these have none of."""

    @pytest.fixture(autouse=True)
    def _channel(self, sandbox: Sandbox, inbox: Inbox, monkeypatch: pytest.MonkeyPatch) -> None:
        sandbox.given = {"alerts": {"urls": [inbox.url], "disk_nearly_full_percent": 100, "least_free_mb": 0}}
        here = [(kinds, look) for kinds, look in observations.COLLECTORS if not set(kinds) & set(self.ELSEWHERE)]
        monkeypatch.setattr(observations, "COLLECTORS", here)

    def heard(self, inbox: Inbox) -> list[tuple[Any, ...]]:
        """What the last message told; the inbox is emptied."""
        if not inbox.posted:
            return []
        [posted] = inbox.posted
        inbox.posted.clear()
        return [(item["told"], item["kind"], item["subject"], item["rows"]) for item in posted["problems"]]

    RULE = "CRIME_TYPE_FROM_2013_05"

    def test_one_digest_of_all_that_is_wrong_and_none_when_nothing_has_changed(
        self, sandbox: Sandbox, inbox: Inbox
    ) -> None:
        sandbox.deliver(
            {
                **street("2019-01", [*rows("2019-01", 3), *bad("2019-01", 1)]),
                "2019-02-kent-street.csv": b"",
                "2019-03.zip": b"no archive",
                "notes.txt": b"notes",
            }
        )
        sandbox.load()
        assert inbox.posted[0]["title"] == (
            "Safer City, critical: 2 files rejected, 1 rule quarantined rows, 1 file without a contract"
        )
        assert self.heard(inbox) == [
            ("opened", "rejected_file", "2019-02-kent-street.csv", None),
            ("opened", "rejected_file", "2019-03.zip", None),
            ("opened", "quarantined_rows", self.RULE, 1),
            ("opened", "unmatched_file", "", None),
        ]
        sandbox.load()
        assert self.heard(inbox) == []

    def test_a_rule_is_open_while_the_newest_delivery_breaks_it(self, sandbox: Sandbox, inbox: Inbox) -> None:
        load(sandbox, files=street("2019-01", [*rows("2019-01", 90), *bad("2019-01", 1)]))
        assert self.heard(inbox) == [("opened", "quarantined_rows", self.RULE, 1)]
        load(sandbox, files=street("2019-02", [*rows("2019-02", 90), *bad("2019-02", 2)]))
        assert self.heard(inbox) == []
        load(sandbox, files=street("2019-03", [*rows("2019-03", 90), *bad("2019-03", 3)]))
        assert self.heard(inbox) == [("changed", "quarantined_rows", self.RULE, 3)]
        load(sandbox, files=street("2019-04", rows("2019-04", 90)))
        assert self.heard(inbox) == [("recovered", "quarantined_rows", self.RULE, 3)]

    def test_a_backfill_is_told_once(self, sandbox: Sandbox, inbox: Inbox) -> None:
        load(sandbox, files=street("2019-06", rows("2019-06", 90)))
        load(sandbox, files=street("2019-01", [*rows("2019-01", 90), *bad("2019-01", 4)]))
        assert self.heard(inbox) == [("opened", "quarantined_rows", self.RULE, 4)]
        load(sandbox, files=street("2019-02", rows("2019-02", 90)))
        assert self.heard(inbox) == []

    def test_the_order_of_loading_does_not_change_what_is_open(self, sandbox: Sandbox, inbox: Inbox) -> None:
        batches = [
            street("2019-01", [*rows("2019-01", 90), *bad("2019-01", 4)]),
            street("2019-02", [*rows("2019-02", 90), *bad("2019-02", 7)]),
            street("2019-03", rows("2019-03", 90)),
            street("2019-01", [*rows("2019-01", 90, SAMPLE), row("2019-01", 170, SAMPLE, Crime_type="Mopery")], SAMPLE),
        ]
        open_now = []
        for order in (batches, batches[::-1]):
            for batch in order:
                load(sandbox, files=batch)
            open_now.append([item.problem.observation for item in operate.list_problems(sandbox.settings, ended=False)])
            shutil.rmtree(sandbox.data)
        assert open_now[0] == open_now[1]
        assert [(observed.force, observed.rows) for observed in open_now[0]] == [(SAMPLE, 1)]

    def test_a_rejected_file_is_open_until_one_that_is_not_older_is_accepted(
        self, sandbox: Sandbox, inbox: Inbox
    ) -> None:
        name = "2019-02/2019-02-city-of-london-street.csv"
        too_bad = [*rows("2019-02", 20), *bad("2019-02", 30)]
        sandbox.deliver(street("2019-02", too_bad))
        sandbox.load()
        [(told, kind, subject, _)] = self.heard(inbox)
        assert (told, kind, subject) == ("opened", "rejected_file", name.rpartition("/")[2])
        load(sandbox, files=street("2019-03", rows("2019-03", 20)))
        assert self.heard(inbox) == []
        load(sandbox, files=street("2019-02", rows("2019-02", 20)))
        assert [item[:2] for item in self.heard(inbox)] == [("recovered", "rejected_file")]

    def test_of_a_confidential_source_no_count_is_told(self, sandbox: Sandbox, inbox: Inbox) -> None:
        all_contracts = contracts.load_contracts()
        sandbox.contracts = all_contracts | {STREET: all_contracts[STREET].model_copy(update={"confidential": True})}
        sandbox.deliver(
            {
                **street("2019-01", [*rows("2019-01", 90), *bad("2019-01", 7)]),
                **street("2019-02", [*rows("2019-02", 3), *bad("2019-02", 37)], SAMPLE),
            }
        )
        sandbox.load()
        [posted] = inbox.posted
        for item in posted["problems"]:
            assert (item["rows"], item["files"]) == (None, None)
        assert {(item["kind"], item["message"]) for item in posted["problems"]} == {
            ("quarantined_rows", "rows were kept out"),
            ("rejected_file", "it was rejected (TOO_MANY_BAD_ROWS)"),
        }
        assert self.RULE not in repr(posted)

    def test_what_a_run_had_found_before_it_failed_is_told_with_why(self, sandbox: Sandbox, inbox: Inbox) -> None:
        sandbox.deliver({"2019-02-kent-street.csv": b""})
        fails = Mock(side_effect=SaferCityError("the build did not pass its audit: sums_hold"))
        with patch.object(pipeline.transform, "transform", fails), pytest.raises(SaferCityError):
            sandbox.run()
        assert [item[:2] for item in self.heard(inbox)] == [("opened", "build_failed"), ("opened", "rejected_file")]
        with patch.object(pipeline.transform, "transform", fails), pytest.raises(SaferCityError):
            sandbox.run()
        assert self.heard(inbox) == []
        sandbox.load()
        assert [item[:2] for item in self.heard(inbox)] == [("recovered", "build_failed")]

    @pytest.mark.parametrize(
        ("error", "kind", "says"),
        [
            (SaferCityError("extract: no key"), "run_failed", "the run failed: extract: no key"),
            (ValueError("SECRET"), "run_failed", "a fault of the program (ValueError)"),
            (OSError(5, "Input/output error", "/landing"), "run_failed", "/landing: Input/output error"),
        ],
    )
    def test_whatever_ends_a_run_is_told(
        self, error: Exception, kind: str, says: str, sandbox: Sandbox, inbox: Inbox
    ) -> None:
        sandbox.deliver({})
        with patch.object(runs, "look", Mock(side_effect=error)), pytest.raises((SaferCityError, ValueError)):
            sandbox.run()
        [item] = inbox.posted[0]["problems"]
        assert item["kind"] == kind
        assert says in item["message"]
        assert "SECRET" not in repr(inbox.posted)

    def test_when_the_system_ends_a_run_nothing_is_waited_for(self, sandbox: Sandbox, inbox: Inbox) -> None:
        sandbox.deliver({})
        with (
            patch.object(runs, "look", Mock(side_effect=InterruptedRunError(143))),
            pytest.raises(InterruptedRunError),
        ):
            sandbox.run()
        assert inbox.posted == []
        assert sandbox.warehouse("select state from ledger.alerts") == [("queued",)]

    def test_a_run_goes_through_when_no_channel_does(self, sandbox: Sandbox) -> None:
        sandbox.given = {"alerts": {"urls": [nobody_listens()]}}
        sandbox.deliver({"2019-02-kent-street.csv": b""})
        assert sandbox.load().exit_code == 3
        assert sandbox.warehouse("select channel, state from ledger.alerts") == [("json", "queued")]
        assert sandbox.warehouse("select state from ledger.runs") == [("done",)]

    def test_when_the_ledger_takes_nothing_it_is_told_all_the_same(self, sandbox: Sandbox, inbox: Inbox) -> None:
        sandbox.paths.make()
        warehouse.prepare(sandbox.settings, {})
        full = Mock(side_effect=OSError(28, "No space left on device"))
        with patch.object(notify, "write", full):
            notify.tell_of_failure(sandbox.settings, "a run", Failure("", "the disk is full"))
        assert [item["message"] for item in inbox.posted[0]["problems"]] == ["the run failed: the disk is full"]
        assert sandbox.warehouse("from ledger.alerts") == []


class TestKeepingWatch:
    """What goes wrong without a run."""

    @pytest.fixture(autouse=True)
    def _settings(self, drill: Drill, inbox: Inbox) -> None:
        drill.use(urls=[inbox.url], run_every_hours=1, disk_nearly_full_percent=100, least_free_mb=0)

    def told(self, drill: Drill, inbox: Inbox) -> list[tuple[str, str]]:
        operate.watch(drill.sandbox.settings)
        found = [(item["told"], item["kind"]) for posted in inbox.posted for item in posted["problems"]]
        inbox.posted.clear()
        return found

    def start(self, drill: Drill, at: str, state: str) -> None:
        with warehouse.connect(drill.sandbox.settings) as connection:
            connection.execute(
                "insert into ledger.runs values (?, ?, null, 'run', '1', ?, null, true)", [at, at, state]
            )

    def test_a_run_that_did_not_start_is_told_once_and_that_one_did(self, drill: Drill, inbox: Inbox) -> None:
        self.start(drill, "2019-08-07 11:00", "done")
        drill.at("2019-08-07T13:09")  # London is an hour ahead of the ledger
        assert self.told(drill, inbox) == []
        drill.at("2019-08-07T13:11")
        assert self.told(drill, inbox) == [("opened", "run_overdue")]
        assert self.told(drill, inbox) == []
        with warehouse.connect(drill.sandbox.settings) as connection:
            ledger.note_look(connection, clock.now())
        assert self.told(drill, inbox) == [("recovered", "run_overdue")]

    def test_a_run_that_was_killed(self, drill: Drill, inbox: Inbox) -> None:
        self.start(drill, "2019-08-07 11:00", "running")
        assert self.told(drill, inbox) == [("opened", "run_killed")]
        self.start(drill, "2019-08-07 11:10", "done")
        assert self.told(drill, inbox) == [("recovered", "run_killed")]

    def test_the_last_run_is_the_one_that_began_last_whatever_the_clock_said(self, drill: Drill, inbox: Inbox) -> None:
        self.start(drill, "2019-08-07 11:00", "done")
        self.start(drill, "2019-08-07 10:10", "running")
        assert self.told(drill, inbox) == [("opened", "run_killed")]
        self.start(drill, "2019-08-07 10:20", "done")
        assert self.told(drill, inbox) == [("recovered", "run_killed")]

    def test_while_a_run_is_under_way_it_is_that_run_which_tells(self, drill: Drill) -> None:
        with (
            warehouse.writer_lock(drill.sandbox.paths, "run"),
            pytest.raises(warehouse.WarehouseBusyError),
        ):
            operate.watch(drill.sandbox.settings)

    def test_a_disk_that_fills_up_until_there_is_clearly_room_again(
        self, drill: Drill, inbox: Inbox, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        drill.use(urls=[inbox.url], disk_nearly_full_percent=90, least_free_mb=100)
        told = []
        for total, free in [(1000, 200), (1000, 99), (1000, 95), (1000, 110), (1000, 130), (200, 101), (200, 99)]:
            usage = shutil._ntuple_diskusage(total << 20, (total - free) << 20, free << 20)  # pyright: ignore[reportAttributeAccessIssue]
            monkeypatch.setattr(shutil, "disk_usage", lambda _path, usage=usage: usage)
            told.append([what for what, _ in self.told(drill, inbox)])
        assert told == [[], ["opened"], [], [], ["recovered"], [], ["opened"]]

    def test_a_monthly_report_that_did_not_come(self, drill: Drill, inbox: Inbox) -> None:
        reports = drill.sandbox.data / "reports/partnership"
        for name in ("2019-06-as-of-2019-07-07", "2019-07-as-of-2019-08-11"):
            (reports / name).mkdir(parents=True)
        (reports / "2019-06-as-of-2019-07-07/issue-1.json").touch()
        drill.at("2019-08-08T23:59")
        assert self.told(drill, inbox) == []
        drill.at("2019-08-09T00:01")
        assert self.told(drill, inbox) == [("opened", "report_missing")]
        (reports / "2019-07-as-of-2019-08-11/issue-1.json").touch()
        assert self.told(drill, inbox) == [("recovered", "report_missing")]

    def test_other_problems_are_left_as_they_are(self, drill: Drill, inbox: Inbox) -> None:
        with patch.object(notify, "observe", lambda _look: ([replace(QUARANTINED, kind="run_failed")], set())):
            notify.tell(drill.sandbox.settings, {}, "a run")
        inbox.posted.clear()
        assert self.told(drill, inbox) == []

    def test_it_costs_nothing_when_there_is_nothing(self, drill: Drill, inbox: Inbox) -> None:
        self.start(drill, "2019-08-07 10:59", "done")
        with patch.object(notify, "tell", Mock(side_effect=AssertionError)):
            assert self.told(drill, inbox) == []


def test_whoever_runs_with_nothing_to_do_sends_and_tells_what_is_due(
    published_copy: Sandbox, inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    sandbox = published_copy
    sandbox.given = {"alerts": {"urls": [inbox.url], "run_every_hours": 24, "disk_nearly_full_percent": 100}}
    assert sandbox.nothing_to_do()
    with sandbox.patched():
        runs.tell_what_is_due(sandbox.settings)
        assert inbox.posted == []
        monkeypatch.setenv("SAFERCITY_NOW", "2035-01-01T12:00")
        runs.tell_what_is_due(sandbox.settings)
        told = {item["told"] for posted in inbox.posted for item in posted["problems"]}
        assert told <= {"still open", "escalated"}
        assert told
        runs.tell_what_is_due(sandbox.settings)
    assert len(inbox.posted) == 1
    [(looked_at,)] = sandbox.warehouse("select looked_at from ledger.last_look")
    assert looked_at.year == 2035


def test_the_operator_is_an_owner_like_any_other(drill: Drill, inbox: Inbox) -> None:
    drill.use(owners={OPERATOR: {"urls": [inbox.url]}})
    notify.tell_of_failure(drill.sandbox.settings, "a run", Failure("publish", "the folder is gone"))
    [item] = inbox.posted[0]["problems"]
    assert (item["kind"], item["owner"]) == ("publish_failed", OPERATOR)
