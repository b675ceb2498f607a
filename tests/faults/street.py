"""Street files made by hand: rows that are sound unless told otherwise, and two batches of them with every oddity."""

import csv
import gzip
import io
import zipfile
from collections.abc import Mapping, Sequence
from hashlib import sha256

from tests.model.police_uk import HEADER

CITY = "City of London Police"
SAMPLE = "Sample Constabulary"
SLUGS = {CITY: "city-of-london", SAMPLE: "sample-constabulary"}

ASB = "Anti-social behaviour"
ROBBERY = "Robbery"
VIOLENCE = "Violence and sexual offences"

Row = dict[str, str]
Files = dict[str, bytes]
"""Path below the landing folder → content."""


def row(month: str, number: int, force: str = CITY, **changes: str) -> Row:
    """A burglary of the month, identified by force, month and number. `changes` by header, with _ for a space."""
    sound = {
        "Crime ID": sha256(f"{force}|{month}|{number}".encode()).hexdigest(),
        "Month": month,
        "Reported by": force,
        "Falls within": force,
        "Longitude": "-0.09",
        "Latitude": "51.5125",
        "Location": "On or near Parking Area",
        "LSOA code": "E01000005",
        "LSOA name": "City of London 001E",
        "Crime type": "Burglary",
        "Last outcome category": "Under investigation",
        "Context": "",
    }
    return sound | {header.replace("_", " "): text for header, text in changes.items()}


def rows(month: str, count: int, force: str = CITY, first: int = 0, **changes: str) -> list[Row]:
    """So many rows, numbered from `first`."""
    return [row(month, number, force, **changes) for number in range(first, first + count)]


def asb(month: str, count: int, force: str = CITY) -> list[Row]:
    """So many incidents of anti-social behaviour, equal in every column and yet separate ones."""
    return rows(month, count, force, Crime_type=ASB, Crime_ID="", Last_outcome_category="")


def text(content: Sequence[Mapping[str, str]], header: Sequence[str] = HEADER) -> bytes:
    """Rows as a CSV file."""
    lines = io.StringIO()
    writer = csv.writer(lines, lineterminator="\n")
    writer.writerow(header)
    writer.writerows([fields.get(name, "") for name in header] for fields in content)
    return lines.getvalue().encode()


def archive(files: Files) -> bytes:
    """Files as a zip archive; the same files give the same bytes."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as bundle:
        for name, content in files.items():
            bundle.writestr(zipfile.ZipInfo(name), content)
    return packed.getvalue()


def street(month: str, content: Sequence[Row], force: str = CITY, folder: str = "") -> Files:
    """One street file, in the folder of its month; `folder` stands above that and ends with a slash."""
    return {f"{folder}{month}/{month}-{SLUGS[force]}-street.csv": text(content)}


def first_batch() -> Files:
    """A quarter of two forces: one month missing, one file rejected, some rows bad, one file packed, one unknown."""
    january, february, march = "2019-01", "2019-02", "2019-03"
    march_rows = [*rows(march, 5, Crime_type=ROBBERY), row(march, 6, Falls_within="")]
    return {
        **street(january, january_of_the_city()),
        **street(february, [*rows(february, 4), row(february, 9, Longitude=""), *asb(february, 2)]),
        f"{march}/{march}-city-of-london-street.csv.gz": gzip.compress(text(march_rows), mtime=0),
        **street(january, [*rows(january, 4, SAMPLE), *asb(january, 1, SAMPLE)], SAMPLE),
        f"{february}/{february}-sample-constabulary-street.csv": text(
            rows(february, 3, SAMPLE), [name for name in HEADER if name != "Month"]
        ),
        **street(march, rows(march, 3, SAMPLE, Location="No Location", Longitude="", Latitude=""), SAMPLE),
        "notes/2019-01-city-of-london-notes.csv": b"note\nNothing to see\n",
    }


def january_of_the_city() -> list[Row]:
    """A month with a crime that stands twice in the file, and three rows that no file should have."""
    month = "2019-01"
    return [
        *rows(month, 6),
        row(month, 2, Last_outcome_category="Local resolution"),
        *rows(month, 2, first=20, Crime_type=VIOLENCE),
        *asb(month, 3),
        row(month, 30, Crime_type="Mopery"),
        row(month, 31, Crime_ID="31"),
    ]


def second_batch() -> Files:
    """Months in an archive, one published again with other counts, one revised and then restored, one repeat."""
    january, february, april, may = "2019-01", "2019-02", "2019-04", "2019-05"
    months = {
        **street(april, [*rows(april, 7), *asb(april, 4)]),
        **street(may, [*rows(may, 3), *rows(may, 2, first=10, Crime_type=VIOLENCE)]),
        **street(april, rows(april, 2, SAMPLE), SAMPLE),
    }
    return {
        "2019-07.zip": archive(months),
        **street(january, january_of_the_city()[:5], folder="published-2019-06/"),
        **street(january, january_of_the_city(), folder="published-2019-07/"),
        **street(february, rows(february, 9), folder="published-2019-06/"),
        **street(january, january_of_the_city(), folder="again/"),
    }
