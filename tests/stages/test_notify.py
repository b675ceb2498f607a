"""The digest: what it says, and how it reads on each kind of channel."""

import json
import logging
import re
from dataclasses import replace
from datetime import datetime

import pytest

from flows import observations, outbox
from flows.digest import _COUNTED as COUNTED
from flows.digest import CARD, HTML, MARKDOWN, SLACK, TEXT, Digest, Style, digest, render
from flows.observations import OPERATOR, Failure, failed_run_of
from flows.outbox import Channel
from flows.problems import Observation, Problem, Telling, Told
from tests.faults.channels import Inbox, Postbox, Slack, Teams, listening, nobody_listens, reached_here

AT = datetime(2019, 8, 7, 12)

REJECTED = Observation(
    kind="rejected_file",
    source="police_uk_street",
    force="Kent Police",
    subject="2019-01-kent-street.csv",
    names=("2019-01-kent-street.csv",),
    severity="critical",
    owner="Steward",
    message="it is empty (zero bytes); supply it again",
    done="Nothing of these files was loaded; send them again, corrected.",
    look="safercity deliveries --state rejected",
)
QUARANTINED = Observation(
    kind="quarantined_rows",
    source="police_uk_street",
    force="Kent Police",
    subject="CRIME_ID_FORMAT",
    severity="critical",
    owner="Steward",
    message="Crime ID is not one.",
    done="These rows are kept out.",
    look="safercity status",
    files=2,
    rows=3,
)
WARNING = replace(
    QUARANTINED, kind="warning_rows", subject="COORDINATE_HALF", severity="warning", done="They were loaded."
)
UNMATCHED = Observation(
    kind="unmatched_file",
    subject="",
    names=("notes.txt",),
    files=1,
    severity="info",
    owner=OPERATOR,
    message="no contract matches it",
    done="Left alone.",
    look="safercity sources",
    lasting=False,
)
FAILED = failed_run_of(Failure("transform", "the build did not pass its audit: sums_hold"))

SPITEFUL = "<!channel> <@U1> <at>all</at> @everyone *a* _b_ `c` |d| [e](http://f)\n# g \u202e<script>&amp;"


def telling(observed: Observation, told: Told = "opened") -> Telling:
    return Telling(told, Problem(observed, opened_at=AT))


def made(*observed: Observation, told: Told = "opened", published: str | None = None) -> Digest:
    return digest([telling(item, told) for item in observed], "a run", published)


class TestWhatItSays:
    """One digest of all there is to tell, by cause."""

    def test_serious_things_come_first_and_each_says_who_acts_and_how_to_look_further(self) -> None:
        content = digest(
            [telling(item) for item in (WARNING, UNMATCHED, QUARANTINED, REJECTED, FAILED)]
            + [telling(replace(QUARANTINED, subject="KEY_REPEATED"), "recovered")],
            "a run",
            "20190807T101112Z-0000",
        )
        assert content.title == (
            "Safer City, critical: the build failed, 1 file rejected, 1 rule quarantined rows, 1 warning,"
            " 1 file without a contract, 1 recovered"
        )
        assert (
            render(content, TEXT, 10_000)
            == """\
ACT NOW

What was published before stands. When the cause is mended, run again: nothing is lost.
  * The build of the release failed: the build did not pass its audit: sums_hold. Owner: Warehouse operator.
Look further: safercity status

YOUR DATA NEEDS CORRECTING

Nothing of these files was loaded; send them again, corrected.
  * 2019-01-kent-street.csv (police_uk_street, Kent Police): it is empty (zero bytes); supply it again. Owner: Steward.
Look further: safercity deliveries --state rejected

These rows are kept out.
  * CRIME_ID_FORMAT (police_uk_street, Kent Police): Crime ID is not one. 3 rows in 2 files. Owner: Steward.
Look further: safercity status

FOR INFORMATION

They were loaded.
  * COORDINATE_HALF (police_uk_street, Kent Police): Crime ID is not one. 3 rows in 2 files. Owner: Steward.
Look further: safercity status

Left alone.
  * notes.txt: no contract matches it. Owner: Warehouse operator.
Look further: safercity sources

RECOVERED

  * KEY_REPEATED (police_uk_street, Kent Police): Crime ID is not one. Solved; open since 7 August 2019.

Published: release 20190807T101112Z-0000."""
        )

    def test_one_cause_is_one_entry_whatever_the_forces(self) -> None:
        content = made(QUARANTINED, replace(QUARANTINED, force="Essex Police", rows=4), replace(QUARANTINED, rows=10))
        [entry] = content.entries
        assert (entry.forces, entry.rows, entry.files) == (["Essex Police", "Kent Police"], 17, 6)

    @pytest.mark.parametrize(
        ("told", "says"),
        [
            ("opened", "3 rows in 2 files. Owner: Steward."),
            ("changed", "Worse: CRIME_ID_FORMAT"),
            ("still open", "Still open since 7 August 2019."),
            ("escalated", "Unsolved since 7 August 2019."),
            ("recovered", "Solved; open since 7 August 2019."),
        ],
    )
    def test_it_says_why_now(self, told: Told, says: str) -> None:
        assert says in render(made(QUARANTINED, told=told), TEXT, 10_000)

    def test_what_has_grown_too_old_is_to_be_acted_on_now(self) -> None:
        assert made(QUARANTINED, told="escalated").entries[0].section == "Act now"

    @pytest.mark.parametrize(
        ("observed", "told", "severity"),
        [(QUARANTINED, "opened", "critical"), (WARNING, "opened", "warning"), (QUARANTINED, "recovered", "info")],
    )
    def test_it_is_as_serious_as_the_worst_of_it(self, observed: Observation, told: Told, severity: str) -> None:
        assert made(observed, told=told).severity == severity

    def test_every_kind_that_is_observed_has_words(self) -> None:
        assert {kind for kinds, _ in observations.COLLECTORS for kind in kinds} <= set(COUNTED)

    def test_the_outbox_keeps_all_of_it(self) -> None:
        content = made(QUARANTINED, REJECTED, published="a release")
        assert Digest.from_json(content.as_json()) == content


class TestItsLength:
    """A channel takes so much and no more."""

    MANY = made(*(replace(QUARANTINED, subject=f"RULE_{number}", rows=1000 - number) for number in range(300)))

    @pytest.mark.parametrize(
        "style",
        [TEXT, HTML, MARKDOWN, SLACK, CARD],
        ids=["text", "html", "markdown", "slack", "card"],
    )
    @pytest.mark.parametrize("limit", [140, 700, 2_900, 12_000, 200_000])
    def test_it_is_cut_between_entries_and_says_how_many_are_left(self, style: Style, limit: int) -> None:
        text = render(self.MANY, style, limit)
        assert len(text) <= limit
        shown = len(re.findall(r"RULE\S*?\d+", text))
        left = re.search(r"And (\d+) more: .*safercity alerts list", text)
        assert shown + (int(left[1]) if left else 0) == 300
        assert (left is None) == (limit == 200_000)

    def test_the_worst_stay(self) -> None:
        text = render(self.MANY, TEXT, 700)
        assert "RULE_0 " in text
        assert "RULE_299" not in text


class TestMarkup:
    """What a channel would take for markup or a mention in a name is shown as it is."""

    CONTENT = made(replace(REJECTED, names=(SPITEFUL,), message=SPITEFUL, force=SPITEFUL, owner=SPITEFUL))

    @pytest.mark.parametrize(
        ("style", "never"),
        [
            (TEXT, r"\n# g|\u202e"),
            (HTML, r"<(?!/?(h3|p|ul|li|span)\b)|&amp;(?!amp;)(?=\s|$)"),
            (SLACK, r"<|@\w|(?<!\u200b)\*a|\u202e"),
            (CARD, r"<|(?<!\\)\*a|(?<!\\)\[e|@\w"),
        ],
        ids=["text", "html", "slack", "card"],
    )
    def test_nothing_of_it_is_followed(self, style: Style, never: str) -> None:
        text = render(self.CONTENT, style, 100_000)
        if style is SLACK:
            text = re.sub(r"`([^`<]*)`", "code", text)  # in which nothing but what is in angle brackets means anything
        assert re.search(never, text) is None

    def test_in_markdown_names_are_code_and_words_are_escaped(self) -> None:
        text = render(self.CONTENT, MARKDOWN, 100_000)
        outside = re.sub(r"`[^`]*`", "", text)
        assert re.search(r"(?<!\\)(?<!\*)[*](?!\*)a|(?<!\\)[<\[]|@\w", outside) is None


class TestEachChannel:
    """What is really sent."""

    CONTENT = made(QUARANTINED, replace(REJECTED, names=(SPITEFUL,)), UNMATCHED, published="a release")

    def send(self, server: Inbox | Postbox, content: Digest = CONTENT) -> None:
        sent = outbox.try_out(Channel("everybody", server.url), content)
        assert sent.error is None

    def test_a_program_gets_fields(self) -> None:
        with listening(Inbox()) as inbox:
            self.send(inbox)
        [posted], [headers] = inbox.posted, inbox.headers
        assert posted["title"] == self.CONTENT.title
        assert posted["message"] == render(self.CONTENT, TEXT, 10_000)
        assert posted["id"] == headers["Idempotency-Key"]
        assert re.fullmatch("[0-9a-f]{16}", posted["id"])
        assert (posted["severity"], posted["counts"], posted["run_id"]) == ("critical", {"opened": 3}, "a run")
        assert posted["published"] == "a release"
        assert [(item["kind"], item["rows"], item["look"]) for item in posted["problems"]] == [
            ("rejected_file", None, "safercity deliveries --state rejected"),
            ("quarantined_rows", 3, "safercity status"),
            ("unmatched_file", None, "safercity sources"),
        ]

    def test_slack_gets_blocks(self) -> None:
        with listening(Slack()) as slack, reached_here(slack):
            self.send(slack)
        [posted] = slack.posted
        header, section = posted["attachments"][0]["blocks"]
        assert header["text"] == {"type": "plain_text", "text": self.CONTENT.title, "emoji": True}
        assert section["text"]["type"] == "mrkdwn"
        assert section["text"]["text"] == render(self.CONTENT, SLACK, 2_900)
        assert "*Your data needs correcting*" in section["text"]["text"]
        assert "icon_url" not in posted

    def test_slack_takes_a_long_one(self) -> None:
        with listening(Slack()) as slack, reached_here(slack):
            self.send(slack, replace(TestItsLength.MANY, title="Safer City: " + "very " * 40))
        assert "more: `safercity alerts list`" in slack.posted[0]["attachments"][0]["blocks"][1]["text"]["text"]

    @pytest.mark.parametrize("content", [CONTENT, TestItsLength.MANY], ids=["short", "long"])
    def test_teams_gets_a_card_that_wraps(self, content: Digest) -> None:
        with listening(Teams(202)) as teams, reached_here(teams):
            self.send(teams, content)
        [block] = teams.posted[0]["attachments"][0]["content"]["body"]
        assert block["wrap"] is True
        assert block["text"].startswith(f"**{content.title}**\n\n**Your data needs correcting**\n\n")
        assert "entities" not in teams.posted[0]["attachments"][0]["content"]["msteams"]

    def test_a_mailbox_gets_it_formatted_and_plain(self) -> None:
        with listening(Postbox()) as postbox:
            self.send(postbox)
        [mail], texts = postbox.mails, postbox.texts()
        assert (mail["Subject"], mail["To"]) == (self.CONTENT.title, "duty@example.org")
        assert re.fullmatch("[0-9a-f]{16}", mail["X-Safer-City-Alert"])
        assert texts["text/html"].split() == render(self.CONTENT, HTML, 100_000).split()
        assert (
            "- CRIME_ID_FORMAT (police_uk_street, Kent Police): Crime ID is not one. 3 rows in 2 files. Owner: Steward."
        ) in texts["text/plain"].splitlines()
        assert "<script>" in texts["text/plain"]

    def test_what_its_owner_adds_to_the_address_is_sent_too(self) -> None:
        with listening(Inbox()) as inbox:
            url = inbox.url + "?:team=crime&+X-Key=k"
            assert outbox.try_out(Channel("everybody", url), self.CONTENT).error is None
        assert inbox.posted[0]["team"] == "crime"
        assert inbox.headers[0]["X-Key"] == "k"


class TestWhyNot:
    """Why a channel did not take a message, in words that hold nothing of its address."""

    def error(self, url: str) -> str | None:
        return outbox.try_out(Channel("everybody", url), made(WARNING)).error

    def test_in_our_own_words(self) -> None:
        with listening(Inbox(500)) as broken:
            assert self.error(broken.url) == "the channel answered 500"
        assert self.error(nobody_listens()) == "the channel cannot be reached"
        assert self.error("nonsense://SECRET") == "its address cannot be read"
        assert self.error("SECRET") == "its address cannot be read"

    def test_what_an_address_holds_stays_in_the_settings(
        self, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
    ) -> None:
        caplog.set_level(logging.DEBUG)
        url = nobody_listens().replace("json://", "json://user:SECRET@") + "TOKEN"
        told = [self.error(url), self.error("SECRET"), Channel("everybody", url).mark, Channel("x", url).scheme]
        heard = [record.getMessage() for record in caplog.records]
        said = json.dumps([told, heard, capfd.readouterr()])
        assert "SECRET" not in said
        assert "TOKEN" not in said


def test_what_is_observed_has_no_line_of_its_own_to_hide_in() -> None:
    """A name with line ends cannot pretend to be another entry."""
    assert len(render(made(replace(REJECTED, names=("a\n\nACT NOW\u2028b",))), TEXT, 1000).splitlines()) == 5
