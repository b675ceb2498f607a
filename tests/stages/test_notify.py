"""The digest: what it says, and that it arrives, or fails to, without harm."""

import logging
from typing import Any

import pytest

from flows import warehouse
from flows.stages.notify import Delivered, Digest, Failure, Rejection, digest, notify
from tests.faults.channels import Inbox, Postbox, listening, nobody_listens
from tests.faults.sandbox import Sandbox
from tests.faults.street import row, rows, street

REJECTION = Rejection("police_uk_street", "2019-01-kent-street.csv", "it is empty (zero bytes); supply it again")
QUARANTINE = Failure("police_uk_street", "CRIME_ID_FORMAT", "Crime ID is not one", "Steward", 2, 3, quarantined=True)
WARNING = Failure("police_uk_street", "COORDINATE_HALF", "Half a coordinate", "Surveyor", 1, 1, quarantined=False)


class TestTheDigest:
    """What a digest says."""

    def test_there_is_none_when_nothing_failed(self) -> None:
        assert digest([], [], [], "20190807T101112Z-0000") is None

    def test_serious_things_come_first_and_each_says_who_acts_and_how_to_look_further(self) -> None:
        made = digest([REJECTION], [WARNING, QUARANTINE], ["notes.txt"], "20190807T101112Z-0000")
        assert made is not None
        assert made.title == (
            "Safer City: 1 file rejected, 1 rule quarantined rows, 1 warning, 1 file without a contract"
        )
        assert (
            made.body
            == """\
REJECTED FILES: nothing of them was loaded; the owner must send them again, corrected.
  2019-01-kent-street.csv (police_uk_street): it is empty (zero bytes); supply it again.
  Look further: safercity deliveries --state rejected

QUARANTINED ROWS: kept out of every mart until corrected; the rest of each file was loaded.
  CRIME_ID_FORMAT (police_uk_street): Crime ID is not one. 3 rows in 2 files. Owner: Steward.
  Look further: safercity sql "from marts.data_quality where severity = 'critical' and rows_failed > 0"

WARNINGS: the rows were loaded.
  COORDINATE_HALF (police_uk_street): Half a coordinate. 1 row in 1 file. Owner: Surveyor.

FILES WITHOUT A CONTRACT: left alone; named once.
  notes.txt

Published: release 20190807T101112Z-0000."""
        )

    @pytest.mark.parametrize(
        ("given", "title"),
        [
            (([REJECTION, REJECTION], [], []), "Safer City: 2 files rejected"),
            (([], [QUARANTINE, QUARANTINE], []), "Safer City: 2 rules quarantined rows"),
            (([], [WARNING, WARNING], []), "Safer City: 2 warnings"),
            (([], [], ["a", "b"]), "Safer City: 2 files without a contract"),
        ],
    )
    def test_only_what_there_is_is_spoken_of(self, given: tuple[Any, Any, Any], title: str) -> None:
        made = digest(*given, release_id=None)
        assert made is not None
        assert made.title == title
        assert made.body.count(":\n") + made.body.count(": ") > 0
        assert made.body.endswith("Nothing was published by this run.")
        headings = [line for line in made.body.splitlines() if line.split(":")[0].isupper()]
        assert len(headings) == 1

    def test_a_long_list_of_unknown_files_is_cut(self) -> None:
        made = digest([], [], [f"{number}.txt" for number in range(25)], None)
        assert made is not None
        assert "  19.txt\n  and 5 more\n" in made.body
        assert "20.txt" not in made.body


class TestDelivery:
    """How a digest reaches people."""

    MESSAGE = Digest("Safer City: 1 file rejected", "REJECTED FILES: é ‹5 characters› & <none>\n  one line\n  another")

    @pytest.fixture(autouse=True)
    def _ledger(self, sandbox: Sandbox) -> None:
        sandbox.paths.make()
        warehouse.prepare(sandbox.settings, {})

    def send(self, sandbox: Sandbox, *urls: str) -> list[Delivered]:
        sandbox.given = {"alerts": {"urls": list(urls)}}
        return notify(sandbox.settings, self.MESSAGE, "a run")

    def in_ledger(self, sandbox: Sandbox) -> list[tuple[Any, ...]]:
        return sandbox.warehouse("select run_id, channel, title, body, state from ledger.alerts order by rowid")

    def test_a_web_service_gets_it(self, sandbox: Sandbox) -> None:
        with listening(Inbox()) as inbox:
            assert self.send(sandbox, inbox.url) == [Delivered("json", "sent")]
        [posted] = inbox.posted
        assert (posted["title"], posted["message"]) == (self.MESSAGE.title, self.MESSAGE.body)
        assert self.in_ledger(sandbox) == [("a run", "json", self.MESSAGE.title, self.MESSAGE.body, "sent")]

    def test_a_mailbox_gets_it_line_by_line(self, sandbox: Sandbox) -> None:
        with listening(Postbox()) as postbox:
            assert self.send(sandbox, postbox.url) == [Delivered("mailto", "sent")]
        [mail] = postbox.mails
        assert (mail["Subject"], mail["To"]) == (self.MESSAGE.title, "duty@example.org")
        parts = {part.get_content_type(): part.get_payload(decode=True) for part in mail.walk()}
        texts = {kind: text.decode() for kind, text in parts.items() if isinstance(text, bytes)}
        assert texts["text/plain"].split() == self.MESSAGE.body.split()
        if html := texts.get("text/html"):
            # In HTML a line end is a space, and what stands in angle brackets is not shown.
            assert html.count("<br") >= 2
            assert "&lt;none&gt;" in html

    def test_a_channel_that_is_down_does_no_harm_to_the_others(self, sandbox: Sandbox) -> None:
        with listening(Inbox()) as inbox:
            delivered = self.send(sandbox, nobody_listens(), inbox.url)
        assert delivered == [Delivered("json", "failed"), Delivered("json", "sent")]
        assert len(inbox.posted) == 1
        assert [row[-1] for row in self.in_ledger(sandbox)] == ["failed", "sent"]

    def test_an_address_that_is_none_is_a_channel_that_is_down(self, sandbox: Sandbox) -> None:
        delivered = self.send(sandbox, "nonsense://somewhere", "no address at all")
        assert [item.state for item in delivered] == ["failed", "failed"]

    def test_what_an_address_holds_stays_in_the_settings(
        self, sandbox: Sandbox, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
    ) -> None:
        caplog.set_level(logging.DEBUG)
        url = nobody_listens().replace("json://", "json://user:SECRET@") + "TOKEN"
        self.send(sandbox, url, "SECRET")
        heard = [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]
        told = "\n".join([repr(sandbox.warehouse("from ledger.alerts")), *capfd.readouterr(), *heard])
        assert "SECRET" not in told
        assert "TOKEN" not in told

    def test_without_a_channel_it_stands_in_the_ledger(self, sandbox: Sandbox) -> None:
        assert self.send(sandbox) == []
        assert self.in_ledger(sandbox) == [("a run", "none", self.MESSAGE.title, self.MESSAGE.body, "no channel")]


class TestARunThatTells:
    """One digest per run, only when something failed."""

    def test_one_digest_of_all_that_failed_and_none_when_nothing_did(self, sandbox: Sandbox) -> None:
        with listening(Inbox()) as inbox:
            sandbox.given = {"alerts": {"urls": [inbox.url]}}
            sandbox.deliver(
                {
                    **street("2019-01", [*rows("2019-01", 3), row("2019-01", 9, Crime_type="Mopery")]),
                    "2019-02-kent-street.csv": b"",
                    "2019-03.zip": b"no archive",
                    "notes.txt": b"notes",
                }
            )
            sandbox.load()
            sandbox.load()
            sandbox.deliver(street("2019-04", rows("2019-04", 3)))
            sandbox.load()
        [posted] = inbox.posted
        assert posted["title"] == ("Safer City: 2 files rejected, 1 rule quarantined rows, 1 file without a contract")
        for told in (
            "2019-02-kent-street.csv",
            "2019-03.zip",
            "CRIME_TYPE_FROM_2013_05",
            "notes.txt",
            "1 row in 1 file",
        ):
            assert told in posted["message"]
        assert sandbox.warehouse("select count(*) from ledger.alerts") == [(1,)]

    def test_a_run_goes_through_when_no_channel_does(self, sandbox: Sandbox) -> None:
        sandbox.given = {"alerts": {"urls": [nobody_listens()]}}
        sandbox.deliver({"2019-02-kent-street.csv": b""})
        assert sandbox.load().exit_code == 3
        assert sandbox.warehouse("select channel, state from ledger.alerts") == [("json", "failed")]
        assert sandbox.warehouse("select state from ledger.runs") == [("done",)]
