"""Notify: one digest per run to the people who act on bad data, only when something failed.

A digest holds files, rules and counts; never a value, a free text or a line of data. A channel that is down never
fails the run. Every digest is also a row in the ledger.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass

from flows import clock, warehouse
from flows.settings import Settings


@dataclass(frozen=True)
class Rejection:
    """A file of which nothing was loaded, and why."""

    source: str
    file_name: str
    reason: str


@dataclass(frozen=True)
class Failure:
    """A rule that rows broke: `rows` in `files` files; `quarantined` says whether they were kept out."""

    source: str
    code: str
    message: str
    owner: str
    files: int
    rows: int
    quarantined: bool


@dataclass(frozen=True)
class Digest:
    """What a run has to tell people. `title` is one line, `body` plain text."""

    title: str
    body: str


@dataclass(frozen=True)
class Delivered:
    """What became of a digest on one channel; `channel` is the scheme of its URL, which holds secrets otherwise."""

    channel: str
    state: str


def digest(
    rejections: Sequence[Rejection],
    failures: Sequence[Failure],
    unmatched: Sequence[str],
    release_id: str | None,
    run_failed: str | None = None,
) -> Digest | None:
    """The digest of a run, or None when nothing failed. Serious things first.

    `run_failed` is why the run itself ended without a release, in the words of its error.
    """
    quarantined = [failure for failure in failures if failure.quarantined]
    warnings = [failure for failure in failures if not failure.quarantined]
    if not (rejections or failures or unmatched or run_failed):
        return None
    counted = [
        "the run failed" if run_failed else "",
        _counted(len(rejections), "file rejected", "files rejected"),
        _counted(len(quarantined), "rule quarantined rows", "rules quarantined rows"),
        _counted(len(warnings), "warning", "warnings"),
        _counted(len(unmatched), "file without a contract", "files without a contract"),
    ]
    lines: list[str] = []
    if run_failed:
        lines += [f"THE RUN FAILED: {run_failed}.", "  When its cause is mended, run again: nothing is lost.", ""]
    if rejections:
        lines += ["REJECTED FILES: nothing of them was loaded; the owner must send them again, corrected."]
        lines += [f"  {item.file_name} ({item.source}): {item.reason}." for item in rejections]
        lines += ["  Look further: safercity deliveries --state rejected", ""]
    if quarantined:
        lines += ["QUARANTINED ROWS: kept out of every mart until corrected; the rest of each file was loaded."]
        lines += [_failure(item) for item in quarantined]
        lines += [
            "  Look further: safercity sql \"from marts.data_quality where severity = 'critical' and rows_failed > 0\"",
            "",
        ]
    if warnings:
        lines += ["WARNINGS: the rows were loaded."]
        lines += [_failure(item) for item in warnings] + [""]
    if unmatched:
        lines += ["FILES WITHOUT A CONTRACT: left alone; named once."]
        lines += [f"  {name}" for name in unmatched[:20]]
        if len(unmatched) > 20:
            lines += [f"  and {len(unmatched) - 20} more"]
        lines += [""]
    lines += [f"Published: release {release_id}." if release_id else "Nothing was published by this run."]
    return Digest("Safer City: " + ", ".join(filter(None, counted)), "\n".join(lines))


def notify(settings: Settings, message: Digest, run_id: str) -> list[Delivered]:
    """Send a digest to every channel in the settings, and write it to the ledger."""
    delivered = [Delivered(scheme(url), _send(url, message)) for url in settings.alerts.urls]
    with warehouse.connect(settings) as connection:
        for item in delivered or [Delivered("none", "no channel")]:
            connection.execute(
                "insert into ledger.alerts values (?, ?, ?, ?, ?, ?)",
                [
                    run_id,
                    clock.now(),
                    item.channel,
                    message.title,
                    message.body,
                    item.state,
                ],
            )
    return delivered


def scheme(url: str) -> str:
    """The scheme of an address; the rest of it may be secret, and so may an address without one."""
    found = re.match(r"[a-z][a-z0-9+.-]*(?=:)", url, re.IGNORECASE)
    return found[0].lower() if found else "unknown"


def _send(url: str, message: Digest) -> str:
    import apprise

    # It would quote the address in what it logs; what became of the message stands in the ledger.
    logging.getLogger("apprise").setLevel(logging.CRITICAL + 1)
    channel = apprise.Apprise()
    if not channel.add(url):
        return "failed"
    return (
        "sent"
        if channel.notify(title=message.title, body=message.body, body_format=apprise.NotifyFormat.TEXT)
        else "failed"
    )


def _counted(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}" if number else ""


def _failure(item: Failure) -> str:
    rows = _counted(item.rows, "row", "rows")
    files = _counted(item.files, "file", "files")
    return f"  {item.code} ({item.source}): {item.message}. {rows} in {files}. Owner: {item.owner}."
