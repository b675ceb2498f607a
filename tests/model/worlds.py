"""Random landing folders of data.police.uk street files: small, and full of what goes wrong.

A world has at least one file, of one to three forces and one to 80 months of a handful of rows each. Months
come once or more often, in every way that says an extract date; some are missing. A re-publication is equal,
equal but for its spelling, back to an earlier content, or revised. Rows break each rule in a small share, some
files break the limit, and some files are there twice or contradict each other. No file is current to a day
before its month has ended, and none to a day after LAST_EXTRACT.
"""

import csv
import gzip
import io
import zipfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path, PurePosixPath
from random import Random

from tests.model.months import months_later, span
from tests.model.police_uk import HEADER, File, categories

FIRST_MONTH = date(2010, 12, 1)
LAST_EXTRACT = date(2023, 12, 31)
"""No file of any world has a later extract date: `today` after this day makes none of them a future one."""

SLUGS = {
    "City of London Police": "city-of-london",
    "Kent Police": "kent",
    "Police Service of Northern Ireland": "northern-ireland",
}
OTHER_FORCES = (*SLUGS, "Avon and Somerset Constabulary", "Essex Police")
PLACES = (
    # longitude, latitude, location, LSOA code, LSOA name
    ("-0.113767", "51.517372", "On or near Stone Buildings", "E01000914", "Camden 028B"),
    ("-0.09", "51.5125", "On or near Parking Area", "E01000005", "City of London 001E"),
    ("-0.0831", "51.518", "On or near St Mary's Walk, North", "E01032739", "City of London 001F"),
    ("1.080254", "51.279833", "On or near Shopping Area", "W01001234", "Gwynedd 001A"),
    ("-3.188", "55.9533", 'On or near "The Mound"', "S01008677", "Edinburgh 010"),
    ("-5.93", "54.597", "On or near ", "95GG10S1", "Belfast"),
    ("-8.9", "60.9", "On or near Nightclub", "N01000123", ""),
    ("2.1", "49.5", "", "", ""),
    ("", "", "No Location", "", ""),
)
OUTCOMES = (
    "Investigation complete; no suspect identified",
    "Under investigation",
    "Unable to prosecute suspect",
    "Offender given a caution",
    "Awaiting court outcome",
    "",
)
ASB = "Anti-social behaviour"
CATEGORIES_OF_EVERY_MONTH = (ASB, "Burglary", "Robbery")
NO_CRIME_TYPES = ("Mopery", "", "burglary", "anti-social-behaviour")
PREDECESSORS_AND_SUCCESSORS = (
    "Violent crime",
    "Public disorder and weapons",
    "Violence and sexual offences",
    "Public order",
    "Bicycle theft",
    "Shoplifting",
)

Row = dict[str, str]
Rows = tuple[Row, ...]


@dataclass(frozen=True)
class Shape:
    """How large a world is; `rows` is how many rows a month has about."""

    forces: tuple[int, int]
    months: tuple[int, int]
    rows: tuple[int, int]


SHORT = Shape(forces=(1, 3), months=(1, 6), rows=(2, 22))
MIDDLE = Shape(forces=(1, 3), months=(7, 26), rows=(2, 9))
LONG = Shape(forces=(1, 2), months=(40, 80), rows=(2, 6))


def world(seed: int) -> list[File]:
    """The files of one random world, in the byte order of their paths. The same seed gives the same world."""
    return World(Random(seed)).files()


def worlds_together(seeds: Iterable[int]) -> list[File]:
    """The files of several worlds in one landing folder, in the byte order of their paths.

    They don't touch each other: each lies in a folder of its own, and its forces bear its number.
    """
    files: list[File] = []
    for seed in seeds:
        names = {force: f"{force} {seed}" for force in OTHER_FORCES}
        for file in world(seed):
            rows = tuple({header: names.get(text, text) for header, text in row.items()} for row in file.rows)
            files.append(File(f"world-{seed}/{file.path}", rows))
    return sorted(files, key=lambda file: file.path.encode())


def write(files: Sequence[File], folder: Path) -> None:
    """Write files as data.police.uk does: CSV files (gzip for `.csv.gz`) and members of zip archives."""
    archives: dict[Path, list[tuple[str, bytes]]] = {}
    for file in files:
        steps = PurePosixPath(file.path).parts
        zips = [number for number, step in enumerate(steps) if step.lower().endswith(".zip")]
        if zips:
            archive = folder.joinpath(*steps[: zips[0] + 1])
            member = "/".join(steps[zips[0] + 1 :])
            archives.setdefault(archive, []).append((member, as_csv(file.rows)))
        else:
            path = folder / file.path
            path.parent.mkdir(parents=True, exist_ok=True)
            text = as_csv(file.rows)
            path.write_bytes(gzip.compress(text, mtime=0) if path.suffix.lower() == ".gz" else text)
    for archive, members in archives.items():
        archive.parent.mkdir(parents=True, exist_ok=True)
        with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as bundle:
            for member, text in members:
                bundle.writestr(member, text)


def as_csv(rows: Rows) -> bytes:
    """The bytes of a street file: the header and one line per row, ended by a line feed."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(HEADER)
    writer.writerows([row.get(header, "") for header in HEADER] for row in rows)
    return text.getvalue().encode()


class World:
    """The making of one world: the files placed so far, by lower-case path, and the force at hand."""

    def __init__(self, rng: Random) -> None:
        self.rng = rng
        self.placed: dict[str, File] = {}
        self.crime_ids: list[str] = []
        self.has_empty_file = False
        self.force = ""
        self.only_category: str | None = None

    def files(self) -> list[File]:
        rng = self.rng
        shape = rng.choices((SHORT, MIDDLE, LONG), (6, 3, 1))[0]
        start = months_later(FIRST_MONTH, rng.choice((rng.randint(0, 9), rng.randint(18, 30), rng.randint(0, 40))))
        months = span(start, months_later(start, rng.randint(*shape.months) - 1))
        gap_share = rng.choice((0, 0.05, 0.2))
        again_share = rng.choice((0, 0.3, 0.6)) if shape is not LONG else rng.choice((0, 0.1, 0.3))
        for force in rng.sample(list(SLUGS), rng.randint(*shape.forces)):
            self.force = force
            self.only_category = rng.choice(CATEGORIES_OF_EVERY_MONTH) if rng.random() < 0.3 else None
            first, last = sorted((rng.choice(months[:3]), rng.choice(months[-3:])))
            level = self.levels(rng.randint(*shape.rows))
            for number, month in enumerate(span(first, last)):
                if rng.random() >= gap_share or not self.placed:
                    self.publish(month, level(number), again_share)
        return sorted(self.placed.values(), key=lambda file: file.path.encode())

    def levels(self, usual: int) -> Callable[[int], int]:
        """How many rows a force has in its n-th month: steady, or so that control charts have signals."""
        rng = self.rng
        turn = rng.randint(3, 40)
        moves: dict[str, Callable[[int], int]] = {
            "steady": lambda number: usual,
            "step": lambda number: usual + (3 if number >= turn else 0),
            "rise": lambda number: usual + number % 9,
            "fall": lambda number: usual + 8 - number % 9,
            "spike": lambda number: usual * (3 if number % turn == turn - 1 else 1),
        }
        name = rng.choice(list(moves))
        move, jitter = moves[name], 0 if name in {"rise", "fall"} else rng.choice((0, 1, 2))
        return lambda number: max(1, move(number) + rng.randint(-jitter, jitter))

    # ---- publications

    def publish(self, month: date, size: int, again_share: float) -> None:
        """Publish one month of one force, once or more often, each time under an extract of its own."""
        rng = self.rng
        times = 1
        while times < 4 and rng.random() < again_share:
            times += 1
        history: list[Rows] = []
        for extract in self.extracts(month, times):
            if not history:
                history.append(self.first_content(month, size))
            else:
                history.append(self.next_content(month, history))
            self.place(month, extract, history[-1])
            if rng.random() < 0.04:  # the same file at two places
                self.place(month, extract, history[-1])
            if rng.random() < 0.02:  # two different files that claim the same extract
                self.place(month, extract, self.revised(month, history[-1]))

    def extracts(self, month: date, times: int) -> list[date]:
        """The months that so many publications are current to the end of, earliest first, none twice."""
        rng = self.rng
        default = months_later(month, 2)
        year_ends = [date(year, 12, 1) for year in range(month.year, month.year + 4)]
        others = [*year_ends, *(months_later(month, rng.randint(0, 14)) for _ in range(3))]
        chosen = {default} if rng.random() < 0.6 else {rng.choice(others)}
        while len(chosen) < times:
            chosen.add(rng.choice([*others, months_later(month, rng.randint(0, 30))]))
        return sorted(chosen)

    def place(self, month: date, extract: date, rows: Rows) -> None:
        """Put a file where its path says this extract; not at all when every place tried is taken."""
        rng = self.rng
        dated = f"{extract:%Y-%m}"
        otherwise = f"{months_later(extract, rng.choice((-5, 4))):%Y-%m}"
        says_extract = [
            f"published-{dated}/",
            f"{dated}.zip/",
            f"{dated}.zip/",
            f"published-{otherwise}/{dated}.zip/",
            f"{dated}.zip/published-{otherwise}/",
            f"published-{otherwise}/more/published-{dated}/",
            f"published-{dated}/latest.zip/",
            f"latest.zip/published-{dated}/",
            f"Published-{dated}/",
        ]
        if extract.month == 12:
            says_extract += [f"published-{extract:%Y}/"] * 6
        if extract == months_later(month, 2):
            says_extract += ["", "", "", "", "", "", "", "", "police/", "all.zip/"]
        slug = SLUGS[self.force] if rng.random() < 0.98 else "somewhere-else"
        for _ in range(4):
            above = rng.choice(says_extract)
            folder = f"{month:%Y-%m}/" if rng.random() < 0.95 else ""
            packed = ".gz" if ".zip/" not in above and rng.random() < 0.05 else ""
            path = f"{above}{folder}{month:%Y-%m}-{slug}-street.csv{packed}"
            if path.lower() not in self.placed:
                self.placed[path.lower()] = File(path, rows)
                return

    # ---- contents

    def first_content(self, month: date, size: int) -> Rows:
        rng = self.rng
        chance = rng.random()
        if chance < 0.02:
            return self.around_the_limit(month)
        if chance < 0.04:
            return self.only_bad(month)
        rows = [self.row(month) for _ in range(size)]
        if self.only_category and rng.random() < 0.8:
            return tuple(rows)
        rows += [dict(row) for row in rows if row["Crime type"] == ASB and rng.random() < 0.3]
        if rng.random() < 0.3:
            rows = self.with_repeated_ids(rows, month)
        return tuple(self.mixed_with_bad(rows, month))

    def next_content(self, month: date, history: Sequence[Rows]) -> Rows:
        """What a later publication of the month holds."""
        rng = self.rng
        chance = rng.random()
        if chance < 0.2:
            return history[-1]
        if chance < 0.35:
            return self.respelled(history[-1])
        if chance < 0.5:
            return rng.choice(history)
        if chance < 0.53:
            return self.around_the_limit(month)
        if chance < 0.56:
            return self.only_bad(month)
        if chance < 0.58 and not self.has_empty_file:
            self.has_empty_file = True
            return ()
        return self.revised(month, history[-1])

    def row(self, month: date) -> Row:
        """A sound row; one with a Crime ID unless it is anti-social behaviour, as a rule."""
        rng = self.rng
        category = ASB if rng.random() < 0.35 else rng.choice(sorted(categories(month)))
        category = self.only_category or category
        longitude, latitude, location, lsoa_code, lsoa_name = rng.choice(PLACES[:2] if category == ASB else PLACES)
        has_id = rng.random() < (0.03 if category == ASB else 0.92)
        return {
            "Crime ID": self.crime_id() if has_id else "",
            "Month": f"{month:%Y-%m}",
            "Reported by": self.force,
            "Falls within": self.force,
            "Longitude": longitude,
            "Latitude": latitude,
            "Location": location,
            "LSOA code": lsoa_code,
            "LSOA name": lsoa_name,
            "Crime type": category,
            "Last outcome category": "" if category == ASB else rng.choice(OUTCOMES),
            "Context": "",
        }

    def crime_id(self) -> str:
        """A Crime ID: a new one as a rule, else one that another row of this world has."""
        if self.crime_ids and self.rng.random() < 0.03:
            return self.rng.choice(self.crime_ids)
        self.crime_ids.append(f"{self.rng.getrandbits(256):064x}")
        return self.crime_ids[-1]

    def with_repeated_ids(self, rows: Sequence[Row], month: date) -> list[Row]:
        """Some rows again, anywhere in the file: a full copy, one that differs, or a quarantined one."""
        rng = self.rng
        result = list(rows)
        for row in rows:
            if row["Crime ID"] and rng.random() < 0.4:
                again = dict(row)
                difference = rng.choice(("none", "outcome", "place", "category", "quarantined"))
                if difference == "outcome":
                    again["Last outcome category"] = rng.choice(OUTCOMES)
                elif difference == "place":
                    again["Longitude"], again["Latitude"], again["Location"], *_ = rng.choice(PLACES)
                elif difference == "category":
                    again["Crime type"] = rng.choice(sorted(categories(month)))
                elif difference == "quarantined":
                    again["Crime type"] = rng.choice(NO_CRIME_TYPES)
                result.insert(rng.randint(0, len(result)), again)
        return result

    def mixed_with_bad(self, rows: Sequence[Row], month: date) -> list[Row]:
        """The rows, some of them spoilt: in a small share each for critical rules and for warnings."""
        result: list[Row] = []
        for row in rows:
            chance = self.rng.random()
            if chance < 0.04:
                result.append(self.quarantined(row, month))
            elif chance < 0.12:
                result.append(self.warned(row))
            else:
                result.append(row)
        return result

    def quarantined(self, row: Row, month: date) -> Row:
        """The row, breaking one critical rule."""
        rng = self.rng
        not_this_months = [name for name in PREDECESSORS_AND_SUCCESSORS if name not in categories(month)]
        others = [force for force in OTHER_FORCES if force != row["Reported by"]]
        crime_id = row["Crime ID"] or f"{rng.getrandbits(256):064x}"
        spoilt = {
            "Crime ID": ["1", crime_id[1:], f"{crime_id}0", f"g{crime_id[1:]}", f"A{crime_id[1:]}"],
            "Month": [f"{months_later(month, 1):%Y-%m}", f"{month:%Y/%m}", f"{month:%Y-%m}-01", ""],
            "Reported by": [*others, ""],
            "Crime type": [*NO_CRIME_TYPES, *not_this_months],
        }
        header = rng.choice(list(spoilt))
        return {**row, header: rng.choice(spoilt[header])}

    def warned(self, row: Row) -> Row:
        """The row, breaking one warning rule or spelled oddly; it is still accepted."""
        rng = self.rng
        changes: list[Row] = [
            {"Longitude": ""},
            {"Latitude": ""},
            {"Longitude": "-0.1", "Latitude": ""},
            {"Longitude": "0", "Latitude": "0"},
            {"Longitude": "-9.000001", "Latitude": "51.5"},
            {"Longitude": "2.100001", "Latitude": "51.5"},
            {"Longitude": "51.5", "Latitude": "-0.1"},
            {"Longitude": "-0.1", "Latitude": "61.2"},
            {"Longitude": "-9", "Latitude": "61.1"},
            {"Longitude": "n/a", "Latitude": "51.5"},
            {"Longitude": "-0.1", "Latitude": "51,5"},
            {"LSOA code": "E0100001"},
            {"LSOA code": "E02000001"},
            {"LSOA code": "e01000001"},
            {"LSOA code": "X01000001"},
            {"LSOA code": "E010000012"},
            {"LSOA code": "95GG10S"},
            {"Last outcome category": "Lost in the post"},
            {"Falls within": ""},
            {"Falls within": rng.choice(OTHER_FORCES)},
            {"Context": "Seen by two people"},
            {"Location": f"  {row['Location']} "},
            {"Crime type": f"{row['Crime type']} ", "Reported by": f" {row['Reported by']}"},
        ]
        return {**row, **rng.choice(changes)}

    def around_the_limit(self, month: date) -> Rows:
        """A file with as many bad rows as rejects it, or just does not (over 20 per cent and at least 10)."""
        rng = self.rng
        bad, good = rng.choice(((9, 2), (10, 3), (10, 39), (10, 40), (11, 43), (11, 44), (12, 0), (9, 36)))
        rows = [self.row(month) for _ in range(bad + good)]
        rows = [{**row, "Crime type": rng.choice(NO_CRIME_TYPES)} for row in rows[:bad]] + rows[bad:]
        rng.shuffle(rows)
        return tuple(rows)

    def only_bad(self, month: date) -> Rows:
        """A file of a few rows, all to be quarantined."""
        rows = [self.row(month) for _ in range(self.rng.randint(1, 9))]
        return tuple({**row, "Month": "2009-13"} for row in rows)

    def revised(self, month: date, rows: Rows) -> Rows:
        """The month as a later publication has it: rows gone, new, with another category or outcome."""
        rng = self.rng
        result: list[Row] = []
        for row in rows:
            chance = rng.random()
            if chance < 0.1:
                continue
            if chance < 0.2:
                result.append({**row, "Crime type": rng.choice(sorted(categories(month)))})
            elif chance < 0.35:
                result.append({**row, "Last outcome category": rng.choice(OUTCOMES)})
            elif chance < 0.37:
                result.append({**row, "Context": "Reviewed"})
            else:
                result.append(row)
        result += [self.row(month) for _ in range(rng.choice((0, 0, 1, 2)))]
        return tuple(result) or (self.row(month),)

    def respelled(self, rows: Rows) -> Rows:
        """The same content in other text: rows in another order, spaces around values, zeros at ends."""
        rng = self.rng
        result = list(rows)
        crime_ids = [row["Crime ID"] for row in rows if row["Crime ID"]]
        if len(crime_ids) == len(set(crime_ids)):  # else another row of an id might become its last one
            rng.shuffle(result)
        return tuple(
            {
                **row,
                "Location": f" {row['Location']}",
                "Latitude": f"{row['Latitude']}0" if "." in row["Latitude"] else row["Latitude"],
                "LSOA name": f"{row['LSOA name']} ",
            }
            for row in result
        )
