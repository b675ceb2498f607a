"""What the warehouse must hold after street files of data.police.uk were delivered: slow and obviously right.

The model is written from the specification alone and shares no code with the warehouse. It takes files whose
header is sound and whose rows are well formed; what can go wrong before that (encodings, archives that
can't be read, missing columns) is tested elsewhere.

How the model reads what the specification leaves open:

* A file that was not rejected is accepted, also when every row of it is quarantined (under the limit): its month
  is complete, the earlier state of its slice ends, and the one that begins has no rows, so the month counts 0.
  The first month of a force is nevertheless the earliest with a row known then.
* Where nothing says the extract date, the default may lie ahead of a fresh publication: such a file is of the
  future only as long as its own month has not ended.
* A file conflicts with a delivery that stands, never with one that was itself rejected.
* A file that is read and then rejected (conflict, share of bad rows, no rows) has as many rows rejected as it
  received. One whose path alone rejects it (an impossible month, an extract in the future) is not read: its force
  is None, and so are received and rejected.
* Nobody reported a file whose `Reported by` is blank throughout, or that has no rows: its force is None.
* Where the force is None, the file's name says whose delivery it is: two empty files are one delivery only when
  their names are the same too, so that each force's is reported.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

from tests.model.hotspots import Places, hotspots
from tests.model.months import last_of_month, months_later, span
from tests.model.performance import Row, restatement, series

SOURCE = "police_uk_street"
RECORD_SOURCE = "police_uk"

HEADER = (
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

SIX_CATEGORIES = frozenset(
    {"Anti-social behaviour", "Burglary", "Other crime", "Robbery", "Vehicle crime", "Violent crime"}
)
ELEVEN_CATEGORIES = SIX_CATEGORIES | {
    "Criminal damage and arson",
    "Drugs",
    "Other theft",
    "Public disorder and weapons",
    "Shoplifting",
}
FOURTEEN_CATEGORIES = (ELEVEN_CATEGORIES - {"Violent crime", "Public disorder and weapons"}) | {
    "Bicycle theft",
    "Possession of weapons",
    "Public order",
    "Theft from the person",
    "Violence and sexual offences",
}
ALL_CATEGORIES = ELEVEN_CATEGORIES | FOURTEEN_CATEGORIES

ACQUISITIVE: dict[str, str] = {
    "burglary": "Burglary",
    "shoplifting": "Shoplifting",
    "theft_from_person": "Theft from the person",
    "bicycle_theft": "Bicycle theft",
    "vehicle_crime": "Vehicle crime",
    "theft_other": "Other theft",
}
MEASURES: dict[str, frozenset[str]] = {
    "all_crime": ALL_CATEGORIES - {"Anti-social behaviour"},
    "violence": frozenset({"Violence and sexual offences", "Violent crime", "Robbery"}),
    "robbery": frozenset({"Robbery"}),
    "acquisitive_crime": frozenset(ACQUISITIVE.values()),
    **{measure: frozenset({category}) for measure, category in ACQUISITIVE.items()},
    "public_order": frozenset({"Public order", "Public disorder and weapons"}),
    "asb": frozenset({"Anti-social behaviour"}),
}
THEMES: dict[str, tuple[str, ...]] = {
    "all_crime": ("all_crime",),
    "violence": ("violence", "robbery"),
    "acquisitive_crime": ("acquisitive_crime", *ACQUISITIVE),
    "public_order": ("public_order",),
    "asb": ("asb",),
}


@dataclass(frozen=True)
class File:
    """One file that lies in the landing folder, or one member of an archive there.

    `path` is relative to the landing folder, with forward slashes; an archive is one step of it
    (`2018-05.zip/2017-02/2017-02-kent-street.csv`). `rows` maps the headers of data.police.uk to the text
    exactly as in the file.
    """

    path: str
    rows: tuple[dict[str, str], ...]


class Crime(NamedTuple):
    """One accepted row after typing: the columns that are loaded, and so compared."""

    force: str
    month: date
    crime_id: str | None
    falls_within: str | None
    longitude: float | None
    latitude: float | None
    location: str | None
    lsoa_code: str | None
    lsoa_name: str | None
    crime_type: str
    last_outcome: str | None
    context: str | None


@dataclass(frozen=True)
class State:
    """What is known of one slice (a force and a month) from `known_from` until the day before `known_to`.

    It has no crimes when every row of the delivery that began it was quarantined.
    """

    force: str
    month: date
    crimes: tuple[Crime, ...]
    known_from: date
    known_to: date | None

    def is_known(self, as_of: date) -> bool:
        return self.known_from <= as_of and (self.known_to is None or as_of < self.known_to)

    def count(self, measure: str) -> int:
        return len(self.counted(measure))

    def counted(self, measure: str) -> list[Crime]:
        return [crime for crime in self.crimes if crime.crime_type in MEASURES[measure]]


@dataclass
class Delivery:
    """One line of the ledger, with the typed rows that were accepted and are not superseded in the file.

    `named_until` is the last day of what the path names: of the publication, or else of the file's own month.
    """

    file_name: str
    force: str | None
    month: date | None
    extract_date: date | None
    named_until: date | None
    content: tuple[tuple[str, ...], ...]
    received: int | None
    accepted: int = 0
    quarantined: int = 0
    rejected: int | None = 0
    loaded: int = 0
    unchanged: int = 0
    superseded_in_file: int = 0
    state: str = "loaded"
    crimes: tuple[Crime, ...] = field(default=())

    @property
    def extract(self) -> tuple[str | None, date | None, date | None]:
        """What two files must not both claim with different content: force, slice, extract date."""
        return (self.force, self.month, self.extract_date)

    def is_same_as(self, other: "Delivery") -> bool:
        """Whether another file of the same extract is this delivery at another place."""
        return self.content == other.content and (self.force is not None or self.file_name == other.file_name)

    def reject_unread(self) -> None:
        self.force = self.received = None
        self.reject()

    def reject(self) -> None:
        self.state, self.rejected = "rejected", self.received
        self.accepted = self.quarantined = self.superseded_in_file = 0
        self.crimes = ()


class Model:
    """The warehouse after `files` were loaded in this order, on the day `today`."""

    def __init__(self, files: Sequence[File], today: date) -> None:
        self._deliveries: list[Delivery] = []
        for file in files:
            self._receive(file, today)
        self._states = self._begin_states()

    # ---- deliveries

    def _receive(self, file: File, today: date) -> None:
        """Add the file to the ledger, unless it is no street file or a delivery that was seen before."""
        delivery = read(file)
        if delivery is None:
            return
        if delivery.named_until and delivery.named_until > today:
            delivery.reject_unread()
        same_extract = [other for other in self._deliveries if other.extract == delivery.extract]
        if any(delivery.is_same_as(other) for other in same_extract):
            return
        is_conflict = any(other.state == "loaded" for other in same_extract)
        is_too_bad = delivery.quarantined >= 10 and delivery.quarantined * 5 > (delivery.received or 0)
        is_empty = delivery.received == 0
        if delivery.state == "loaded" and (is_conflict or is_too_bad or is_empty):
            delivery.reject()
        self._deliveries.append(delivery)

    def _begin_states(self) -> list[State]:
        """The states of every slice, in extract order; fills in what was loaded and what was unchanged."""
        states: list[State] = []
        for force, month in self._slices():
            chain: list[Delivery] = []
            for delivery in self._extracts(force, month):
                if chain and Counter(chain[-1].crimes) == Counter(delivery.crimes):
                    delivery.unchanged = len(delivery.crimes)
                else:
                    delivery.loaded = len(delivery.crimes)
                    chain.append(delivery)
            dates = [delivery.extract_date for delivery in chain if delivery.extract_date]
            ends = [*dates[1:], None]
            states += [
                State(force, month, delivery.crimes, known_from, known_to)
                for delivery, known_from, known_to in zip(chain, dates, ends, strict=True)
            ]
        return states

    def _slices(self) -> list[tuple[str, date]]:
        return sorted(
            {
                (delivery.force, delivery.month)
                for delivery in self._deliveries
                if delivery.state == "loaded" and delivery.force and delivery.month
            }
        )

    def _extracts(self, force: str, month: date) -> list[Delivery]:
        """The accepted deliveries of a slice, in extract order."""
        extracts = [
            delivery
            for delivery in self._deliveries
            if delivery.state == "loaded" and (delivery.force, delivery.month) == (force, month)
        ]
        return sorted(extracts, key=lambda delivery: delivery.extract_date or date.min)

    # ---- tables

    def deliveries(self) -> list[Row]:
        """One row per delivery, in the order of loading: the ledger without what depends on load time."""
        return [
            {
                "source": SOURCE,
                "force": delivery.force,
                "slice": f"{delivery.month:%Y-%m}" if delivery.month else None,
                "file_name": delivery.file_name,
                "extract_date": delivery.extract_date,
                "revision": 1,
                "received": delivery.received,
                "accepted": delivery.accepted,
                "quarantined": delivery.quarantined,
                "rejected": delivery.rejected,
                "loaded": delivery.loaded,
                "unchanged": delivery.unchanged,
                "superseded_in_file": delivery.superseded_in_file,
                "state": delivery.state,
            }
            for delivery in self._deliveries
        ]

    def street_crime_versions(self) -> list[Row]:
        """One row per row of each state of each slice, with the days it was known."""
        return [
            {**crime._asdict(), "known_from": state.known_from, "known_to": state.known_to}
            for state in self._states
            for crime in state.crimes
        ]

    def street_crimes(self) -> list[Row]:
        """One row per row of each slice's current state."""
        return [crime._asdict() for state in self._states if state.known_to is None for crime in state.crimes]

    def coverage(self) -> list[Row]:
        """One row per force and month, from the first month of the force that was accepted to its last one."""
        rows: list[Row] = []
        for force in forces(self._states):
            months = [state.month for state in self._states if state.force == force]
            for month in span(min(months), max(months)):
                states = [state for state in self._states if (state.force, state.month) == (force, month)]
                begun = [state.known_from for state in states if state.crimes]
                rows.append(
                    {
                        "source": SOURCE,
                        "force": force,
                        "month": month,
                        "state": "complete" if states else "missing",
                        "deliveries": len(begun),
                        "rows": len(states[-1].crimes) if states else 0,
                        "first_extract": min(begun, default=None),
                        "last_extract": max(begun, default=None),
                    }
                )
        return rows

    def restatements(self) -> list[Row]:
        """One row per force, month and measure when first published, also at 0, and each time its count moved."""
        rows: list[Row] = []
        for force, month in self._slices():
            chain = [state for state in self._states if (state.force, state.month) == (force, month)]
            for measure in MEASURES:
                previous: int | None = None
                for state in chain:
                    offences = state.count(measure)
                    if offences != previous:
                        rows.append(
                            {
                                "record_source": RECORD_SOURCE,
                                "force": force,
                                "measure": measure,
                                "month": month,
                                "extract_date": state.known_from,
                                **restatement(offences, previous, {"resupplied": offences - (previous or 0)}),
                            }
                        )
                    previous = offences
        return rows

    def performance(self, theme: str, as_of: date | None = None) -> list[Row]:
        """One row per force, measure of the theme and month, of the states known at the end of `as_of`.

        None means everything that was delivered. Columns as in the specification, but for measure_label.
        """
        rows: list[Row] = []
        for force, slices in self._published(as_of).items():
            first, last = slices[0].month, slices[-1].month
            for measure in THEMES[theme]:
                counts = {state.month: state.count(measure) for state in slices}
                coverage = {month: "complete" if month in counts else "missing" for month in span(first, last)}
                keys = {"record_source": RECORD_SOURCE, "force": force, "measure": measure}
                rows += [{**keys, **row} for row in series(counts, coverage)]
        return rows

    def hotspots(self, theme: str, as_of: date | None = None) -> list[Row]:
        """One row per force, measure of the theme, month, kind of place and place with a record, as known then."""
        rows: list[Row] = []
        for force, slices in self._published(as_of).items():
            for measure in THEMES[theme]:
                places = {state.month: [places_of(crime) for crime in state.counted(measure)] for state in slices}
                keys = {"record_source": RECORD_SOURCE, "force": force, "measure": measure}
                rows += [{**keys, **row} for row in hotspots(places)]
        return rows

    def _published(self, as_of: date | None) -> dict[str, list[State]]:
        """What is known of each force, from its first month with a row on, in the order of months."""
        known = sorted(
            (state for state in self._states if state.is_known(as_of or date.max)), key=lambda state: state.month
        )
        published: dict[str, list[State]] = {}
        for force in forces(state for state in known if state.crimes):
            first = min(state.month for state in known if state.force == force and state.crimes)
            published[force] = [state for state in known if state.force == force and state.month >= first]
        return published


# ---- reading a file


def read(file: File) -> Delivery | None:
    """The delivery that a file makes as far as the file itself tells; None when it is no street file."""
    *above, file_name = file.path.split("/")
    name = re.fullmatch(r"(\d{4})-(\d{2})-.+-street\.csv(\.gz)?", file_name, re.IGNORECASE)
    if name is None:
        return None
    content = tuple(tuple(row.get(header, "") for header in HEADER) for row in file.rows)
    month = first_of_month(name[1], name[2])
    if month is None:
        unread = Delivery(file_name, None, None, None, None, content, received=None)
        unread.reject_unread()
        return unread

    rows = [{header: row.get(header, "").strip() for header in HEADER} for row in file.rows]
    force = most_frequent(row["Reported by"] for row in rows)
    sound = [row for row in rows if not breaks_critical_rule(row, force, month)]
    crimes = last_row_of_each_crime(typed(row, month) for row in sound)
    published = publication_date(above)
    return Delivery(
        file_name,
        force,
        month,
        published or last_of_month(months_later(month, 2)),
        published or last_of_month(month),
        content,
        received=len(rows),
        accepted=len(sound),
        quarantined=len(rows) - len(sound),
        superseded_in_file=len(sound) - len(crimes),
        crimes=crimes,
    )


def publication_date(above: Sequence[str]) -> date | None:
    """The day a file is current to by the archive's name, else by the nearest dated folder; None without either."""
    for step in above:
        archive = re.fullmatch(r"(\d{4})-(\d{2})\.zip", step, re.IGNORECASE)
        if archive and (published := first_of_month(archive[1], archive[2])):
            return last_of_month(published)
    for step in reversed(above):
        folder = re.fullmatch(r"published-(\d{4})(?:-(\d{2}))?", step, re.IGNORECASE)
        if folder and (published := first_of_month(folder[1], folder[2] or "12")):
            return last_of_month(published)
    return None


def most_frequent(names: Iterable[str]) -> str | None:
    """The name that most rows carry; of equally frequent ones the first by alphabet; blanks don't count."""
    counted = Counter(name for name in names if name)
    return min(counted, key=lambda name: (-counted[name], name), default=None)


def breaks_critical_rule(row: Mapping[str, str], force: str | None, month: date) -> bool:
    return (
        row["Reported by"] == ""
        or row["Reported by"] != force
        or row["Month"] != f"{month:%Y-%m}"
        or row["Crime type"] not in categories(month)
        or re.fullmatch(r"([0-9a-f]{64})?", row["Crime ID"]) is None
    )


def categories(month: date) -> frozenset[str]:
    """The crime types that data.police.uk published for a month."""
    if month >= date(2013, 5, 1):
        return FOURTEEN_CATEGORIES
    return ELEVEN_CATEGORIES if month >= date(2011, 9, 1) else SIX_CATEGORIES


def typed(row: Mapping[str, str], month: date) -> Crime:
    """A trimmed row that breaks no critical rule, with its values typed and blanks as None."""
    longitude, latitude = coordinates(row["Longitude"], row["Latitude"])
    return Crime(
        force=row["Reported by"],
        month=month,
        crime_id=row["Crime ID"] or None,
        falls_within=row["Falls within"] or None,
        longitude=longitude,
        latitude=latitude,
        location=row["Location"] or None,
        lsoa_code=row["LSOA code"] if is_lsoa_code(row["LSOA code"]) else None,
        lsoa_name=row["LSOA name"] or None,
        crime_type=row["Crime type"],
        last_outcome=row["Last outcome category"] or None,
        context=row["Context"] or None,
    )


def coordinates(longitude: str, latitude: str) -> tuple[float, float] | tuple[None, None]:
    """Both coordinates in degrees, or neither: where one is blank, no number or outside the UK."""
    east, north = number(longitude), number(latitude)
    if east is None or north is None:
        return (None, None)
    return (east, north) if -9 <= east <= 2.1 and 49.5 <= north <= 61.1 else (None, None)


def number(text: str) -> float | None:
    return float(text) if re.fullmatch(r"[+-]?[0-9]+(\.[0-9]*)?", text) else None


def is_lsoa_code(code: str) -> bool:
    return re.fullmatch(r"[ENSW]01[0-9]{6}|95[A-Z]{2}[0-9]{2}[A-Z][0-9]", code) is not None


def last_row_of_each_crime(crimes: Iterable[Crime]) -> tuple[Crime, ...]:
    """The rows without those whose Crime ID comes again further down. Rows without an id all stay."""
    kept: list[Crime] = []
    for crime in crimes:
        if crime.crime_id is not None:
            kept = [earlier for earlier in kept if earlier.crime_id != crime.crime_id]
        kept.append(crime)
    return tuple(kept)


def first_of_month(year: str, month: str) -> date | None:
    """The first day of a month given as text, or None where there is no such month."""
    try:
        return date(int(year), int(month), 1)
    except ValueError:
        return None


# ---- figures


def forces(states: Iterable[State]) -> list[str]:
    return sorted({state.force for state in states})


def places_of(crime: Crime) -> Places:
    """The places of a row: the street, or what is told instead, without the words before it; the LSOA by its code."""
    street = crime.location and re.sub("^On or near( |$)", "", crime.location)
    return {"street": None if street == "No Location" else street, "lsoa": crime.lsoa_code}
