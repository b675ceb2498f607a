"""Files of the source `crimes` as a force's system might write them: one content in many spellings, and spoilt rows.

Everything is chosen by a random generator, so that the same seed writes the same bytes. Personal columns hold
synthetic text that must reach no table.
"""

import csv
import gzip
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from zoneinfo import ZoneInfo

from tests.model.crime_measures import Crime

LONDON = ZoneInfo("Europe/London")
HEADER = (
    "crime_number",
    "status",
    "class_code",
    "sub_code",
    "offence",
    "recorded_at",
    "reported_at",
    "committed_from",
    "committed_to",
    "street",
    "ward",
    "premises",
    "premises_type",
    "easting",
    "northing",
    "outcome_code",
    "outcome_at",
    "alcohol",
    "domestic_abuse",
    "drugs",
    "victim_type",
    "circumstance",
    "method_tags",
    "operation",
)
PERSONAL = {
    "victim_name": "Synthetic Victim",
    "victim_date_of_birth": "1900-01-01",
    "suspect_name": "Synthetic Suspect",
    "suspect_date_of_birth": "1901-01-01",
    "summary": "Synthetic summary of nobody",
}
NO_WARDS = ("Fenchurch Street", "Cheapside", "Mordor")
DAY = timedelta(days=1)

Record = dict[str, str]
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


def as_text(crime: Crime, style: Style, rng: Random) -> Record:
    """One crime as a row of a file; what is not known is blank, or now and then a ward that is none."""
    record = {name: "" if value is None else spelled(value, style, rng) for name, value in crime._asdict().items()}
    record["class_code"] = record["class_code"].replace(".", rng.choice("./"))
    if crime.ward is None and rng.random() < 0.1:
        record["ward"] = rng.choice(NO_WARDS)
    elif crime.ward == "Bridge":
        record["ward"] = rng.choice(("Bridge", "Bridge and Bridge Without", "bridge"))
    elif crime.ward and rng.random() < 0.1:
        record["ward"] = crime.ward.upper()
    return record


def spelled(value: object, style: Style, rng: Random) -> str:
    match value:
        case bool():
            return style.flags[0] if value else style.flags[1]
        case datetime():
            return time_as_text(value, rng.choice(style.time_formats))
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


def as_file(records: Sequence[Record], style: Style, rng: Random, without: Iterable[str] = ()) -> bytes:
    """The bytes of a file; `without` names columns that are left out."""
    names = [*HEADER, *(PERSONAL if style.has_personal else ())]
    names = [name for name in names if name not in set(without)]
    if style.is_shuffled:
        rng.shuffle(names)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator=style.newline)
    writer.writerow([name.replace("_", " ").title() if style.is_shouted else name for name in names])
    writer.writerows([record.get(name, PERSONAL.get(name, "")) for name in names] for record in records)
    content = text.getvalue().encode(style.encoding)
    return gzip.compress(content, mtime=0) if style.is_packed else content


def spoilt(record: Record, extract_date: date, rng: Random) -> Record:
    """The row, breaking one critical rule."""
    tomorrow = datetime.combine(extract_date + DAY, time.min)
    changes: list[Record] = [
        {"crime_number": ""},
        {"crime_number": "cr/lower"},
        {"crime_number": "CR 12345"},
        {"crime_number": "CR/1"},
        {"status": ""},
        {"status": "Recorded"},
        {"status": "open"},
        {"class_code": ""},
        {"class_code": "8n"},
        {"class_code": "999Z"},
        {"class_code": "AF"},  # a national fraud body
        {"class_code": "1/4.1/4.10/4.2"},
        {"class_code": "8N", "sub_code": "105/01"},
        {"class_code": "28A", "sub_code": "", "recorded_at": "2017-04-01 00:00"},
        {"class_code": "28E", "sub_code": "", "recorded_at": "2017-03-31 23:59"},
        {"class_code": "9A", "sub_code": "125/12", "recorded_at": "2024-01-01 00:00"},
        {"recorded_at": ""},
        {"recorded_at": "2019-02-29 12:00"},
        {"recorded_at": "1999-12-31 23:59:59"},
        {"recorded_at": f"{tomorrow:%Y-%m-%d %H:%M}"},
        {"recorded_at": f"{extract_date:%Y-%m-%d}"},
        {"recorded_at": f"{extract_date:%Y-%m-%d} 24:00"},
        {"reported_at": f"{tomorrow:%Y-%m-%d %H:%M}"},
        {"committed_from": f"{tomorrow:%Y-%m-%d %H:%M}", "committed_to": ""},
        {"committed_from": "2001-01-01 12:00", "committed_to": "2001-01-01 11:59"},
        {"committed_to": "yesterday"},
        {"premises_type": "castle"},
        {"easting": "532000", "northing": ""},
        {"easting": "532000.5", "northing": "181000"},
        {"outcome_code": "23"},
        {"outcome_code": "4A"},
        {"outcome_code": "8", "outcome_at": "2000-01-01 00:00"},
        {"alcohol": "perhaps"},
        {"victim_type": "Public"},
        {"circumstance": "quarrel"},
        {"operation": "TWO WORDS"},
    ]
    return record | rng.choice(changes)
