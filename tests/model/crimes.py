"""What the warehouse must hold after a force's own crimes were delivered: slow and obviously right.

The model is written from the specification alone and shares no code with the warehouse. It takes deliveries of which
the fate as files, accepted or rejected, is known, and rows that were accepted; what decides that is tested elsewhere.

How the model reads what the specification leaves open:

* First month, cut-off and last month are those of the source, over all forces. A force is one with an accepted
  delivery. A month that has ended for the source and for which a force has sent nothing yet is missing for it.
* Tables of detail hold the months that the performance tables hold with a count.
* `coverage` has the rows of performance; its `deliveries` and extract dates are of deliveries that began a state in
  the month, whether or not that state is current.
* A force's month is first published at the force's first accepted extract that is dated on or after the month's last
  day and at which the month is not before the source's first month as known then, partial or not.
* A month once published is never unpublished, also when the source's first month moves past it.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from tests.model import crime_profiles
from tests.model.crime_measures import MEASURES, THEMES, Crime
from tests.model.hotspots import hotspots
from tests.model.months import last_of_month, span
from tests.model.performance import Row, restatement, series

SOURCE = "crimes"
RECORD_SOURCE = "force"

Cell = tuple[str, date]
"""A measure and a month."""


@dataclass(frozen=True)
class Delivery:
    """One file of the source, with its accepted rows in the order of the file.

    A rejected file has no rows here; `received` is how many it had, None where they could not be read. Of an accepted
    file `quarantined` more rows were received than the accepted ones.
    """

    force: str
    extract_date: date
    rows: tuple[Crime, ...] = ()
    revision: int = 1
    quarantined: int = 0
    is_rejected: bool = False
    received: int | None = None
    is_packed: bool = False

    @property
    def file_name(self) -> str:
        revision = "" if self.revision == 1 else f"_r{self.revision}"
        return f"{SOURCE}_{self.extract_date:%Y-%m-%d}{revision}.csv{'.gz' if self.is_packed else ''}"


@dataclass(frozen=True)
class State:
    """What is known of one record from `known_from` until the day before `known_to`."""

    force: str
    crime: Crime
    known_from: date
    known_to: date | None = None

    def is_known(self, as_of: date) -> bool:
        return self.known_from <= as_of and (self.known_to is None or as_of < self.known_to)


class Model:
    """The warehouse after these deliveries, in whatever order they came."""

    def __init__(self, deliveries: Iterable[Delivery]) -> None:
        self._deliveries = list(deliveries)
        self._extracts = [delivery for delivery in self._deliveries if self._stands(delivery)]
        self._extracts.sort(key=lambda delivery: delivery.extract_date)
        self._fates: dict[Delivery, Counter[str]] = {}
        self._states = [state for force in self._forces() for state in self._begin_states(force)]

    # ---- deliveries and states

    def _stands(self, delivery: Delivery) -> bool:
        """Whether the delivery was accepted, and no accepted one replaced it."""
        return not delivery.is_rejected and not self._is_superseded(delivery)

    def _is_superseded(self, delivery: Delivery) -> bool:
        return any(
            (other.force, other.extract_date) == (delivery.force, delivery.extract_date)
            and other.revision > delivery.revision
            and not other.is_rejected
            for other in self._deliveries
        )

    def _forces(self) -> list[str]:
        return sorted({delivery.force for delivery in self._extracts})

    def _extracts_of(self, force: str) -> list[Delivery]:
        return [delivery for delivery in self._extracts if delivery.force == force]

    def _begin_states(self, force: str) -> list[State]:
        """The states of a force's records, extract by extract; notes what was loaded and what was unchanged."""
        chains: defaultdict[str, list[tuple[Crime, date]]] = defaultdict(list)
        for delivery in self._extracts_of(force):
            fates = self._fates[delivery] = Counter()
            for crime in delivery.rows:
                chain = chains[crime.crime_number]
                if chain and chain[-1][0] == crime:
                    fates["unchanged"] += 1
                else:
                    fates["loaded"] += 1
                    chain.append((crime, delivery.extract_date))
        states: list[State] = []
        for chain in chains.values():
            ends = [*(known_from for _, known_from in chain[1:]), None]
            states += [
                State(force, crime, known_from, end) for (crime, known_from), end in zip(chain, ends, strict=True)
            ]
        return states

    # ---- tables about deliveries and states

    def deliveries(self) -> list[Row]:
        """One row per delivery: the ledger without what depends on load time."""
        rows: list[Row] = []
        for delivery in self._deliveries:
            accepted, quarantined = len(delivery.rows), delivery.quarantined
            fates = self._fates.get(delivery, Counter())
            rows.append(
                {
                    "source": SOURCE,
                    "force": delivery.force,
                    "slice": None,
                    "file_name": delivery.file_name,
                    "extract_date": delivery.extract_date,
                    "revision": delivery.revision,
                    "received": delivery.received if delivery.is_rejected else accepted + quarantined,
                    "accepted": accepted,
                    "quarantined": quarantined,
                    "rejected": delivery.received if delivery.is_rejected else 0,
                    "loaded": fates["loaded"],
                    "unchanged": fates["unchanged"],
                    "superseded_in_file": 0,
                    "state": self._state_of(delivery),
                }
            )
        return rows

    def _state_of(self, delivery: Delivery) -> str:
        if delivery.is_rejected:
            return "rejected"
        return "superseded" if self._is_superseded(delivery) else "loaded"

    def crime_versions(self) -> list[Row]:
        """One row per state of each record, with the days it was known."""
        return [
            {**described(state), "known_from": state.known_from, "known_to": state.known_to} for state in self._states
        ]

    def crimes(self) -> list[Row]:
        """One row per record: its current state."""
        return [described(state) for state in self._states if state.known_to is None]

    def coverage(self) -> list[Row]:
        """One row per force and month, from the first month of the source to the last one that has ended."""
        known = self.known()
        rows: list[Row] = []
        for force in known.forces():
            for month, coverage in known.coverage(force).items():
                states = [state for state in self._states if (state.force, state.crime.month) == (force, month)]
                begun = {state.known_from for state in states}
                rows.append(
                    {
                        "source": SOURCE,
                        "force": force,
                        "month": month,
                        "state": coverage,
                        "deliveries": len(begun),
                        "rows": sum(state.known_to is None for state in states),
                        "first_extract": min(begun, default=None),
                        "last_extract": max(begun, default=None),
                    }
                )
        return rows

    # ---- tables of figures

    def known(self, as_of: date | None = None) -> "Known":
        """What is known at the end of the day `as_of`; None means everything that was delivered."""
        day = as_of or date.max
        return Known(
            extracts=[delivery for delivery in self._extracts if delivery.extract_date <= day],
            lost=[
                delivery for delivery in self._deliveries if self._is_lost(delivery) and delivery.extract_date <= day
            ],
            states=[state for state in self._states if state.is_known(day)],
        )

    def _is_lost(self, delivery: Delivery) -> bool:
        """Whether no revision of the extract was accepted."""
        same_extract = (delivery.force, delivery.extract_date)
        return all((stands.force, stands.extract_date) != same_extract for stands in self._extracts)

    def performance(self, theme: str, as_of: date | None = None) -> list[Row]:
        """One row per force, measure of the theme and month. Columns as in the specification, but for measure_label."""
        known = self.known(as_of)
        rows: list[Row] = []
        for force in known.forces():
            for measure in THEMES[theme]:
                counts = {month: len(crimes) for month, crimes in known.crimes(force, measure).items()}
                keys = {"record_source": RECORD_SOURCE, "force": force, "measure": measure}
                rows += [{**keys, **row} for row in series(counts, known.coverage(force))]
        return rows

    def temporal(self, theme: str, as_of: date | None = None) -> list[Row]:
        """One row per force, measure of the theme, month, weekday and hour with a crime."""
        return self._detail(THEMES[theme], crime_profiles.temporal, as_of)

    def untimed(self, theme: str, as_of: date | None = None) -> list[Row]:
        """One row per force, measure of the theme and month with a crime of which the time is not known."""
        return self._detail(THEMES[theme], crime_profiles.untimed, as_of)

    def hotspots(self, theme: str, as_of: date | None = None) -> list[Row]:
        """One row per force, measure of the theme, month, kind of place and place with a crime."""
        return [
            {"record_source": RECORD_SOURCE, **row}
            for row in self._detail(
                THEMES[theme],
                lambda crimes: hotspots({month: [places_of(crime) for crime in crimes[month]] for month in crimes}),
                as_of,
            )
        ]

    def violence_profile(self, as_of: date | None = None) -> list[Row]:
        """One row per force and window of six complete months."""
        known = self.known(as_of)
        rows: list[Row] = []
        for force in known.forces():
            complete = [month for month, coverage in known.coverage(force).items() if coverage == "complete"]
            profile = crime_profiles.violence_profile(known.crimes(force, "assault_profile"), complete)
            rows += [{"force": force, **row} for row in profile]
        return rows

    def acquisitive_methods(self) -> list[Row]:
        """One row per force, month and method with a crime."""
        return without_measure(self._detail(["acquisitive_crime"], crime_profiles.acquisitive_methods))

    def acquisitive_operations(self) -> list[Row]:
        """One row per force, month and operation with a crime."""
        return without_measure(self._detail(["acquisitive_crime"], crime_profiles.acquisitive_operations))

    def recording_timeliness(self) -> list[Row]:
        """One row per force and month with a crime of which the report is known."""
        return without_measure(self._detail(["all_crime"], crime_profiles.recording_timeliness))

    def _detail(
        self,
        measures: Iterable[str],
        table: Callable[[Mapping[date, Sequence[Crime]]], list[Row]],
        as_of: date | None = None,
    ) -> list[Row]:
        known = self.known(as_of)
        return [
            {"force": force, "measure": measure, **row}
            for force in known.forces()
            for measure in measures
            for row in table(known.crimes(force, measure))
        ]

    def restatements(self) -> list[Row]:
        """One row per force, month and measure when first published, also at 0, and each time its count moved."""
        return [row for force in self._forces() for row in self._restatements_of(force)]

    def _restatements_of(self, force: str) -> list[Row]:
        rows: list[Row] = []
        published: set[date] = set()
        before: dict[str, Crime] = {}
        for extract_date in (delivery.extract_date for delivery in self._extracts_of(force)):
            known = self.known(extract_date)
            now = known.records(force)
            for (measure, month), causes in sorted(moves(before, now).items()):
                if month in published and causes.total():
                    offences = count(now, measure, month)
                    figures = restatement(offences, offences - causes.total(), causes)
                    rows.append(self._restatement_keys(force, measure, month, extract_date) | figures)
            to_publish = [month for month in known.months if month not in published]
            for month in to_publish:
                for measure in MEASURES:
                    figures = restatement(count(now, measure, month), None, {})
                    rows.append(self._restatement_keys(force, measure, month, extract_date) | figures)
            published.update(to_publish)
            before = now
        return rows

    def _restatement_keys(self, force: str, measure: str, month: date, extract_date: date) -> Row:
        return {
            "record_source": RECORD_SOURCE,
            "force": force,
            "measure": measure,
            "month": month,
            "extract_date": extract_date,
        }


@dataclass(frozen=True)
class Known:
    """What is known on a day: the extracts until then, the extracts lost until then, and the states known then."""

    extracts: Sequence[Delivery]
    lost: Sequence[Delivery]
    states: Sequence[State]

    def forces(self) -> list[str]:
        return sorted({delivery.force for delivery in self.extracts})

    @cached_property
    def months(self) -> list[date]:
        """From the first month with a state, of any status and force, to the last that had ended at the cut-off."""
        if not self.states:
            return []
        first = min(state.crime.month for state in self.states)
        cut_off = max(delivery.extract_date for delivery in self.extracts)
        return [month for month in span(first, max(first, cut_off.replace(day=1))) if last_of_month(month) <= cut_off]

    def coverage(self, force: str) -> dict[date, str]:
        """For every month whether it is complete, partial or missing."""
        extracts = [delivery.extract_date for delivery in self.extracts if delivery.force == force]
        lost = [delivery.extract_date for delivery in self.lost if delivery.force == force]
        return {month: coverage_of(month, extracts, lost) for month in self.months}

    def records(self, force: str) -> dict[str, Crime]:
        """The states of the force's records, counted or not, by crime number."""
        return {state.crime.crime_number: state.crime for state in self.states if state.force == force}

    def crimes(self, force: str, measure: str) -> dict[date, list[Crime]]:
        """The crimes that the measure counts, for every month that has a count."""
        months = [month for month, coverage in self.coverage(force).items() if coverage != "missing"]
        crimes = [crime for crime in self.records(force).values() if crime.is_in(measure)]
        return {month: [crime for crime in crimes if crime.month == month] for month in months}


def coverage_of(month: date, extracts: Sequence[date], lost: Sequence[date]) -> str:
    """What the dates of accepted and of lost extracts of a force say about one of its months."""
    completing = [extract_date for extract_date in extracts if extract_date >= last_of_month(month)]
    if not completing:
        return "missing"
    return "partial" if any(month <= extract_date <= min(completing) for extract_date in lost) else "complete"


def described(state: State) -> Row:
    """The record as the state has it, and what it counts as."""
    crime = state.crime
    return {
        "force": state.force,
        **crime._asdict(),
        "month": crime.month,
        "is_counted": crime.is_counted,
        "theme": crime.offence_class.theme,
        "offence_group": crime.offence_class.group,
        "offence_subgroup": crime.offence_class.subgroup,
        "measures": crime.measures,
    }


def places_of(crime: Crime) -> dict[str, str | None]:
    return {"ward": crime.ward, "street": crime.street, "premises": crime.premises}


def without_measure(rows: Iterable[Row]) -> list[Row]:
    return [{column: value for column, value in row.items() if column != "measure"} for row in rows]


# ---- why a count moved


def count(records: Mapping[str, Crime], measure: str, month: date) -> int:
    return sum(crime.month == month and crime.is_in(measure) for crime in records.values())


def moves(before: Mapping[str, Crime], now: Mapping[str, Crime]) -> dict[Cell, Counter[str]]:
    """For each cell that a record entered or left: by how much each cause moved its count. No record ever vanishes."""
    moved: defaultdict[Cell, Counter[str]] = defaultdict(Counter)
    for number, crime in now.items():
        earlier = before.get(number)
        left, entered = cells(earlier), cells(crime)
        for cell in left - entered:
            moved[cell][cause_of_leaving(cell, crime)] -= 1
        for cell in entered - left:
            moved[cell][cause_of_entering(cell, earlier)] += 1
    return moved


def cells(crime: Crime | None) -> set[Cell]:
    """The measures and the month that count the crime."""
    return set() if crime is None else {(measure, crime.month) for measure in MEASURES if crime.is_in(measure)}


def cause_of_entering(cell: Cell, earlier: Crime | None) -> str:
    if earlier is None:
        return "recorded_late"
    if not earlier.is_counted:
        return "reinstated"
    return "date_changed_in" if earlier.month != cell[1] else "reclassified_in"


def cause_of_leaving(cell: Cell, now: Crime) -> str:
    if not now.is_counted:
        return "cancelled"
    return "date_changed_out" if now.month != cell[1] else "reclassified_out"
