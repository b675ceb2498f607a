"""Random landing folders of a force's own crimes: small, and full of what happens to records and files.

A world is of one or two forces, which send extracts of some months: on the last day of a month, in the week after,
or any day. Records are recorded late, reclassified, cancelled and reinstated, transferred, moved to another month,
also several at once; their times and places change; they are supplied again as they were. Extracts are re-supplied
under a higher revision, rejected, left out, or have no rows. Some files are there twice or contradict each other.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from pathlib import Path
from random import Random

from tests.model.crime_files import DAY, Record, Style, as_file, as_text, some_style, spoilt
from tests.model.crime_measures import CLASSES, PAIRS, TAG_MEASURES, Crime
from tests.model.crime_profiles import CIRCUMSTANCES
from tests.model.crimes import Delivery
from tests.model.months import last_of_month, months_later, span

LAST_EXTRACT = date(2025, 12, 31)
"""No file of any world has a later extract date: `today` after this day makes none of them a future one."""

DEFAULT_FORCE = "City of London Police"
FOLDER_FORCES = {"kent": "Kent Police"}
"""Folder in the landing folder -> force, as the settings must say."""

STARTS = (
    *(date(2012, 2, 1), date(2012, 11, 1), date(2015, 6, 1), date(2017, 2, 1), date(2017, 3, 1), date(2019, 3, 1)),
    *(date(2020, 2, 1), date(2022, 12, 1), date(2023, 3, 1), date(2023, 11, 1)),
)
"""First months of which many lie before a change of the offence classes."""

FAVOURITES = (
    *(("8N", "008/06"), ("8N", "008/01"), ("8S", "005/01"), ("8T", "008/06"), ("5D", "005/01"), ("105A", "105/01")),
    *(("105A", "105/04"), ("105A", "008/73"), ("104", "008/73"), ("8R", None), ("8L", None), ("34A", "034/01")),
    *(("34B", "034/01"), ("19C", None), ("17A", None), ("1", None), ("4.4", None), ("37.1", None), ("72", "105/01")),
    *(
        ("46", None),
        ("39", None),
        ("44", None),
        ("49", None),
        ("35", None),
        ("37.2", None),
        ("48", None),
        ("28E", None),
    ),
    *(("28A", None), ("28I", None), ("30C", None), ("30A", None), ("9A", "125/11"), ("9A", "125/09"), ("9A", "125/12")),
    *(("9B", "008/55"), ("62A", "065/00"), ("66", "066/01"), ("66", "066/98"), ("58A", None), ("33A", "008/06")),
)
STREETS = ("Poultry", "Bishopsgate", "St Mary Axe", 'Street "A", North')
WARDS = ("Bishopsgate", "Bridge", "Cheap", "Walbrook")
PREMISES = (("The Counting House, Cornhill", "licensed"), ("Café 1901", "licensed"), ("Tower 42", "office"))
VICTIMS = ("public", "staff", "police_officer", "emergency_worker", "custody_officer", "business")
TAGS = (*TAG_MEASURES.values(), "shoelaces")
OUTCOMES = ("1", "1A", "3A", "8", "14", "16", "18")
CLOCK_EDGES = (time(0), time(5, 59, 59), time(6), time(17, 59, 59), time(18), time(23, 59, 59))

MINUTE, HOUR, WEEK = timedelta(minutes=1), timedelta(hours=1), timedelta(weeks=1)
SECOND = timedelta(seconds=1)


@dataclass(frozen=True)
class Drop:
    """One file in the landing folder. It is no delivery of its own when another file is the same one."""

    path: str
    content: bytes
    delivery: Delivery | None
    is_contradiction: bool = False
    """Whether another file claims the same extract with other content."""


@dataclass(frozen=True)
class Shape:
    """How large a world is; `records` is how many records a force adds in a month at most."""

    months: tuple[int, int]
    records: int


SHORT, MIDDLE, LONG = Shape((1, 4), 5), Shape((5, 15), 3), Shape((26, 64), 1)
DENSE = Shape((1, 3), 30)


def world(seed: int) -> list[Drop]:
    """The files of one random world, in the byte order of their paths. The same seed gives the same world."""
    return World(Random(seed)).drops()


def worlds_together(seeds: Sequence[int]) -> list[Drop]:
    """The files of several worlds of one time in one landing folder, in the byte order of their paths.

    They don't touch each other but for the months that they share: each world has forces, and so folders, of its own.
    All are of one shape, each in its turn.
    """
    shape = (SHORT, DENSE, MIDDLE)[seeds[0] // len(seeds) % 3]
    first = Random(seeds[0]).choice(STARTS)
    drops = [
        renamed(drop, seed)
        for seed in seeds
        for drop in World(Random(seed), shape, months_later(first, seed % 2)).drops()
    ]
    return sorted(drops, key=lambda drop: drop.path.encode())


def renamed(drop: Drop, seed: int) -> Drop:
    """The file as one of its world's own forces has it, under a folder that the settings name."""
    steps = drop.path.split("/")
    folder, rest = (steps[0], steps[1:]) if steps[0] in FOLDER_FORCES else ("city", steps)
    delivery = drop.delivery and replace(drop.delivery, force=f"{drop.delivery.force} {seed}")
    return replace(drop, path="/".join([f"{folder}-{seed}", *rest]), delivery=delivery)


def folder_forces(seeds: Iterable[int]) -> dict[str, str]:
    """What the settings must say of the folders of `worlds_together`."""
    places = {"city": DEFAULT_FORCE, **FOLDER_FORCES}
    return {f"{folder}-{seed}": f"{force} {seed}" for seed in seeds for folder, force in places.items()}


def known_on(today: date, drops: Iterable[Drop]) -> list[Delivery]:
    """The deliveries with the fates that they have on a day: an extract of the future is rejected unread."""
    return [
        replace(delivery, rows=(), quarantined=0, is_rejected=True, received=None)
        if delivery.extract_date > today
        else delivery
        for delivery in deliveries(drops)
    ]


def deliveries(drops: Iterable[Drop]) -> list[Delivery]:
    return [drop.delivery for drop in drops if drop.delivery]


def write(drops: Iterable[Drop], folder: Path) -> None:
    for drop in drops:
        path = folder / drop.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(drop.content)


class World:
    """The making of one world: the files placed so far, and the force at hand with its records as last accepted."""

    def __init__(self, rng: Random, shape: Shape | None = None, first: date | None = None) -> None:
        self.rng = rng
        self.shape = shape or rng.choices((SHORT, MIDDLE, LONG), (6, 4, 1))[0]
        self.first = first or (
            rng.choice(STARTS) if rng.random() < 0.6 else months_later(STARTS[0], rng.randint(0, 140))
        )
        self.placed: list[Drop] = []
        self.force = ""
        self.records: dict[str, Crime] = {}
        self.last_number = 0
        self.first_day = date.min

    def drops(self) -> list[Drop]:
        rng = self.rng
        months = span(self.first, months_later(self.first, rng.randint(*self.shape.months) - 1))
        self.favourites = rng.sample(FAVOURITES, rng.randint(2, 7))
        self.rejected_share = rng.choice((0, 0, 0.1, 0.25))
        self.gap_share = rng.choice((0, 0.1, 0.3))
        for folder, force in rng.sample([("", DEFAULT_FORCE), *FOLDER_FORCES.items()], rng.choice((1, 1, 2))):
            self.force, self.records, self.last_number = force, {}, 0
            self.first_day = rng.choice(months[:2])
            for extract_date in self.extract_dates(months):
                self.send(folder, extract_date, rng.randint(0, self.shape.records))
        return sorted(self.placed, key=lambda drop: drop.path.encode())

    def extract_dates(self, months: list[date]) -> list[date]:
        """When the force sends extracts: about one a month, on a day of its habit or on any."""
        rng = self.rng
        habits: list[Callable[[date], date]] = [
            last_of_month,
            lambda month: months_later(month, 1) + 6 * DAY,
            lambda month: last_of_month(month) - rng.randint(0, 1) * DAY,
            lambda month: month + rng.randint(0, 50) * DAY,
        ]
        habit = rng.choice(habits)
        dates = {habit(month) for month in months if rng.random() >= self.gap_share}
        dates |= {
            rng.choice(months) + rng.choice((0, rng.randint(1, 40))) * DAY for _ in range(rng.choice((0, 0, 1, 3)))
        }
        return sorted(dates) or [last_of_month(months[0])]

    # ---- files

    def send(self, folder: str, extract_date: date, size: int) -> None:
        """Place an extract with its revisions; the last one that is accepted is what is known from then on."""
        rng = self.rng
        rows: list[Crime] = self.content(extract_date, size)
        accepted: list[Crime] = []
        for revision in range(1, 1 + rng.choices((1, 2, 3), (88, 10, 2))[0]):
            if revision > 1:
                rows = self.corrected(rows, extract_date)
            if rng.random() < self.rejected_share:
                self.place_rejected(folder, extract_date, revision, rows)
            else:
                accepted = rows
                self.place(folder, extract_date, revision, rows)
        self.records |= {crime.crime_number: crime for crime in accepted}

    def place(self, folder: str, extract_date: date, revision: int, rows: list[Crime]) -> None:
        """Place an accepted file, with some copies of rows and some spoilt rows; now and then twice or contradicted."""
        rng = self.rng
        style = some_style(rng)
        copied = [*rows, *(crime for crime in rows if rng.random() < 0.05)]
        rng.shuffle(copied)
        records = [(as_text(crime, style, rng), True) for crime in copied]
        bad = [(record, False) for record in self.bad_records(rows, extract_date, style)]
        for record in bad:
            records.insert(rng.randint(0, len(records)), record)
        delivery = Delivery(
            self.force, extract_date, tuple(copied), revision, quarantined=len(bad), is_packed=style.is_packed
        )
        content = as_file([record for record, _ in records], style, rng)
        name = delivery.file_name
        self.placed.append(Drop(f"{folder}/{name}".lstrip("/"), content, delivery))
        if folder:
            return
        if rng.random() < 0.04:
            self.placed.append(Drop(f"zz-again/{name}", content, None))
        elif rng.random() < 0.04:
            others = [self.new_crime(extract_date) for _ in range(rng.randint(1, 3))]
            plain = as_file([as_text(crime, style, rng) for crime in others], style, rng)
            conflict = replace(delivery, rows=(), quarantined=0, is_rejected=True, received=len(others))
            self.placed.append(Drop(f"zz-other/{name}", plain, conflict, is_contradiction=True))

    def place_rejected(self, folder: str, extract_date: date, revision: int, rows: list[Crime]) -> None:
        """Place a file with too many bad rows, without a column that it needs, or with nothing in it."""
        rng = self.rng
        style = some_style(rng)
        records = [as_text(crime, style, rng) for crime in rows]
        received: int | None = None
        content = b""
        kind = rng.choice(("bad rows", "bad rows", "no column", "nothing"))
        if kind == "bad rows":
            bad = max(10, len(records) // 4 + 1)
            records += [self.bad_record(self.new_crime(extract_date), extract_date, style) for _ in range(bad)]
            received = len(records)
            content = as_file(records, style, rng)
        elif kind == "no column":
            content = as_file(records, style, rng, without=[rng.choice(("status", "street", "recorded_at"))])
        is_packed = style.is_packed and content != b""
        delivery = Delivery(
            self.force, extract_date, (), revision, is_rejected=True, received=received, is_packed=is_packed
        )
        self.placed.append(Drop(f"{folder}/{delivery.file_name}".lstrip("/"), content, delivery))

    def bad_records(self, rows: list[Crime], extract_date: date, style: Style) -> list[Record]:
        """A few rows to be quarantined: spoilt ones, or copies of one record that differ. None is of a sound row."""
        rng = self.rng
        numbers = {crime.crime_number for crime in rows}
        known = [crime for number, crime in self.records.items() if number not in numbers]

        def some_crime() -> Crime:
            return rng.choice(known) if known and rng.random() < 0.5 else self.new_crime(extract_date)

        bad = [self.bad_record(some_crime(), extract_date, style) for _ in range(rng.choice((0, 0, 0, 0, 1, 2)))]
        if rng.random() < 0.08:
            crime = some_crime()
            other = crime._replace(offence=f"{crime.offence or ''} (copy)")
            bad += [as_text(each, style, rng) for each in rng.choice(((crime, other), (crime, other, crime)))]
        return bad

    def bad_record(self, crime: Crime, extract_date: date, style: Style) -> Record:
        return spoilt(as_text(crime, style, self.rng), extract_date, self.rng)

    # ---- contents

    def content(self, extract_date: date, size: int) -> list[Crime]:
        """What a force tells at an extract: new records, changes of known ones, and some that did not change."""
        rng = self.rng
        if rng.random() < 0.08:
            return []
        rows = [self.new_crime(extract_date) for _ in range(size)]
        for crime in self.records.values():
            chance = rng.random()
            if chance < 0.25:
                rows.append(self.changed(crime, extract_date))
            elif chance < 0.32:
                rows.append(crime)
        return rows

    def corrected(self, rows: list[Crime], extract_date: date) -> list[Crime]:
        """The content of an extract as a higher revision has it."""
        rng = self.rng
        kept = [crime for crime in rows if rng.random() >= 0.2]
        result = [self.changed(crime, extract_date) if rng.random() < 0.3 else crime for crime in kept]
        return result + [self.new_crime(extract_date) for _ in range(rng.choice((0, 0, 1)))]

    def new_crime(self, extract_date: date) -> Crime:
        """A record of its own number; two forces use the same numbers."""
        rng = self.rng
        self.last_number += 1
        recorded_at = self.recorded_at(extract_date)
        class_code, sub_code = self.offence(recorded_at.date())
        outcome_code = rng.choice((None, None, *OUTCOMES))
        place, place_type = rng.choice((*PREMISES, (None, None), (None, "street")))
        is_located = rng.random() < 0.5
        crime = Crime(
            crime_number=f"CR/{self.last_number:04}",
            status=rng.choice(("recorded",) * 12 + ("cancelled", "transferred")),
            class_code=class_code,
            sub_code=sub_code,
            offence=rng.choice((None, "As recorded", "Title, as recorded")),
            recorded_at=recorded_at,
            street=rng.choice((*STREETS, None)),
            ward=rng.choice((*WARDS, None)),
            premises=place,
            premises_type=place_type,
            easting=rng.randint(531500, 533500) if is_located else None,
            northing=rng.randint(180700, 182000) if is_located else None,
            outcome_code=outcome_code,
            outcome_at=recorded_at + rng.choice((0, 1, 30)) * DAY if outcome_code else None,
            alcohol=self.flag(),
            domestic_abuse=self.flag(),
            drugs=self.flag(),
            victim_type=rng.choice((*VICTIMS, None, None)),
            circumstance=rng.choice((*CIRCUMSTANCES, None, None)),
            method_tags=self.tags(),
            operation=rng.choice((None, None, None, "TUNDRA", "ROSE")),
        )
        return self.timed(crime)

    def flag(self) -> bool | None:
        return self.rng.choice((True, False, False, None))

    def tags(self) -> str | None:
        rng = self.rng
        return rng.choice((";", "; ")).join(rng.sample(TAGS, rng.choice((0, 0, 1, 1, 2)))) or None

    def offence(self, day: date) -> tuple[str, str | None]:
        """A class that is valid on the day, often a favourite of the world, with one of its sub-codes or none."""
        rng = self.rng
        for _ in range(8):
            class_code, sub_code = rng.choice(self.favourites if rng.random() < 0.85 else FAVOURITES)
            if is_valid(class_code, sub_code, day):
                return class_code, sub_code
        class_code = rng.choice([code for code in CLASSES if is_valid(code, None, day)])
        pairs = [pair.sub_code for pair in PAIRS if pair.class_code == class_code and pair.is_valid(day)]
        return class_code, rng.choice([*pairs, None])

    def recorded_at(self, extract_date: date) -> datetime:
        """A moment from the first day on, mostly not long before the extract, often at the edge of a month."""
        rng = self.rng
        days = max(0, (extract_date - self.first_day).days)
        ago = min(days, rng.choice((rng.randint(0, 31), rng.randint(0, 31), rng.randint(0, 100), 0)))
        day = extract_date - ago * DAY
        chance = rng.random()
        if chance < 0.1:
            return datetime.combine(day.replace(day=1), time.min)
        if chance < 0.2:
            return datetime.combine(min(last_of_month(day), extract_date), time(23, 59, 59))
        return datetime.combine(day, self.clock())

    def clock(self) -> time:
        rng = self.rng
        if rng.random() < 0.3:
            return rng.choice(CLOCK_EDGES)
        return time(rng.randint(0, 23), rng.randint(0, 59), rng.choice((0, 0, rng.randint(0, 59))))

    # ---- times

    def timed(self, crime: Crime) -> Crime:
        """The crime with times of report and of commission that fit its time of recording."""
        committed_from, committed_to = self.committed(crime.recorded_at)
        return crime._replace(
            reported_at=self.reported_at(crime.recorded_at), committed_from=committed_from, committed_to=committed_to
        )

    def reported_at(self, recorded_at: datetime) -> datetime | None:
        rng = self.rng
        before = (0 * DAY, 20 * MINUTE, DAY - SECOND, DAY, DAY + SECOND, rng.randint(1, 40) * DAY)
        return None if rng.random() < 0.15 else recorded_at - rng.choice(before)

    def committed(self, recorded_at: datetime) -> tuple[datetime | None, datetime | None]:
        """From and to: of seconds up to weeks, across midnights, month ends and clock changes; one or both may lack."""
        rng = self.rng
        lengths: list[timedelta] = [
            0 * DAY,
            rng.randint(1, 90) * SECOND,
            rng.randint(1, 59) * MINUTE,
            HOUR,
            rng.randint(2, 30) * HOUR + rng.randint(0, 59) * MINUTE,
            rng.randint(2, 6) * DAY + rng.randint(0, 86399) * SECOND,
            WEEK,
            WEEK - SECOND,
            WEEK + SECOND,
            rng.randint(8, 40) * DAY,
        ]
        day = (recorded_at - rng.choice((0, 1, 1, 3, 40, 400)) * DAY).date()
        starts = [
            datetime.combine(day, self.clock()),
            datetime.combine(day, time(rng.randint(17, 23), rng.randint(0, 59))),
            datetime.combine(day.replace(day=1), time.min) - rng.randint(1, 59) * MINUTE,
            datetime.combine(clock_change(day), time.min) + rng.randint(-2 * 60, 4 * 60) * MINUTE,
        ]
        start = min(rng.choice(starts), recorded_at)
        end = start + rng.choice(lengths)
        return rng.choice(((start, end),) * 7 + ((start, None), (None, end), (None, None)))

    # ---- changes

    def changed(self, crime: Crime, extract_date: date) -> Crime:
        """The record as the force sees it later: one change as a rule, sometimes two."""
        rng = self.rng
        changes: list[Callable[[Crime, date], Crime]] = [
            self.cancelled_or_reinstated,
            self.cancelled_or_reinstated,
            self.reclassified,
            self.reclassified,
            self.moved,
            self.moved,
            self.timed_anew,
            self.placed_anew,
            self.seen_anew,
            self.told_anew,
        ]
        for change in rng.sample(changes, rng.choice((1, 1, 2, 3))):
            crime = change(crime, extract_date)
        return crime

    def cancelled_or_reinstated(self, crime: Crime, _: date) -> Crime:
        return crime._replace(status=self.rng.choice(("cancelled", "transferred")) if crime.is_counted else "recorded")

    def reclassified(self, crime: Crime, _: date) -> Crime:
        class_code, sub_code = self.offence(crime.recorded_at.date())
        return crime._replace(class_code=class_code, sub_code=sub_code)

    def moved(self, crime: Crime, extract_date: date) -> Crime:
        """Recorded at another time; what must fit that time fits again."""
        recorded_at = self.recorded_at(extract_date)
        moved = crime._replace(recorded_at=recorded_at, outcome_at=crime.outcome_at and recorded_at + DAY)
        if not is_valid(crime.class_code, crime.sub_code, recorded_at.date()):
            moved = self.reclassified(moved, extract_date)
        is_late = any(moment and moment > recorded_at for moment in (crime.reported_at, crime.committed_from))
        return self.timed(moved) if is_late else moved

    def timed_anew(self, crime: Crime, _: date) -> Crime:
        return self.timed(crime)

    def placed_anew(self, crime: Crime, _: date) -> Crime:
        rng = self.rng
        return crime._replace(street=rng.choice((*STREETS, None)), ward=rng.choice((*WARDS, None)))

    def seen_anew(self, crime: Crime, _: date) -> Crime:
        return crime._replace(
            victim_type=self.rng.choice((*VICTIMS, None)),
            circumstance=self.rng.choice((*CIRCUMSTANCES, None)),
            method_tags=self.tags(),
            operation=self.rng.choice((None, "TUNDRA", "ROSE")),
            alcohol=self.flag(),
        )

    def told_anew(self, crime: Crime, _: date) -> Crime:
        return crime._replace(offence=self.rng.choice((None, "As recorded", "Told anew")))


def is_valid(class_code: str, sub_code: str | None, day: date) -> bool:
    """Whether a crime can be recorded on the day under the class and sub-code."""
    offence_class = CLASSES[class_code]
    pairs = [pair for pair in PAIRS if pair.class_code == class_code]
    is_taken = sub_code is None or not pairs or any(pair.sub_code == sub_code and pair.is_valid(day) for pair in pairs)
    return offence_class.is_recordable and offence_class.is_valid(day) and is_taken


def clock_change(day: date) -> date:
    """The last Sunday of March or October before the day."""
    months = [date(day.year - 1, 10, 1), date(day.year, 3, 1), date(day.year, 10, 1)]
    sundays = [last_of_month(month) - last_of_month(month).isoweekday() % 7 * DAY for month in months]
    return max([sunday for sunday in sundays if sunday < day], default=sundays[0])
