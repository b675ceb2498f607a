"""Rows of the source `crimes` as a force's system might write them, and spoilt ones.

Personal columns hold synthetic text that must reach no table.
"""

from datetime import date, datetime, time
from random import Random

from tests.model.crime_measures import Crime
from tests.model.record_files import DAY, Style, Text
from tests.model.record_files import as_text as record_as_text

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


def as_text(crime: Crime, style: Style, rng: Random) -> Text:
    """One crime as a row of a file."""
    text = record_as_text(crime._asdict(), style, rng)
    text["class_code"] = text["class_code"].replace(".", rng.choice("./"))
    return text


def spoilt(record: Text, extract_date: date, rng: Random) -> Text:
    """The row, breaking one critical rule."""
    tomorrow = datetime.combine(extract_date + DAY, time.min)
    changes: list[Text] = [
        {"crime_number": ""},
        {"crime_number": "cr/lower"},
        {"crime_number": "CR 12345"},
        {"crime_number": "CR/1"},
        {"status": ""},
        {"status": "Texted"},
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
