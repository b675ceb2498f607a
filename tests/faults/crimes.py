"""Extracts of crimes made by hand: rows that are sound unless told otherwise, and two batches with every oddity.

Every row has all its personal columns filled with made-up text, each with MARKER in it: it must reach nothing.
"""

import csv
import gzip
import io
from collections.abc import Sequence

from tests.faults.street import Files
from tests.model.crime_files import HEADER

MARKER = "Qvxzj"
"""Stands in every personal value, and in no other word of any language or library."""

PERSONAL = {
    "victim_name": f"{MARKER}victim Madeup",
    "victim_date_of_birth": f"21/11/1881 {MARKER}",
    "suspect_name": f"{MARKER}suspect Invented",
    "suspect_date_of_birth": f"22/12/1882 {MARKER}",
    "summary": f'{MARKER}victim Madeup was "seen"; with {MARKER}suspect, or so\nthe second line says',
}

Row = dict[str, str]


def row(number: int, day: str, **changes: str) -> Row:
    """A theft from the person, recorded at noon of a day; `changes` by column."""
    sound = {
        "crime_number": f"CR/{number:05}/19",
        "status": "recorded",
        "class_code": "39",
        "sub_code": "039/00",
        "offence": "Theft from the person",
        "recorded_at": f"{day} 12:00",
        "reported_at": f"{day} 11:30",
        "committed_from": f"{day} 08:15",
        "committed_to": f"{day} 10:45",
        "street": "Sampling Lane",
        "ward": "Aldgate",
        "premises": "The Invented Arms",
        "premises_type": "licensed",
        "easting": "533400",
        "northing": "181200",
        "victim_type": "public",
        "method_tags": "pickpocket; bag_licensed_premises",
    }
    return sound | PERSONAL | changes


def assault(number: int, day: str, **changes: str) -> Row:
    """An assault with injury of a Saturday night that nobody saw begin."""
    violent = {
        "class_code": "8N",
        "sub_code": "008/06",
        "offence": "Assault occasioning actual bodily harm",
        "committed_from": "",
        "method_tags": "",
        "alcohol": "Y",
        "circumstance": "other",
    }
    return row(number, day, **violent | changes)


def rows(day: str, first: int, count: int, **changes: str) -> list[Row]:
    """So many thefts of a day, numbered from `first`."""
    return [row(number, day, **changes) for number in range(first, first + count)]


def text(content: Sequence[Row], without: Sequence[str] = ()) -> bytes:
    """Rows as a CSV file; `without` names columns that it does not have."""
    columns = [name for name in (*HEADER, *PERSONAL) if name not in without]
    lines = io.StringIO()
    writer = csv.writer(lines, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([fields.get(name, "") for name in columns] for fields in content)
    return lines.getvalue().encode()


def bad_rows(day: str, first: int) -> list[Row]:
    """Rows that each break another critical rule."""
    changes = [
        {"status": "mislaid"},
        {"class_code": "999Z"},
        {"class_code": "28A", "sub_code": ""},  # a class that had ended
        {"committed_from": f"{day} 11:00", "committed_to": f"{day} 10:00"},
        {"recorded_at": "2019-02-29 12:00"},
    ]
    return [row(number, day, **change) for number, change in enumerate(changes, start=first)]


def january() -> list[Row]:
    """The first extract: sound rows, bad ones, a warning of each kind, a copy in the file and two that contradict."""
    day = "2019-01-12"
    return [
        *rows(day, 1, 12),
        *[assault(number, day) for number in range(20, 26)],
        row(
            30, day, committed_from="2019-01-31 23:30", committed_to="2019-02-01 00:30", recorded_at="2019-02-01 09:00"
        ),
        row(31, day, ward="Sampling Lane", easting="100", northing="100", method_tags="sleight"),
        row(32, day, class_code="9A", sub_code="125/11", committed_from="", committed_to=""),
        row(1, day),
        row(40, day),
        row(40, day, street="Another Lane"),
        *bad_rows(day, 50),
    ]


def february(*, corrected: bool = False) -> list[Row]:
    """The second extract: one recorded late, one of another class, one cancelled; corrected, the first is not."""
    day = "2019-02-14"
    return [
        *rows(day, 100, 4),
        *([] if corrected else [row(110, "2019-01-28", committed_from="", committed_to="")]),
        assault(20, "2019-01-12", class_code="105A", sub_code="105/01"),
        assault(21, "2019-01-12", status="cancelled"),
        row(1, "2019-01-12", outcome_code="18", outcome_at=f"{day} 16:00"),
        row(2, "2019-01-12"),
        row(3, "2019-01-12", status="mislaid"),  # the state before it goes on
        *([row(111, day, class_code="46", sub_code="046/00")] if corrected else []),
    ]


def first_extracts() -> Files:
    """Two extracts with everything in them, and one that is rejected."""
    return {
        "crimes_2019-02-07.csv": text(january()),
        "crimes_2019-03-07.csv": text(february()),
        "crimes_2019-03-14.csv": text(rows("2019-03-10", 200, 3), without=["status"]),
    }


def second_extracts() -> Files:
    """A corrected extract, a cancellation undone, an empty one, one with too many bad rows, and a repeat."""
    day = "2019-03-20"
    april = [
        *rows(day, 300, 5, class_code="30C", sub_code="030/02", method_tags="", premises_type="office"),
        assault(21, "2019-01-12"),  # cancelled by the extract before
        assault(22, day, class_code="66", sub_code="066/01", recorded_at=f"{day} 23:00"),  # another month and class
        row(300, day, class_code="30C", sub_code="030/02", method_tags="", premises_type="office"),
        *bad_rows(day, 310)[:2],
    ]
    return {
        "crimes_2019-03-07_r2.csv": text(february(corrected=True)),
        "crimes_2019-04-07.csv.gz": gzip.compress(text(april), mtime=0),
        "crimes_2019-05-07.csv": text([]),
        "crimes_2019-05-14.csv": text([row(1, day), *rows(day, 400, 12, status="mislaid")]),
        "again/crimes_2019-02-07.csv": text(january()),
    }
