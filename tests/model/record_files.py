"""Files of keyed records as a force's systems might write them: one content in many spellings.

Everything is chosen by a random generator, so that the same seed writes the same bytes.
"""

import csv
import gzip
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

LONDON = ZoneInfo("Europe/London")
NO_WARDS = ("Fenchurch Street", "Cheapside", "Mordor")
DAY = timedelta(days=1)

Text = dict[str, str]
"""One row as text: header -> value."""


@dataclass(frozen=True)
class Style:
    """How one file is written. `time_formats` are taken at random, row by row."""

    time_formats: tuple[str, ...]
    flags: tuple[str, str]
    encoding: str
    newline: str
    has_personal: bool
    is_shouted: bool
    is_shuffled: bool
    is_packed: bool


def some_style(rng: Random) -> Style:
    formats = ("%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S", "%d/%m/%Y %H:%M:%S", "offset", "utc")
    return Style(
        time_formats=formats if rng.random() < 0.3 else (rng.choice(formats),),
        flags=rng.choice((("Y", "N"), ("true", "false"), ("1", "0"), ("y", "n"), ("TRUE", "False"))),
        encoding=rng.choice(("utf-8", "utf-8", "utf-8-sig", "cp1252")),
        newline=rng.choice(("\n", "\r\n")),
        has_personal=rng.random() < 0.5,
        is_shouted=rng.random() < 0.2,
        is_shuffled=rng.random() < 0.2,
        is_packed=rng.random() < 0.1,
    )


def as_text(values: Mapping[str, object], style: Style, rng: Random) -> Text:
    """The values of one record as a row of a file; what is not known is blank, or now and then a ward that is none."""
    text = {name: "" if value is None else spelled(value, style, rng) for name, value in values.items()}
    if "ward" not in text:
        return text
    if values["ward"] is None and rng.random() < 0.1:
        text["ward"] = rng.choice(NO_WARDS)
    elif values["ward"] == "Bridge":
        text["ward"] = rng.choice(("Bridge", "Bridge and Bridge Without", "bridge"))
    elif values["ward"] and rng.random() < 0.1:
        text["ward"] = str(values["ward"]).upper()
    return text


def spelled(value: object, style: Style, rng: Random) -> str:
    match value:
        case bool():
            return style.flags[0] if value else style.flags[1]
        case datetime():
            return time_as_text(value, rng.choice(style.time_formats))
        case date():
            return value.strftime("%d/%m/%Y" if "%d/%m/%Y %H:%M:%S" in style.time_formats else "%Y-%m-%d")
        case int():
            return f"{value}.0" if rng.random() < 0.1 else str(value)
        case _:
            return f" {value} " if rng.random() < 0.05 else str(value)


def time_as_text(moment: datetime, time_format: str) -> str:
    """A London wall time in a format; without seconds where there are none, without offset where that is not plain."""
    if time_format in {"offset", "utc"}:
        aware = moment.replace(tzinfo=LONDON)
        in_utc = aware.astimezone(UTC)
        is_plain = in_utc.astimezone(LONDON).replace(tzinfo=None) == moment and aware.utcoffset() == (
            moment.replace(tzinfo=LONDON, fold=1).utcoffset()
        )
        if is_plain:
            return aware.isoformat() if time_format == "offset" else in_utc.strftime("%Y-%m-%d %H:%M:%SZ")
        time_format = "%Y-%m-%d %H:%M:%S"
    return moment.strftime(time_format if moment.second else time_format.removesuffix(":%S"))


def as_file(
    records: Sequence[Text],
    header: Sequence[str],
    personal: Mapping[str, str],
    style: Style,
    rng: Random,
    *,
    without: Iterable[str] = (),
) -> bytes:
    """The bytes of a file; `personal` are columns with what every row has in them, `without` names ones left out."""
    names = [*header, *(personal if style.has_personal else ())]
    names = [name for name in names if name not in set(without)]
    if style.is_shuffled:
        rng.shuffle(names)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator=style.newline)
    writer.writerow([name.replace("_", " ").title() if style.is_shouted else name for name in names])
    writer.writerows([record.get(name, personal.get(name, "")) for name in names] for record in records)
    content = text.getvalue().encode(style.encoding)
    return gzip.compress(content, mtime=0) if style.is_packed else content
