"""What the warehouse must hold of one source of keyed records that arrives in extracts: slow and obviously right.

The model is written from the specification alone and shares no code with the warehouse. It takes deliveries of which
the fate as files, accepted or rejected, is known, and rows that were accepted; what decides that is tested elsewhere.
It serves every source of the kind `changes`; `Counted` adds what sources with measures have.

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
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Any, ClassVar, Generic, Protocol, TypeVar

from tests.model.hotspots import Places, hotspots
from tests.model.months import last_of_month, span
from tests.model.performance import Row, restatement, series
from tests.model.times import Timed, temporal, untimed

RECORD_SOURCE = "force"

Cell = tuple[str, date]
"""A measure and a month."""


class Record(Protocol):
    """One accepted row after typing. Two are equal when every column that is loaded is."""

    @property
    def key(self) -> str: ...

    @property
    def month(self) -> date: ...


class Countable(Record, Timed, Protocol):
    """A record that measures count."""

    @property
    def is_counted(self) -> bool: ...

    @property
    def places(self) -> Places: ...

    def is_in(self, measure: str) -> bool: ...


R = TypeVar("R", bound=Record)
C = TypeVar("C", bound=Countable)


@dataclass(frozen=True)
class Delivery(Generic[R]):
    """One file of the source, with its accepted rows in the order of the file.

    A rejected file has no rows here; `received` is how many it had, None where they could not be read. Of an accepted
    file `quarantined` more rows were received than the accepted ones.
    """

    force: str
    extract_date: date
    rows: tuple[R, ...] = ()
    revision: int = 1
    quarantined: int = 0
    is_rejected: bool = False
    received: int | None = None
    is_packed: bool = False
    source: str = field(kw_only=True)

    @property
    def file_name(self) -> str:
        revision = "" if self.revision == 1 else f"_r{self.revision}"
        return f"{self.source}_{self.extract_date:%Y-%m-%d}{revision}.csv{'.gz' if self.is_packed else ''}"


@dataclass(frozen=True)
class State(Generic[R]):
    """What is known of one record from `known_from` until the day before `known_to`."""

    force: str
    record: R
    known_from: date
    known_to: date | None = None

    def is_known(self, as_of: date) -> bool:
        return self.known_from <= as_of and (self.known_to is None or as_of < self.known_to)


class Model(Generic[R]):
    """The warehouse after these deliveries of one source, in whatever order they came."""

    source: ClassVar[str]
    """The name of the source."""

    hides_counts: ClassVar[bool] = False
    """Whether no table tells how many rows the source has, nor of a month whether it has any."""

    def __init__(self, deliveries: Iterable[Delivery[R]]) -> None:
        self._deliveries = list(deliveries)
        self._extracts = [delivery for delivery in self._deliveries if self._stands(delivery)]
        self._extracts.sort(key=lambda delivery: delivery.extract_date)
        self._fates: dict[Delivery[R], Counter[str]] = {}
        self._states = [state for force in self._forces() for state in self._begin_states(force)]

    # ---- deliveries and states

    def _stands(self, delivery: Delivery[R]) -> bool:
        """Whether the delivery was accepted, and no accepted one replaced it."""
        return not delivery.is_rejected and not self._is_superseded(delivery)

    def _is_superseded(self, delivery: Delivery[R]) -> bool:
        return any(
            (other.force, other.extract_date) == (delivery.force, delivery.extract_date)
            and other.revision > delivery.revision
            and not other.is_rejected
            for other in self._deliveries
        )

    def _forces(self) -> list[str]:
        return sorted({delivery.force for delivery in self._extracts})

    def _extracts_of(self, force: str) -> list[Delivery[R]]:
        return [delivery for delivery in self._extracts if delivery.force == force]

    def _begin_states(self, force: str) -> list[State[R]]:
        """The states of a force's records, extract by extract; notes what was loaded and what was unchanged."""
        chains: defaultdict[str, list[tuple[R, date]]] = defaultdict(list)
        for delivery in self._extracts_of(force):
            fates = self._fates[delivery] = Counter()
            for record in delivery.rows:
                chain = chains[record.key]
                if chain and chain[-1][0] == record:
                    fates["unchanged"] += 1
                else:
                    fates["loaded"] += 1
                    chain.append((record, delivery.extract_date))
        states: list[State[R]] = []
        for chain in chains.values():
            ends = [*(known_from for _, known_from in chain[1:]), None]
            states += [
                State(force, record, known_from, end) for (record, known_from), end in zip(chain, ends, strict=True)
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
                    "source": self.source,
                    "force": delivery.force,
                    "slice": None,
                    "file_name": delivery.file_name,
                    "extract_date": delivery.extract_date,
                    "revision": delivery.revision,
                    **self._told(
                        {
                            "received": delivery.received if delivery.is_rejected else accepted + quarantined,
                            "accepted": accepted,
                            "quarantined": quarantined,
                            "rejected": delivery.received if delivery.is_rejected else 0,
                            "loaded": fates["loaded"],
                            "unchanged": fates["unchanged"],
                            "superseded_in_file": 0,
                        }
                    ),
                    "state": self._state_of(delivery),
                }
            )
        return rows

    def _state_of(self, delivery: Delivery[R]) -> str:
        if delivery.is_rejected:
            return "rejected"
        return "superseded" if self._is_superseded(delivery) else "loaded"

    def coverage(self) -> list[Row]:
        """One row per force and month, from the first month of the source to the last one that has ended."""
        known = self.known()
        rows: list[Row] = []
        for force in known.forces():
            for month, coverage in known.coverage(force).items():
                states = [state for state in self._states if (state.force, state.record.month) == (force, month)]
                begun = {state.known_from for state in states}
                rows.append(
                    {
                        "source": self.source,
                        "force": force,
                        "month": month,
                        "state": coverage,
                        **self._told(
                            {
                                "deliveries": len(begun),
                                "rows": sum(state.known_to is None for state in states),
                                "first_extract": min(begun, default=None),
                                "last_extract": max(begun, default=None),
                            }
                        ),
                    }
                )
        return rows

    def _told(self, counts: Row) -> Row:
        """What follows from counts as the tables may tell it."""
        return dict.fromkeys(counts) if self.hides_counts else counts

    def known(self, as_of: date | None = None) -> "Known[R]":
        """What is known at the end of the day `as_of`; None means everything that was delivered."""
        day = as_of or date.max
        return Known(
            extracts=[delivery for delivery in self._extracts if delivery.extract_date <= day],
            lost=[
                delivery for delivery in self._deliveries if self._is_lost(delivery) and delivery.extract_date <= day
            ],
            states=[state for state in self._states if state.is_known(day)],
        )

    def _is_lost(self, delivery: Delivery[R]) -> bool:
        """Whether no revision of the extract was accepted."""
        same_extract = (delivery.force, delivery.extract_date)
        return all((stands.force, stands.extract_date) != same_extract for stands in self._extracts)


class Counted(Model[C]):
    """The warehouse after deliveries of a source that measures count."""

    measures: ClassVar[Sequence[str]]
    themes: ClassVar[Mapping[str, Sequence[str]]]
    """Theme -> its measures, for every theme."""

    def performance(self, theme: str, as_of: date | None = None) -> list[Row]:
        """One row per force, measure of the theme and month. Columns as in the specification, but for measure_label."""
        known = self.known(as_of)
        rows: list[Row] = []
        for force in known.forces():
            months = known.by_month(force)
            for measure in self.themes[theme]:
                counts = {month: len(records) for month, records in counted(months, measure).items()}
                keys = {"record_source": RECORD_SOURCE, "force": force, "measure": measure}
                rows += [{**keys, **row} for row in series(counts, known.coverage(force))]
        return rows

    def temporal(self, theme: str, as_of: date | None = None) -> list[Row]:
        """One row per force, measure of the theme, month, weekday and hour with a record."""
        return self._detail(self.themes[theme], temporal, as_of)

    def untimed(self, theme: str, as_of: date | None = None) -> list[Row]:
        """One row per force, measure of the theme and month with a record of which the time is not known."""
        return self._detail(self.themes[theme], untimed, as_of)

    def hotspots(self, theme: str, as_of: date | None = None) -> list[Row]:
        """One row per force, measure of the theme, month, kind of place and place with a record."""
        return [
            {"record_source": RECORD_SOURCE, **row}
            for row in self._detail(
                self.themes[theme],
                lambda months: hotspots({month: [record.places for record in months[month]] for month in months}),
                as_of,
            )
        ]

    def _detail(
        self,
        measures: Iterable[str],
        table: Callable[[Mapping[date, Sequence[C]]], list[Row]],
        as_of: date | None = None,
    ) -> list[Row]:
        known = self.known(as_of)
        rows: list[Row] = []
        for force in known.forces():
            months = known.by_month(force)
            for measure in measures:
                rows += [{"force": force, "measure": measure, **row} for row in table(counted(months, measure))]
        return rows

    # ---- why a count moved

    def restatements(self) -> list[Row]:
        """One row per force, month and measure when first published, also at 0, and each time its count moved."""
        return [row for force in self._forces() for row in self._restatements_of(force)]

    def _restatements_of(self, force: str) -> list[Row]:
        rows: list[Row] = []
        published: set[date] = set()
        before: dict[str, C] = {}
        for extract_date in (delivery.extract_date for delivery in self._extracts_of(force)):
            known = self.known(extract_date)
            now = known.records(force)
            for (measure, month), causes in sorted(self._moves(before, now).items()):
                if month in published and causes.total():
                    offences = count(now, measure, month)
                    figures = restatement(offences, offences - causes.total(), causes)
                    rows.append(restatement_keys(force, measure, month, extract_date) | figures)
            to_publish = [month for month in known.months if month not in published]
            for month in to_publish:
                for measure in self.measures:
                    figures = restatement(count(now, measure, month), None, {})
                    rows.append(restatement_keys(force, measure, month, extract_date) | figures)
            published.update(to_publish)
            before = now
        return rows

    def _moves(self, before: Mapping[str, C], now: Mapping[str, C]) -> dict[Cell, Counter[str]]:
        """For each cell that a record entered or left: by how much each cause moved its count. No record vanishes."""
        moved: defaultdict[Cell, Counter[str]] = defaultdict(Counter)
        for key, record in now.items():
            earlier = before.get(key)
            left, entered = self._cells(earlier), self._cells(record)
            for cell in left - entered:
                moved[cell][cause_of_leaving(cell, record)] -= 1
            for cell in entered - left:
                moved[cell][cause_of_entering(cell, earlier)] += 1
        return moved

    def _cells(self, record: C | None) -> set[Cell]:
        """The measures and the month that count the record."""
        if record is None:
            return set()
        return {(measure, record.month) for measure in self.measures if record.is_in(measure)}


@dataclass(frozen=True)
class Known(Generic[R]):
    """What is known on a day: the extracts until then, the extracts lost until then, and the states known then."""

    extracts: Sequence[Delivery[R]]
    lost: Sequence[Delivery[R]]
    states: Sequence[State[R]]

    def forces(self) -> list[str]:
        return sorted({delivery.force for delivery in self.extracts})

    @cached_property
    def months(self) -> list[date]:
        """From the first month with a state, of any status and force, to the last that had ended at the cut-off."""
        if not self.states:
            return []
        first = min(state.record.month for state in self.states)
        cut_off = max(delivery.extract_date for delivery in self.extracts)
        return [month for month in span(first, max(first, cut_off.replace(day=1))) if last_of_month(month) <= cut_off]

    def coverage(self, force: str) -> dict[date, str]:
        """For every month whether it is complete, partial or missing."""
        extracts = [delivery.extract_date for delivery in self.extracts if delivery.force == force]
        lost = [delivery.extract_date for delivery in self.lost if delivery.force == force]
        return {month: coverage_of(month, extracts, lost) for month in self.months}

    def records(self, force: str) -> dict[str, R]:
        """The states of the force's records, counted or not, by key."""
        return {state.record.key: state.record for state in self.states if state.force == force}

    def by_month(self, force: str) -> dict[date, list[R]]:
        """The records of every month that has a count."""
        months = [month for month, coverage in self.coverage(force).items() if coverage != "missing"]
        records = self.records(force).values()
        return {month: [record for record in records if record.month == month] for month in months}


def counted(months: Mapping[date, Sequence[C]], measure: str) -> dict[date, list[C]]:
    """Of the records of each month those that the measure counts."""
    return {month: [record for record in months[month] if record.is_in(measure)] for month in months}


def coverage_of(month: date, extracts: Sequence[date], lost: Sequence[date]) -> str:
    """What the dates of accepted and of lost extracts of a force say about one of its months."""
    completing = [extract_date for extract_date in extracts if extract_date >= last_of_month(month)]
    if not completing:
        return "missing"
    return "partial" if any(month <= extract_date <= min(completing) for extract_date in lost) else "complete"


def without_measure(rows: Iterable[Row]) -> list[Row]:
    return [{column: value for column, value in row.items() if column != "measure"} for row in rows]


def count(records: Mapping[str, Countable], measure: str, month: date) -> int:
    return sum(record.month == month and record.is_in(measure) for record in records.values())


def cause_of_entering(cell: Cell, earlier: Countable | None) -> str:
    if earlier is None:
        return "recorded_late"
    if not earlier.is_counted:
        return "reinstated"
    return "date_changed_in" if earlier.month != cell[1] else "reclassified_in"


def cause_of_leaving(cell: Cell, now: Countable) -> str:
    if not now.is_counted:
        return "cancelled"
    return "date_changed_out" if now.month != cell[1] else "reclassified_out"


def restatement_keys(force: str, measure: str, month: date, extract_date: date) -> dict[str, Any]:
    return {
        "record_source": RECORD_SOURCE,
        "force": force,
        "measure": measure,
        "month": month,
        "extract_date": extract_date,
    }
