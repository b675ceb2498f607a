"""Random landing folders of a force's own records: small, and full of what happens to records and files.

A world is of one source and of one or two forces, which send extracts of some months: on the last day of a month, in
the week after, or any day. Records come late, change, also several columns at once, and are supplied again as they
were. Extracts are re-supplied under a higher revision, rejected, left out, or have no rows. Some files are there twice
or contradict each other. What the records are and how they change is told for each source.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from pathlib import Path
from random import Random
from typing import Any, Generic, TypeVar

from tests.model.changes import Delivery, Record
from tests.model.months import last_of_month, months_later, span
from tests.model.record_files import DAY, Style, Text, as_file, some_style

LAST_EXTRACT = date(2025, 12, 31)
"""No file of any world has a later extract date: `today` after this day makes none of them a future one."""

LAST_MONTH = date(2025, 10, 1)
"""Extracts that tell of this month come until then."""

DEFAULT_FORCE = "City of London Police"
FOLDER_FORCES = {"kent": "Kent Police"}
"""Folder in the landing folder -> force, as the settings must say."""

STARTS = (
    *(date(2012, 2, 1), date(2012, 11, 1), date(2015, 6, 1), date(2017, 2, 1), date(2017, 3, 1), date(2019, 3, 1)),
    *(date(2020, 2, 1), date(2022, 12, 1), date(2023, 3, 1), date(2023, 11, 1)),
)
"""First months of which many lie before a change of the offence classes."""

CLOCK_EDGES = (time(0), time(5, 59, 59), time(6), time(17, 59, 59), time(18), time(23, 59, 59))

R = TypeVar("R", bound=Record)


@dataclass(frozen=True)
class Drop:
    """One file in the landing folder. It is no delivery of its own when another file is the same one."""

    path: str
    content: bytes
    delivery: Delivery[Any] | None
    is_contradiction: bool = False
    """Whether another file claims the same extract with other content."""


@dataclass(frozen=True)
class Shape:
    """How large a world is; `records` is how many records a force adds in a month at most."""

    months: tuple[int, int]
    records: int


SHORT, MIDDLE, LONG = Shape((1, 4), 5), Shape((5, 15), 3), Shape((26, 64), 1)
DENSE = Shape((1, 3), 30)


def shape_and_start(seeds: Sequence[int]) -> tuple[Shape, date]:
    """What worlds that share a landing folder have in common: a shape, each in its turn, and a first month."""
    return (SHORT, DENSE, MIDDLE)[seeds[0] // len(seeds) % 3], Random(seeds[0]).choice(STARTS)


def in_byte_order(drops: Iterable[Drop]) -> list[Drop]:
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


def known_on(today: date, drops: Iterable[Drop]) -> list[Delivery[Any]]:
    """The deliveries with the fates that they have on a day: an extract of the future is rejected unread."""
    return [
        replace(delivery, rows=(), quarantined=0, is_rejected=True, received=None)
        if delivery.extract_date > today
        else delivery
        for delivery in deliveries(drops)
    ]


def deliveries(drops: Iterable[Drop]) -> list[Delivery[Any]]:
    return [drop.delivery for drop in drops if drop.delivery]


def of_source(source: str, deliveries: Iterable[Delivery[Any]]) -> list[Delivery[Any]]:
    return [delivery for delivery in deliveries if delivery.source == source]


def write(drops: Iterable[Drop], folder: Path) -> None:
    for drop in drops:
        path = folder / drop.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(drop.content)


class World(ABC, Generic[R]):
    """The making of one world: the files placed so far, and the force at hand with its records as last accepted."""

    source: str
    header: Sequence[str]
    personal: Mapping[str, str]
    needed: Sequence[str]
    """Columns of which a file can lack none."""

    def __init__(self, rng: Random, shape: Shape | None = None, first: date | None = None) -> None:
        self.rng = rng
        self.shape = shape or rng.choices((SHORT, MIDDLE, LONG), (6, 4, 1))[0]
        self.first = first or (
            rng.choice(STARTS) if rng.random() < 0.6 else months_later(STARTS[0], rng.randint(0, 140))
        )
        self.placed: list[Drop] = []
        self.force = ""
        self.records: dict[str, R] = {}
        self.last_number = 0
        self.first_day = date.min

    def drops(self) -> list[Drop]:
        rng = self.rng
        months = span(self.first, min(LAST_MONTH, months_later(self.first, rng.randint(*self.shape.months) - 1)))
        self.prepare()
        self.rejected_share = rng.choice((0, 0, 0.1, 0.25))
        self.gap_share = rng.choice((0, 0.1, 0.3))
        for folder, force in rng.sample([("", DEFAULT_FORCE), *FOLDER_FORCES.items()], rng.choice((1, 1, 2))):
            self.force, self.records, self.last_number = force, {}, 0
            self.first_day = rng.choice(months[:2])
            for extract_date in self.extract_dates(months):
                self.send(folder, extract_date, rng.randint(0, self.shape.records))
        return in_byte_order(self.placed)

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
        rows: list[R] = self.content(extract_date, size)
        accepted: list[R] = []
        for revision in range(1, 1 + rng.choices((1, 2, 3), (88, 10, 2))[0]):
            if revision > 1:
                rows = self.corrected(rows, extract_date)
            if rng.random() < self.rejected_share:
                self.place_rejected(folder, extract_date, revision, rows)
            else:
                accepted = rows
                self.place(folder, extract_date, revision, rows)
        self.records |= {record.key: record for record in accepted}

    def place(self, folder: str, extract_date: date, revision: int, rows: list[R]) -> None:
        """Place an accepted file, with some copies of rows and some spoilt rows; now and then twice or contradicted."""
        rng = self.rng
        style = some_style(rng)
        copied = [*rows, *(record for record in rows if rng.random() < 0.05)]
        rng.shuffle(copied)
        records = [(self.as_text(record, style), True) for record in copied]
        bad = [(record, False) for record in self.bad_records(rows, extract_date, style)]
        for record in bad:
            records.insert(rng.randint(0, len(records)), record)
        delivery = Delivery(
            self.force,
            extract_date,
            tuple(copied),
            revision,
            quarantined=len(bad),
            is_packed=style.is_packed,
            source=self.source,
        )
        content = self.as_file([text for text, _ in records], style)
        name = delivery.file_name
        self.placed.append(Drop(f"{folder}/{name}".lstrip("/"), content, delivery))
        if folder:
            return
        if rng.random() < 0.04:
            self.placed.append(Drop(f"zz-again/{name}", content, None))
        elif rng.random() < 0.04:
            others = [self.new_record(extract_date) for _ in range(rng.randint(1, 3))]
            plain = self.as_file([self.as_text(record, style) for record in others], style)
            conflict = replace(delivery, rows=(), quarantined=0, is_rejected=True, received=len(others))
            self.placed.append(Drop(f"zz-other/{name}", plain, conflict, is_contradiction=True))

    def place_rejected(self, folder: str, extract_date: date, revision: int, rows: list[R]) -> None:
        """Place a file with too many bad rows, without a column that it needs, or with nothing in it."""
        rng = self.rng
        style = some_style(rng)
        records = [self.as_text(record, style) for record in rows]
        received: int | None = None
        content = b""
        kind = rng.choice(("bad rows", "bad rows", "no column", "nothing"))
        if kind == "bad rows":
            bad = max(10, len(records) // 4 + 1)
            records += [self.bad_record(self.new_record(extract_date), extract_date, style) for _ in range(bad)]
            received = len(records)
            content = self.as_file(records, style)
        elif kind == "no column":
            content = self.as_file(records, style, without=[rng.choice(self.needed)])
        is_packed = style.is_packed and content != b""
        delivery = Delivery(
            self.force,
            extract_date,
            revision=revision,
            is_rejected=True,
            received=received,
            is_packed=is_packed,
            source=self.source,
        )
        self.placed.append(Drop(f"{folder}/{delivery.file_name}".lstrip("/"), content, delivery))

    def bad_records(self, rows: list[R], extract_date: date, style: Style) -> list[Text]:
        """A few rows to be quarantined: spoilt ones, or copies of one record that differ. None is of a sound row."""
        rng = self.rng
        keys = {record.key for record in rows}
        known = [record for key, record in self.records.items() if key not in keys]

        def some_record() -> R:
            return rng.choice(known) if known and rng.random() < 0.5 else self.new_record(extract_date)

        bad = [self.bad_record(some_record(), extract_date, style) for _ in range(rng.choice((0, 0, 0, 0, 1, 2)))]
        if rng.random() < 0.08:
            record = some_record()
            other = self.differing(record)
            bad += [self.as_text(each, style) for each in rng.choice(((record, other), (record, other, record)))]
        return bad

    def bad_record(self, record: R, extract_date: date, style: Style) -> Text:
        return self.spoilt(self.as_text(record, style), extract_date)

    def as_file(self, records: Sequence[Text], style: Style, without: Iterable[str] = ()) -> bytes:
        return as_file(records, self.header, self.personal, style, self.rng, without=without)

    # ---- contents

    def content(self, extract_date: date, size: int) -> list[R]:
        """What a force tells at an extract: new records, changes of known ones, and some that did not change."""
        rng = self.rng
        if rng.random() < 0.08:
            return []
        rows = [self.new_record(extract_date) for _ in range(size)]
        for record in self.records.values():
            chance = rng.random()
            if chance < 0.25:
                rows.append(self.changed(record, extract_date))
            elif chance < 0.32:
                rows.append(record)
        return rows

    def corrected(self, rows: list[R], extract_date: date) -> list[R]:
        """The content of an extract as a higher revision has it."""
        rng = self.rng
        kept = [record for record in rows if rng.random() >= 0.2]
        result = [self.changed(record, extract_date) if rng.random() < 0.3 else record for record in kept]
        return result + [self.new_record(extract_date) for _ in range(rng.choice((0, 0, 1)))]

    def next_number(self) -> int:
        """The number of a new record; two forces use the same ones."""
        self.last_number += 1
        return self.last_number

    def moment(self, extract_date: date) -> datetime:
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

    # ---- what a source has of its own

    def prepare(self) -> None:
        """Choose what all files of the world have in common."""

    @abstractmethod
    def new_record(self, extract_date: date) -> R:
        """A record that was not there before, as it may be in an extract of the day."""

    @abstractmethod
    def changed(self, record: R, extract_date: date) -> R:
        """The record as the force sees it later; now and then as it was."""

    @abstractmethod
    def differing(self, record: R) -> R:
        """A copy of the record that is not equal."""

    @abstractmethod
    def as_text(self, record: R, style: Style) -> Text:
        """The record as a row of a file."""

    @abstractmethod
    def spoilt(self, text: Text, extract_date: date) -> Text:
        """The row, breaking one critical rule."""
