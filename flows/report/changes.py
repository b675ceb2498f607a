"""The page that goes out with a release: what changed since the one before it, and why.

    data/reports/changes/<release>.html

It lies beside the releases and not in them, for a release never changes and its page may be written anew.
"""

from __future__ import annotations

from pathlib import Path

from flows import releases
from flows.operate.diff import Difference, diff
from flows.report.pages import put, templates
from flows.settings import Paths, Settings

SHOWN = 500
"""Figures, and deliveries, that the page shows; it says how many more there are, and the command that lists them."""


def page(paths: Paths, release_id: str) -> Path:
    """The page of a release."""
    return paths.data / "reports" / "changes" / f"{release_id}.html"


def write(settings: Settings, release_id: str) -> Path | None:
    """Write the page of a release, or nothing where no release is before it on disk. Pages without a release go."""
    on_disk = {release.release_id for release in releases.on_disk(settings.paths)}
    for old in page(settings.paths, release_id).parent.glob("*.html"):
        if old.stem not in on_disk:
            old.unlink()
    if releases.before(settings.paths, releases.named(settings.paths, release_id)) is None:
        return None
    target = page(settings.paths, release_id)
    put(target, render(diff(settings, new_id=release_id)))
    return target


def render(difference: Difference) -> str:
    """The page of a difference."""
    moved = [(table, *rows) for table, rows in difference.tables.items() if rows[0] != rows[1]]
    return templates().get_template("changes.html.j2").render(difference=difference, moved_tables=moved, shown=SHOWN)
