"""Invented street crime in the format of data.police.uk, with the oddities and mistakes of the real files.

Two forces publish a file a month from January 2014 on: `City of London Police`, with the volume of the real
force and a step up in March 2018, and a `Sample Constabulary` that does not exist. Places, identifiers and
counts are drawn from the seed. What happens to the deliveries, so that each case can be seen:

* files of the Sample Constabulary for 2014 are gzipped, and its file for November 2016 never arrives;
* the two newest months come in an archive named after the newest;
* three months of the City are published a second time at the end of 2018, corrected;
* at the same time a file of the Sample Constabulary comes without its Month column, and must be rejected;
* one file is of a kind that has no contract yet;
* a few rows in a thousand break a critical rule, a few in a hundred deserve a warning.
"""

import gzip
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from flows.errors import UsageError

Text = NDArray[np.object_]
Rows = dict[str, Text]  # a column of text per header, all of the same length

HEADERS = (
    "Crime ID",
    "Month",
    "Reported by",
    "Falls within",
    "Longitude",
    "Latitude",
    "Location",
    "LSOA code",
    "LSOA name",
    "Crime type",
    "Last outcome category",
    "Context",
)
PLACE_HEADERS = ("Longitude", "Latitude", "Location", "LSOA code", "LSOA name")

FIRST_MONTH = date(2014, 1, 1)
GZIPPED_YEAR = 2014
NEVER_ARRIVED = ("sample-constabulary", date(2016, 11, 1))
PUBLISHED_AGAIN_ON = date(2018, 12, 31)
PUBLISHED_AGAIN = ("city-of-london", (date(2017, 2, 1), date(2017, 3, 1), date(2017, 4, 1)))
WITHOUT_MONTH = ("sample-constabulary", date(2017, 5, 1))
WITHOUT_CONTRACT = ("city-of-london", date(2018, 6, 1))

NO_LOCATION_SHARE = 0.05
REPEATED_SHARE = 0.006
BAD_SHARE = 0.003
WARNING_SHARE = 0.02

ASB = "Anti-social behaviour"
UNDER_INVESTIGATION = "Under investigation"
OUTCOMES = {
    "Investigation complete; no suspect identified": 0.45,
    UNDER_INVESTIGATION: 0.15,
    "Status update unavailable": 0.12,
    "Unable to prosecute suspect": 0.12,
    "Court result unavailable": 0.05,
    "Awaiting court outcome": 0.03,
    "Offender given a caution": 0.02,
    "Local resolution": 0.02,
    "Formal action is not in the public interest": 0.02,
    "Offender given a drugs possession warning": 0.01,
    "Offender sent to prison": 0.01,
}


@dataclass(frozen=True)
class Season:
    """How a category swings over the year: up by `swing` of its mean in the month `peak`."""

    swing: float
    peak: int

    def factor(self, month: date) -> float:
        return 1 + self.swing * float(np.cos((month.month - self.peak) * np.pi / 6))


SEASONS = {
    ASB: Season(0.25, 7),
    "Bicycle theft": Season(0.45, 7),
    "Burglary": Season(0.20, 12),
    "Criminal damage and arson": Season(0.05, 6),
    "Drugs": Season(0.05, 6),
    "Other crime": Season(0.0, 1),
    "Other theft": Season(0.05, 11),
    "Possession of weapons": Season(0.0, 1),
    "Public order": Season(0.15, 7),
    "Robbery": Season(0.10, 11),
    "Shoplifting": Season(0.05, 12),
    "Theft from the person": Season(0.15, 12),
    "Vehicle crime": Season(0.05, 10),
    "Violence and sexual offences": Season(0.10, 7),
}


@dataclass(frozen=True)
class Step:
    """A lasting change of the number of crimes from a month on."""

    month: date
    factor: float


@dataclass(frozen=True)
class Force:
    """An invented force: records a month by category, and where they lie."""

    number: int
    name: str
    slug: str
    records: dict[str, float]
    step: Step | None
    west_south: tuple[float, float]
    east_north: tuple[float, float]
    places: int
    lsoas: dict[str, str]  # code: name, the busiest first

    def expected(self, month: date, scale: float) -> list[float]:
        """Records expected in the month, in the order of `records`."""
        step = self.step.factor if self.step and month >= self.step.month else 1.0
        return [
            mean * scale * SEASONS[category].factor(month) * (1.0 if category == ASB else step)
            for category, mean in self.records.items()
        ]


CITY = Force(
    number=1,
    name="City of London Police",
    slug="city-of-london",
    records={
        "Other theft": 130,
        "Violence and sexual offences": 81,
        "Shoplifting": 62,
        "Theft from the person": 48,
        "Drugs": 38,
        "Bicycle theft": 24,
        "Burglary": 24,
        "Criminal damage and arson": 22,
        "Public order": 17,
        "Vehicle crime": 12,
        "Other crime": 10,
        "Robbery": 7,
        "Possession of weapons": 5,
        ASB: 100,
    },
    step=Step(date(2018, 3, 1), 1.37),
    west_south=(-0.1130, 51.5085),
    east_north=(-0.0750, 51.5205),
    places=150,
    lsoas={
        "E01032739": "City of London 001F",
        "E01032740": "City of London 001G",
        "E01000005": "City of London 001E",
        "E01000002": "City of London 001B",
        "E01000001": "City of London 001A",
        "E01000003": "City of London 001C",
    },
)
SAMPLE = Force(
    number=2,
    name="Sample Constabulary",
    slug="sample-constabulary",
    records={
        "Violence and sexual offences": 360,
        "Criminal damage and arson": 168,
        "Other theft": 144,
        "Burglary": 120,
        "Vehicle crime": 120,
        "Shoplifting": 108,
        "Public order": 72,
        "Drugs": 36,
        "Bicycle theft": 24,
        "Other crime": 24,
        "Theft from the person": 12,
        "Robbery": 6,
        "Possession of weapons": 6,
        ASB: 300,
    },
    step=None,
    west_south=(-1.60, 52.90),
    east_north=(-1.40, 53.10),
    places=600,
    lsoas={f"E01990{n:03d}": f"Sampleton {n // 5 + 1:03d}{'ABCDE'[n % 5]}" for n in range(60)},
)
FORCES = (CITY, SAMPLE)


def write_police_uk(out: Path, *, seed: int = 1, scale: float = 1.0, through: date = date(2019, 7, 31)) -> list[Path]:
    """Write the street files below `out` and return their paths, sorted.

    Months run from January 2014 to the last one that ended on or before `through`, and no extract date lies
    after `through`. `scale` multiplies the records: 1 is about 140,000 rows by July 2019. The same arguments
    give the same bytes; a later `through` adds files and moves the archive on, but changes no other file.
    Files that are there already are replaced. Raises UsageError where `through` lies before the end of the
    first month, `scale` is not above 0 or `seed` is negative.
    """
    months = complete_months(through)
    if not months:
        raise UsageError(f"The sample begins in {FIRST_MONTH:%B %Y}: ask for a date after that month.")
    if scale <= 0:
        raise UsageError("The scale of the sample multiplies its records: it must be above 0.")
    if seed < 0:
        raise UsageError("The seed of the sample must be 0 or more.")

    written: list[Path] = []
    for force in FORCES:
        for month in months[:-2]:
            if (force.slug, month) != NEVER_ARRIVED:
                text = file_text(HEADERS, first_publication(force, month, seed, scale))
                gzipped = force is SAMPLE and month.year == GZIPPED_YEAR
                written.append(write(out / street_path(force, month), text, gzipped=gzipped))
        if force.slug == WITHOUT_CONTRACT[0] and WITHOUT_CONTRACT[1] in months[:-2]:
            written.append(write_outcomes(out, force, WITHOUT_CONTRACT[1], seed, scale))
        if through >= PUBLISHED_AGAIN_ON:
            written += write_second_publications(out, force, seed, scale)
    written.append(write_archive(out, months[-2:], seed, scale))
    return sorted(written)


def write_archive(out: Path, months: Sequence[date], seed: int, scale: float) -> Path:
    """The newest months of both forces as members of one archive, as data.police.uk offers them."""
    path = out / f"{months[-1]:%Y-%m}.zip"
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for month in months:
            for force in FORCES:
                if (force.slug, month) != NEVER_ARRIVED:
                    member = zipfile.ZipInfo(street_path(force, month))  # dated 1980, so that bytes repeat
                    member.compress_type = zipfile.ZIP_DEFLATED
                    member.external_attr = 0o644 << 16
                    archive.writestr(member, file_text(HEADERS, first_publication(force, month, seed, scale)))
    return path


def write_second_publications(out: Path, force: Force, seed: int, scale: float) -> list[Path]:
    """What the force published again at the end of 2018: corrected months, or a file that can't be read."""
    folder = out / f"published-{PUBLISHED_AGAIN_ON:%Y}"
    written: list[Path] = []
    if force.slug == PUBLISHED_AGAIN[0]:
        for month in PUBLISHED_AGAIN[1]:
            text = file_text(HEADERS, second_publication(force, month, seed, scale))
            written.append(write(folder / street_path(force, month), text))
    if force.slug == WITHOUT_MONTH[0]:
        month = WITHOUT_MONTH[1]
        headers = [header for header in HEADERS if header != "Month"]
        text = file_text(headers, second_publication(force, month, seed, scale))
        written.append(write(folder / street_path(force, month), text))
    return written


def write_outcomes(out: Path, force: Force, month: date, seed: int, scale: float) -> Path:
    """A few rows of the outcomes file of the month, a kind for which there is no contract yet."""
    rows = records(force, month, seed, scale)
    few = take(rows, np.flatnonzero(rows["Crime type"] != ASB)[:5])
    few["Outcome type"] = few["Last outcome category"]
    path = out / street_path(force, month).replace("-street.csv", "-outcomes.csv")
    return write(path, file_text((*HEADERS[:9], "Outcome type"), few))


def first_publication(force: Force, month: date, seed: int, scale: float) -> Rows:
    """Rows of the file as first published: the records with repeats, in any order, some of them spoiled."""
    rng = generator(seed, force, month, "first")
    return spoil(shuffle(with_repeats(records(force, month, seed, scale), rng), rng), force, month, rng)


def second_publication(force: Force, month: date, seed: int, scale: float) -> Rows:
    """Rows of the file as published again: the same records, corrected, with mistakes of their own."""
    rng = generator(seed, force, month, "second")
    corrected = correct(records(force, month, seed, scale), force, month, seed, rng)
    return spoil(shuffle(with_repeats(corrected, rng), rng), force, month, rng)


def records(force: Force, month: date, seed: int, scale: float) -> Rows:
    """The crimes and incidents of a month as they should be published, each once, by category."""
    rng = generator(seed, force, month, "records")
    counts = rng.poisson(force.expected(month, scale))
    counts[0] = max(counts[0], 1)  # a street file without rows would be rejected, however small the scale
    return draw(force, month, np.repeat(np.array(list(force.records), dtype=object), counts), seed, rng)


def draw(force: Force, month: date, categories: Text, seed: int, rng: np.random.Generator) -> Rows:
    """One row per category given, with a place and, for crimes, an identifier and an outcome."""
    n = len(categories)
    places, popularity = places_of(force, seed)
    rows = take(places, rng.choice(len(popularity), n, p=popularity))
    nowhere = rng.random(n) < NO_LOCATION_SHARE
    for header in PLACE_HEADERS:
        rows[header][nowhere] = "No Location" if header == "Location" else ""

    is_crime = categories != ASB
    rows["Crime ID"] = np.where(is_crime, crime_ids(n, rng), "").astype(object)
    rows["Month"] = repeat(f"{month:%Y-%m}", n)
    rows["Reported by"] = repeat(force.name, n)
    rows["Falls within"] = repeat(force.name, n)
    rows["Crime type"] = categories
    rows["Last outcome category"] = np.where(is_crime, outcomes(list(OUTCOMES), n, rng), "").astype(object)
    rows["Context"] = repeat("", n)
    return rows


def correct(rows: Rows, force: Force, month: date, seed: int, rng: np.random.Generator) -> Rows:
    """The rows as known later: most open investigations settled, a few crimes reclassified, added or gone."""
    rows = {header: column.copy() for header, column in rows.items()}
    crimes = np.flatnonzero(rows["Crime type"] != ASB)
    few = max(1, len(crimes) // 100)

    still_open = np.flatnonzero(rows["Last outcome category"] == UNDER_INVESTIGATION)
    settled = still_open[rng.random(len(still_open)) < 0.7]
    settlements = [outcome for outcome in OUTCOMES if outcome != UNDER_INVESTIGATION]
    rows["Last outcome category"][settled] = outcomes(settlements, len(settled), rng)

    reclassified = rng.choice(crimes, few, replace=False)
    categories = rows["Crime type"][reclassified]
    swapped = np.where(categories == "Other theft", "Theft from the person", "Other theft")
    rows["Crime type"][reclassified] = swapped.astype(object)

    added = draw(force, month, repeat("Violence and sexual offences", few + 1), seed, rng)
    gone = rng.choice(crimes, few // 2, replace=False)
    return join(take(rows, np.setdiff1d(np.arange(len(rows["Month"])), gone)), added)


def with_repeats(rows: Rows, rng: np.random.Generator) -> Rows:
    """The rows and a second row for a few crimes: half of them full copies, half with another outcome."""
    crimes = np.flatnonzero(rows["Crime type"] != ASB)
    copies = take(rows, rng.choice(crimes, rng.binomial(len(crimes), REPEATED_SHARE), replace=False))
    copies["Last outcome category"][::2] = "Suspect charged as part of another case"
    return join(rows, copies)


def spoil(rows: Rows, force: Force, month: date, rng: np.random.Generator) -> Rows:
    """The rows, of which BAD_SHARE now break one critical rule and WARNING_SHARE deserve one warning."""
    n = len(rows["Month"])
    bad = rng.choice(n, rng.binomial(n, BAD_SHARE), replace=False)
    kind = rng.integers(5, size=len(bad))
    rows["Month"][bad[kind == 0]] = f"{month.year - 1}-{month:%m}"
    rows["Crime type"][bad[kind == 1]] = "Sample category"
    rows["Crime ID"][bad[kind == 2]] += "-SAMPLE"
    rows["Reported by"][bad[kind == 3]] = ""
    rows["Context"][bad[kind == 4]] = ","  # unquoted: one field too many

    is_placed_crime = (rows["Crime type"] != ASB) & (rows["Longitude"] != "")
    sound = np.setdiff1d(np.flatnonzero(is_placed_crime), bad)
    odd = rng.choice(sound, min(len(sound), rng.binomial(n, WARNING_SHARE)), replace=False)
    kind = rng.integers(5, size=len(odd))
    rows["Latitude"][odd[kind == 0]] = ""
    rows["Longitude"][odd[kind == 1]] = "0.000000"
    rows["Latitude"][odd[kind == 1]] = "0.000000"
    rows["LSOA code"][odd[kind == 2]] = "E01-SAMPLE"
    rows["Last outcome category"][odd[kind == 3]] = "Sample outcome"
    rows["Falls within"][odd[kind == 4]] = ""
    return rows


def places_of(force: Force, seed: int) -> tuple[Rows, NDArray[np.float64]]:
    """The force's invented places, one row each, and how likely a record lies there, busiest first."""
    rng = np.random.default_rng([seed, force.number])
    n = force.places
    streets = ("Sample Street", "Example Lane", "Specimen Square", "Invented Road")
    public_places = ("Nightclub", "Shopping Area", "Supermarket", "Parking Area")
    names = [f"{streets[at % 4]} {at // 4 + 1}" for at in range(n)]
    names[::10] = [public_places[at % 4] for at in range(len(names[::10]))]
    codes = list(force.lsoas)
    lsoa = np.minimum(rng.geometric(min(0.5, 10 / len(codes)), n) - 1, len(codes) - 1)
    longitudes = rng.uniform(force.west_south[0], force.east_north[0], n)
    latitudes = rng.uniform(force.west_south[1], force.east_north[1], n)
    places = {
        "Longitude": np.array([f"{degrees:.6f}" for degrees in longitudes], dtype=object),
        "Latitude": np.array([f"{degrees:.6f}" for degrees in latitudes], dtype=object),
        "Location": np.array([f"On or near {name}" for name in names], dtype=object),
        "LSOA code": np.array(codes, dtype=object)[lsoa],
        "LSOA name": np.array(list(force.lsoas.values()), dtype=object)[lsoa],
    }
    popularity = 1 / (np.arange(n) + 5.0)
    return places, popularity / popularity.sum()


def crime_ids(n: int, rng: np.random.Generator) -> Text:
    """Identifiers of 64 lower-case hexadecimal digits."""
    return np.frombuffer(rng.bytes(32 * n).hex().encode(), dtype="S64").astype(str).astype(object)


def outcomes(among: Sequence[str], n: int, rng: np.random.Generator) -> Text:
    """Outcomes drawn from those given, as often as they usually occur."""
    shares = np.array([OUTCOMES[outcome] for outcome in among])
    return rng.choice(np.array(among, dtype=object), n, p=shares / shares.sum())


def generator(seed: int, force: Force, month: date, purpose: str) -> np.random.Generator:
    """A random generator of its own per force, month and purpose, so that no file depends on another."""
    return np.random.default_rng([seed, force.number, month.year, month.month, *purpose.encode()])


def complete_months(through: date) -> list[date]:
    """First days of the months from the first one on that ended on or before the date."""
    after = through + timedelta(days=1)
    numbers = range(FIRST_MONTH.year * 12 + FIRST_MONTH.month - 1, after.year * 12 + after.month - 1)
    return [date(number // 12, number % 12 + 1, 1) for number in numbers]


def street_path(force: Force, month: date) -> str:
    """Path of the file below a landing folder or inside an archive."""
    return f"{month:%Y-%m}/{month:%Y-%m}-{force.slug}-street.csv"


def take(rows: Rows, at: NDArray[np.int_]) -> Rows:
    """The rows at these positions, in that order, as a copy."""
    return {header: column[at] for header, column in rows.items()}


def join(first: Rows, second: Rows) -> Rows:
    """The rows of both, the second after the first."""
    return {header: np.concatenate([column, second[header]]) for header, column in first.items()}


def shuffle(rows: Rows, rng: np.random.Generator) -> Rows:
    """The rows in any order."""
    return take(rows, rng.permutation(len(rows["Month"])))


def repeat(value: str, n: int) -> Text:
    """A column that holds the same text n times."""
    return np.full(n, value, dtype=object)


def file_text(headers: Sequence[str], rows: Rows) -> str:
    """The file: no value holds a quote or, but for a spoiled one, a comma, so nothing needs quoting."""
    lines = rows[headers[0]]
    for header in headers[1:]:
        lines = lines + "," + rows[header]
    return "\n".join([",".join(headers), *lines, ""])


def write(path: Path, text: str, *, gzipped: bool = False) -> Path:
    """Write the file, gzipped under `.gz` if asked for, and return where it is."""
    path = path.with_name(path.name + ".gz") if gzipped else path
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(text.encode(), mtime=0) if gzipped else text.encode())
    return path
