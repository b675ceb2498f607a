"""What all pages share: their templates, and how numbers, days and names stand on them."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined

from flows import clock
from flows.freshness import in_words


def templates() -> Environment:
    """The templates of the pages. What a value holds is never taken for markup."""
    environment = Environment(
        loader=PackageLoader("flows.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "day": lambda day: in_words(day) if day else "",
        "moment": moment,
        "count": lambda number: "withheld" if number is None else f"{number:,}",
        "figure": lambda number: "not published" if number is None else f"{number:,}",
        "words": words,
    }
    return environment


def moment(at: str) -> str:
    """A UTC time of a manifest as London wall time."""
    london = clock.london(datetime.fromisoformat(at))
    return f"{in_words(london.date())}, {london:%H:%M %Z}"


def words(name: str) -> str:
    """A name of the program's as people write it."""
    return name.replace("_", " ")


def put(path: Path, text: str) -> None:
    """Write a file; whoever reads it meanwhile sees the old one or the whole new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(f".{path.name}.new")
    new.write_text(text, encoding="utf-8")
    new.replace(path)
