"""A digest: what is to be told, as a message that each kind of channel can show.

Built once, by cause, and kept as it is; each channel's own text is made of it. Everything in it is made of names, rule
messages and counts; what a channel would take for markup or a mention in them is made harmless.
"""

from __future__ import annotations

import html
import json
import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from itertools import groupby
from typing import Any

from flows import clock
from flows.contracts import Severity
from flows.observations import OPERATION
from flows.problems import SERIOUSNESS, Telling, Told

SECTIONS = ("Act now", "Your data needs correcting", "For information", "Recovered")

LIST_COMMAND = "safercity alerts list"

_COUNTED: dict[str, tuple[str, str]] = {
    "run_failed": ("the run failed", "the run failed"),
    "build_failed": ("the build failed", "the build failed"),
    "publish_failed": ("the release could not be published", "the release could not be published"),
    "run_killed": ("a run was ended from outside", "a run was ended from outside"),
    "run_overdue": ("a run is overdue", "a run is overdue"),
    "disk_nearly_full": ("the disk is nearly full", "the disk is nearly full"),
    "fetch_failed": ("open data could not be fetched", "open data could not be fetched"),
    "report_missing": ("the monthly report is missing", "the monthly report is missing"),
    "rejected_file": ("{} file rejected", "{} files rejected"),
    "quarantined_rows": ("{} rule quarantined rows", "{} rules quarantined rows"),
    "file_rule": ("{} unusual delivery", "{} unusual deliveries"),
    "drift": ("{} change of layout", "{} changes of layout"),
    "freshness": ("{} delivery is late", "{} deliveries are late"),
    "warning_rows": ("{} warning", "{} warnings"),
    "unmatched_file": ("{} file without a contract", "{} files without a contract"),
}
"""Kind → what a title says of it, once and many times, serious things first."""


@dataclass(frozen=True)
class Entry:
    """One cause. `since` is a London day, ISO 8601; `rows` and `files` are None where nothing is counted."""

    told: Told
    kind: str
    problem_ids: list[str]
    severity: Severity
    subject: str
    names: list[str]
    source: str | None
    forces: list[str]
    message: str
    files: int | None
    rows: int | None
    owner: str
    since: str
    done: str
    look: str

    @property
    def section(self) -> str:
        """The heading that it stands under."""
        if self.told == "recovered":
            return "Recovered"
        if self.told == "escalated" or (self.kind in OPERATION and self.severity == "critical"):
            return "Act now"
        return "Your data needs correcting" if self.severity == "critical" else "For information"


@dataclass(frozen=True)
class Digest:
    """What is told at once. `entries` stand in the order of their sections, serious ones first."""

    title: str
    severity: Severity
    run_id: str
    entries: list[Entry]
    published: str | None = None

    def as_json(self) -> str:
        """As the outbox keeps it."""
        return json.dumps(asdict(self), ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> Digest:
        """As the outbox kept it."""
        content = json.loads(text)
        return cls(**content | {"entries": [Entry(**entry) for entry in content["entries"]]})

    def payload(self, alert_id: str) -> dict[str, Any]:
        """What a program gets: the same facts as fields."""
        counts: dict[str, int] = {}
        for entry in self.entries:
            counts[entry.told] = counts.get(entry.told, 0) + 1
        return {
            "id": alert_id,
            "run_id": self.run_id,
            "severity": self.severity,
            "counts": counts,
            "published": self.published,
            "problems": [asdict(entry) | {"section": entry.section} for entry in self.entries],
        }


def digest(tellings: Sequence[Telling], run_id: str, published: str | None = None) -> Digest:
    """The digest of what is to be told; a cause that met several forces or files of a source is one entry."""
    by_cause: dict[tuple[Any, ...], Entry] = {}
    for telling in tellings:
        entry = _entry(telling)
        names = (entry.subject, tuple(entry.names))
        cause = (entry.told, entry.kind, *names, entry.source, entry.severity, entry.message, entry.owner, entry.done)
        known = by_cause.get(cause)
        by_cause[cause] = _together(known, entry) if known else entry
    entries = sorted(
        by_cause.values(),
        key=lambda entry: (
            SECTIONS.index(entry.section),
            -SERIOUSNESS[entry.severity],
            list(_COUNTED).index(entry.kind),
            entry.done,
            -(entry.rows or 0),
            entry.source or "",
            entry.subject,
        ),
    )
    severities: list[Severity] = ["info" if entry.told == "recovered" else entry.severity for entry in entries]
    severity = max(severities, key=lambda severity: SERIOUSNESS[severity])
    return Digest(_title(entries, severity), severity, run_id, entries, published)


def _entry(telling: Telling) -> Entry:
    observed = telling.problem.observation
    return Entry(
        told=telling.told,
        kind=observed.kind,
        problem_ids=[observed.problem_id],
        severity=observed.severity,
        subject=observed.subject,
        names=list(observed.names),
        source=observed.source,
        forces=[observed.force] if observed.force else [],
        message=observed.message.rstrip("."),
        files=observed.files,
        rows=observed.rows,
        owner=observed.owner,
        since=clock.london(telling.problem.since).date().isoformat(),
        done=observed.done,
        look=observed.look,
    )


def _together(one: Entry, other: Entry) -> Entry:
    return replace(
        one,
        problem_ids=[*one.problem_ids, *other.problem_ids],
        forces=sorted({*one.forces, *other.forces}),
        files=None if one.files is None or other.files is None else one.files + other.files,
        rows=None if one.rows is None or other.rows is None else one.rows + other.rows,
    )


def _title(entries: Sequence[Entry], severity: Severity) -> str:
    counts: dict[str, int] = {}
    for entry in entries:
        if entry.told != "recovered":
            counts[entry.kind] = counts.get(entry.kind, 0) + (entry.files or 1 if entry.kind == "unmatched_file" else 1)
    said = [_COUNTED[kind][counts[kind] > 1].format(counts[kind]) for kind in _COUNTED if kind in counts]
    recovered = sum(entry.told == "recovered" for entry in entries)
    said += [f"{recovered} recovered"] if recovered else []
    return f"Safer City{', critical' if severity == 'critical' else ''}: {', '.join(said)}"


@dataclass(frozen=True)
class Style:
    """How a kind of channel writes: plain words, names as they are, a heading, a paragraph, a list, a command."""

    words: Callable[[str], str]
    name: Callable[[str], str]
    heading: Callable[[str], str]
    paragraph: Callable[[str], str]
    items: Callable[[Sequence[str]], str]
    between: str = "\n"


def render(content: Digest, style: Style, limit: int) -> str:
    """The digest in a style, in at most `limit` characters; what does not fit is counted.

    The most serious entries stay.
    """
    fits, total = 0, len(content.entries)
    low, high = 0, total
    while low <= high:
        tried = (low + high) // 2
        if len(_whole(content, style, tried)) <= limit:
            fits, low = tried, tried + 1
        else:
            high = tried - 1
    return _whole(content, style, fits)[:limit]


def _whole(content: Digest, style: Style, shown: int) -> str:
    parts: list[str] = []
    for section, of_section in groupby(content.entries[:shown], key=lambda entry: entry.section):
        parts.append(style.heading(section))
        for (done, look), of_block in groupby(of_section, key=lambda entry: (entry.done, entry.look)):
            items = style.items([_said(entry, style) for entry in of_block])
            further = style.paragraph(f"Look further: {style.name(look)}")
            block = [items] if section == "Recovered" else [style.paragraph(style.words(done)), items, further]
            parts.append(style.between.join(block))
    if left := len(content.entries) - shown:
        parts.append(style.paragraph(f"And {left} more: {style.name(LIST_COMMAND)}"))
    if content.published:
        parts.append(style.paragraph(f"Published: release {style.name(content.published)}."))
    return "\n\n".join(parts)


def _said(entry: Entry, style: Style) -> str:
    names = ", ".join(style.name(name) for name in entry.names or [entry.subject] if name)
    place = ", ".join([*([style.name(entry.source)] if entry.source else []), *map(style.words, entry.forces)])
    subject = f"{names} ({place})" if names and place else names or place
    message, since = f"{style.words(entry.message)}.", f"{date.fromisoformat(entry.since):%-d %B %Y}"
    text = f"{subject}: {message}" if subject else message[:1].upper() + message[1:]
    if entry.told == "recovered":
        return f"{text} Solved; open since {since}."
    if entry.rows is not None:
        text += f" {_counted(entry.rows, 'row')} in {_counted(entry.files or 0, 'file')}."
    if entry.told == "changed":
        text = f"Worse: {text}"
    elif entry.told == "still open":
        text += f" Still open since {since}."
    elif entry.told == "escalated":
        text += f" Unsolved since {since}."
    return f"{text} Owner: {style.words(entry.owner)}."


def _counted(number: int, one: str) -> str:
    return f"{number:,} {one if number == 1 else one + 's'}"


def one_line(text: str) -> str:
    """A text without line ends, control characters, and marks that turn the direction of writing."""
    plain = "".join(" " if unicodedata.category(sign).startswith(("C", "Z")) else sign for sign in text)
    return " ".join(plain.split())


UNMENTIONED = "@\u200b"
"""An @ that calls nobody: what follows is not joined to it."""


def _no_mention(text: str) -> str:
    return text.replace("@", UNMENTIONED)


def _in_code(text: str) -> str:
    return "`" + one_line(text).replace("`", "ˋ") + "`"


def _html(text: str) -> str:
    return html.escape(one_line(text), quote=False)


def _slack(text: str) -> str:
    """Words for Slack, which escapes no marks but these three: the others, at the edge of a word, get a neighbour."""
    return _no_mention(
        re.sub(r"((?<!\w)[*_~`]|[*_~`](?!\w))", "\u200b\\1\u200b", html.escape(one_line(text), quote=False))
    )


def _slack_name(text: str) -> str:
    return html.escape(_in_code(text), quote=False)


def _markdown(text: str) -> str:
    return _no_mention(re.sub(r"([\\`*_{}\[\]()#+|~<>!-])", r"\\\1", one_line(text)))


def _card(text: str) -> str:
    """Words for a card in Teams: its Markdown has no code, and an angle bracket may begin a mention."""
    shown = one_line(text).replace("<", "‹").replace(">", "›")
    return _no_mention(re.sub(r"([\\`*_\[\]()#~])", r"\\\1", shown))


TEXT = Style(
    words=one_line,
    name=one_line,
    heading=str.upper,
    paragraph=lambda text: text,
    items=lambda texts: "\n".join(f"  * {text}" for text in texts),
)
HTML = Style(
    words=_html,
    # No <code>: where the plain text of a mail is made of this, it would stand on a line of its own.
    name=lambda text: f'<span style="font-family: monospace">{_html(text)}</span>',
    heading=lambda text: f"<h3>{text}</h3>",
    paragraph=lambda text: f"<p>{text}</p>",
    items=lambda texts: "<ul>" + "".join(f"<li>{text}</li>" for text in texts) + "</ul>",
)
MARKDOWN = Style(
    words=_markdown,
    name=_in_code,
    heading=lambda text: f"**{text}**",
    paragraph=lambda text: text,
    items=lambda texts: "\n".join(f"- {text}" for text in texts),
    between="\n\n",
)
SLACK = Style(
    words=_slack,
    name=_slack_name,
    heading=lambda text: f"*{text}*",
    paragraph=lambda text: text,
    items=lambda texts: "\n".join(f"• {text}" for text in texts),
)
CARD = Style(
    words=_card,
    name=_card,
    heading=lambda text: f"**{text}**",
    paragraph=lambda text: text,
    items=lambda texts: "\n".join(f"- {text}" for text in texts),
    between="\n\n",
)
