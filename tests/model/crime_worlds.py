"""Random landing folders of a force's own crimes.

Beside what happens in every world: crimes are recorded late, reclassified, cancelled and reinstated, transferred,
moved to another month; their times and places change.
"""

from collections.abc import Callable, Sequence
from datetime import date, datetime, time, timedelta
from random import Random

from tests.model.crime_files import HEADER, PERSONAL, as_text, spoilt
from tests.model.crime_measures import CLASSES, PAIRS, TAG_MEASURES, Crime
from tests.model.crime_profiles import CIRCUMSTANCES
from tests.model.months import last_of_month, months_later
from tests.model.record_files import DAY, Style, Text
from tests.model.record_worlds import Drop, World, in_byte_order, renamed, shape_and_start

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

MINUTE, HOUR, WEEK = timedelta(minutes=1), timedelta(hours=1), timedelta(weeks=1)
SECOND = timedelta(seconds=1)


def world(seed: int) -> list[Drop]:
    """The files of one random world, in the byte order of their paths. The same seed gives the same world."""
    return CrimeWorld(Random(seed)).drops()


def worlds_together(seeds: Sequence[int]) -> list[Drop]:
    """The files of several worlds of one time in one landing folder, in the byte order of their paths.

    They don't touch each other but for the months that they share: each world has forces, and so folders, of its own.
    """
    shape, first = shape_and_start(seeds)
    return in_byte_order(
        renamed(drop, seed)
        for seed in seeds
        for drop in CrimeWorld(Random(seed), shape, months_later(first, seed % 2)).drops()
    )


class CrimeWorld(World[Crime]):
    """The making of a world of crimes."""

    source = "crimes"
    header = HEADER
    personal = PERSONAL
    needed = ("status", "street", "recorded_at")

    def prepare(self) -> None:
        self.favourites = self.rng.sample(FAVOURITES, self.rng.randint(2, 7))

    def as_text(self, record: Crime, style: Style) -> Text:
        return as_text(record, style, self.rng)

    def spoilt(self, text: Text, extract_date: date) -> Text:
        return spoilt(text, extract_date, self.rng)

    def differing(self, record: Crime) -> Crime:
        return record._replace(offence=f"{record.offence or ''} (copy)")

    # ---- records

    def new_record(self, extract_date: date) -> Crime:
        rng = self.rng
        number = self.next_number()
        recorded_at = self.moment(extract_date)
        class_code, sub_code = self.offence(recorded_at.date())
        outcome_code = rng.choice((None, None, *OUTCOMES))
        place, place_type = rng.choice((*PREMISES, (None, None), (None, "street")))
        is_located = rng.random() < 0.5
        crime = Crime(
            crime_number=f"CR/{number:04}",
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

    def changed(self, record: Crime, extract_date: date) -> Crime:
        """One change as a rule, sometimes two."""
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
            record = change(record, extract_date)
        return record

    def cancelled_or_reinstated(self, crime: Crime, _: date) -> Crime:
        return crime._replace(status=self.rng.choice(("cancelled", "transferred")) if crime.is_counted else "recorded")

    def reclassified(self, crime: Crime, _: date) -> Crime:
        class_code, sub_code = self.offence(crime.recorded_at.date())
        return crime._replace(class_code=class_code, sub_code=sub_code)

    def moved(self, crime: Crime, extract_date: date) -> Crime:
        """Recorded at another time; what must fit that time fits again."""
        recorded_at = self.moment(extract_date)
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
