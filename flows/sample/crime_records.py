"""Invented crimes with all that happens to them, and what the source knows of them at the end of a day."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import date, timedelta
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from flows.sample.city import EASTINGS, NORTHINGS, OFFICIAL_NAMES, PREMISES, STREET_NAMES, STREETS, WARDS
from flows.sample.draws import Choice, Draws, Flags, Integers
from flows.sample.offences import BANDS, CODES, PROFILES, RECLASSIFIED, Code, Habit
from flows.sample.people import BIRTH_DATES, NAMES, SUMMARIES

Text = NDArray[np.object_]
Rows = dict[str, Text]  # a column of text per header, all of the same length

FIRST_MONTH = date(2014, 4, 1)
LEVELS = {
    date(2014, 4, 1): 0.88,
    date(2015, 4, 1): 0.90,
    date(2016, 4, 1): 0.95,
    date(2017, 4, 1): 1.00,
    date(2018, 3, 1): 1.10,
    date(2019, 4, 1): 1.50,
}
"""Crimes from a month on, as a multiple of those of 2017/18."""

# How many in a thousand records …
LATE = 40  # are first known after the extract that closes their month
WITH_OUTCOME = 880
REVISED = 25  # get another outcome later
RECLASSIFIED_OF_MOVABLE = 17  # of those with another class to go to: 15 of all
DATED_ANEW = 250  # of those reported in an earlier month than recorded: dated back to the report
MOVED_TOO = 333  # of those dated anew: reclassified with it
CANCELLED = 20
REINSTATED = 100  # of those cancelled
TRANSFERRED = 6
SENT_AGAIN = 15  # are sent once more without a change
# … and in how many rows something deserves a warning, by kind.
ODD = {"ward": 9, "swapped": 5, "zero": 2, "tag": 3, "outcome": 5}

# Days from being known to what happens next; the soonest is longer than from one monthly extract to the next.
SOONEST, LATEST = 32, 122

RECORDED_AFTER = (10, 250, 320, 230, 80, 50, 35, 15, 10, 0)
"""Weights of the bands of time from report to recording: 94 % within a day."""
MINUTES = [300 if m == 0 else 150 if m == 30 else 80 if m % 15 == 0 else 40 if m % 5 == 0 else 6 for m in range(60)]
"""Weights of the minutes of an hour: people give round times."""

OUTCOME_BEGAN = {"21": date(2016, 1, 1), "22": date(2019, 4, 1)}
OUTCOME_BEFORE = {"21": "18", "22": "8"}

TAGS = ("", "distraction", "pickpocket", "distraction;pickpocket", "moped_snatch", "pedal_cycle_snatch", "gym",
        "bag_licensed_premises")  # fmt: skip
TAG_WEIGHTS = {
    Habit.NONE: (1, 0, 0, 0, 0, 0, 0, 0),
    Habit.IN_THE_STREET: (440, 50, 380, 30, 60, 40, 0, 0),
    Habit.UNWATCHED: (930, 70, 0, 0, 0, 0, 0, 0),
    Habit.FROM_A_SHOP: (970, 30, 0, 0, 0, 0, 0, 0),
    Habit.ROBBERY: (850, 0, 0, 0, 120, 30, 0, 0),
    Habit.UNWATCHED_IN_A_BAR: (580, 90, 0, 0, 0, 0, 0, 330),
    Habit.UNWATCHED_IN_A_GYM: (200, 10, 0, 0, 0, 0, 790, 0),
}
TUNDRA_BEGAN = date(2018, 6, 1)

CIRCUMSTANCES = {"": 160, "staff_victim": 220, "domestic": 90, "colleagues": 40, "by_staff": 60, "road_rage": 40,
                 "other": 390}  # fmt: skip
VICTIM_TYPES = {"public": 850, "staff": 120, "business": 20, "": 10}
TAKEN_FOR_WARDS = ("Cheapside", "Fenchurch Street", "Gracechurch Street", "King William Street", "Liverpool Street")

DAY, WEEK = 1440, 7 * 1440  # minutes
NEVER = 2**31 - 1


class Times(NamedTuple):
    """When crimes were committed, reported and recorded, in minutes since 1970, London time."""

    committed_from: Integers
    committed_to: Integers
    reported: Integers
    recorded: Integers


@dataclass(frozen=True)
class History:
    """From which day on the source knows of what happened to each record, in days since 1970, or NEVER."""

    known: Integers
    outcome: Integers
    revised: Integers
    reclassified: Integers
    dated_anew: Integers
    cancelled: Integers
    reinstated: Integers
    transferred: Integers
    sent_again: Integers

    def changed(self, after: date | None, until: date) -> Integers:
        """Positions of the records that are new or have changed from the day after one day to the end of another."""
        first, last = day_number(after) if after else -NEVER, day_number(until)
        changed = np.zeros(len(self.known), dtype=bool)
        for event in fields(self):
            day = getattr(self, event.name)
            changed |= (day > first) & (day <= last)
        return np.flatnonzero(changed & (self.known <= last))


@dataclass(frozen=True)
class Records:
    """All crimes, an entry each, in the order in which they were recorded; outcomes have times like the others.

    What never changes, and decides on nothing that happens later, is drawn when rows are made.
    """

    draws: Draws
    month: Integers
    serial: Integers
    code: Integers
    times: Times
    outcome: Integers
    revised: Integers
    history: History

    def rows(self, at: Integers, day: date) -> Rows:
        """The records at these positions as known at the end of the day, as text that is quoted where CSV wants it."""
        draws, history, today = self.draws.at(at), self.history, day_number(day)
        times = Times(*(time[at] for time in self.times))
        recorded = np.where(history.dated_anew[at] <= today, times.reported, times.recorded)
        original = self.code[at]
        code = np.where(history.reclassified[at] <= today, _BECOMES[original], original)
        is_cancelled = (history.cancelled[at] <= today) & (history.reinstated[at] > today)
        is_transferred = history.transferred[at] <= today
        is_revised = history.revised[at] <= today
        outcome_at = np.where(is_revised, self.revised[at], self.outcome[at])
        outcome_at[history.outcome[at] > today] = NEVER
        rows = {
            "crime_number": _numbers(self.month[at], self.serial[at]),
            "status": _STATUSES[np.where(is_cancelled, 1, np.where(is_transferred, 2, 0))],
            "class_code": _CLASS_CODES[code],
            "sub_code": _SUB_CODES[code],
            "offence": _TITLES[code],
            "recorded_at": _times(recorded),
            "reported_at": _blank(_times(times.reported), draws.happens("report not noted", 10)),
            "committed_from": _blank(_times(times.committed_from), draws.happens("beginning not known", 20)),
            "committed_to": _blank(_times(times.committed_to), draws.happens("end not known", 100)),
            "outcome_code": _outcome_codes(draws, original, outcome_at, is_revised),
            "outcome_at": _times(outcome_at),
        }
        rows |= _place(draws, original)
        rows |= _causes(draws, original, rows["premises_type"], times.recorded)
        rows |= _people(draws, rows["victim_type"])
        _make_odd(rows, draws)
        return rows


def make_records(seed: int, scale: float, until: date) -> Records:
    """The crimes of each month up to that of `until`, `scale` times as many as the real force has.

    A month's crimes are the same whatever the last month is.
    """
    first = FIRST_MONTH.year * 12 + FIRST_MONTH.month - 1
    numbers = range(first, until.year * 12 + until.month)
    months = [date(number // 12, number % 12 + 1, 1) for number in numbers]
    expected = [[code.expected(month) for code in CODES] for month in months]
    volumes = [scale * _level(month) * sum(shares) for month, shares in zip(months, expected, strict=True)]
    counts = _counts(Draws(seed, np.array(numbers)), volumes)

    month = np.repeat(np.arange(len(months)), counts)
    serial = np.arange(len(month)) - np.repeat(np.cumsum(counts) - counts, counts)
    draws = Draws(seed, (np.array(numbers)[month] << 32) + serial)
    by_month = Choice(*[[int(share * 1_000_000) for share in shares] for shares in expected])
    code = draws.choose("code", by_month, month)
    starts = np.array([day_number(first_day) for first_day in [*months, _next_month(months[-1])]])
    times = _times_of(draws, code, month, starts * DAY)

    order = np.argsort(times.recorded, kind="stable")
    draws, code, month = draws.at(order), code[order], month[order]
    times = Times(*(time[order].astype(np.int32) for time in times))
    outcome = times.recorded + 60 + _band(draws, "outcome after", _OUTCOMES_AFTER, _PROFILE[code])
    revised = outcome + 30 * DAY + draws.below("revised after", 300 * DAY)
    return Records(
        draws=draws,
        month=(month + first).astype(np.int32),
        serial=(serial + 1).astype(np.int32),
        code=code,
        times=times,
        outcome=outcome.astype(np.int32),
        revised=revised.astype(np.int32),
        history=_history(draws, code, times, outcome // DAY, revised // DAY, closed=starts[month + 1] + 6),
    )


def _counts(draws: Draws, expected: Sequence[float]) -> Integers:
    """How many crimes each month has: as many as expected, give or take its root."""
    twelve = [draws.below(f"volume {n}", 1_000_000) for n in range(12)]
    deviations = np.sum(twelve, axis=0) / 1_000_000 - 6.0  # nearly normal, with a standard deviation of 1
    return np.maximum(0, np.floor(np.array(expected) + np.sqrt(expected) * deviations + 0.5)).astype(np.int64)


def _times_of(draws: Draws, code: Integers, month: Integers, starts: Integers) -> Times:
    """Committed from and to, reported and recorded, such that each crime is recorded in its month.

    The week repeats, so the beginning is drawn within a week, and the delays decide the minute of a week in which the
    crime is recorded; then one of the month's four or five such minutes is drawn. So hours and weekdays are exact.
    """
    profile = _PROFILE[code]
    begins = draws.choose("hour of the week", _HOURS_OF_WEEK, profile) * 60 + draws.choose("minute", _MINUTES)
    span = _band(draws, "span", _SPANS, profile)
    reported_after = _band(draws, "reported after", _REPORTS, profile)
    recorded_after = _band(draws, "recorded after", _RECORDED, 0)
    start, length = starts[month], np.diff(starts)[month]
    since_monday = (start + 3 * DAY) % WEEK  # 1 January 1970 was a Thursday
    offset = (begins + span + reported_after + recorded_after - since_monday) % WEEK
    recorded = start + offset + WEEK * draws.below("week", (length - offset + WEEK - 1) // WEEK)
    reported = recorded - recorded_after
    committed_to = reported - reported_after
    return Times(*(_existing(time) for time in (committed_to - span, committed_to, reported, recorded)))


def _existing(times: Integers) -> Integers:
    """The times, of which those in the hour that the clocks skip in spring are moved to its end."""
    days = times // DAY
    years = range(1970 + int(days.min(initial=0)) // 366, 1971 + int(days.max(initial=0)) // 365)
    changes = [day_number(max(date(year, 3, day) for day in range(25, 32) if date(year, 3, day).weekday() == 6))
               for year in years]  # fmt: skip
    is_skipped = (times % DAY // 60 == 1) & np.isin(days, changes)
    return np.where(is_skipped, days * DAY + 120, times)


def _history(
    draws: Draws, code: Integers, times: Times, outcome_on: Integers, revised_on: Integers, *, closed: Integers
) -> History:
    """When the source knows what; `closed` is the day to which the extract that closes a crime's month is current."""

    def after(days: Integers, what: str, happens: Flags) -> Integers:
        later = days + SOONEST + draws.below(f"{what} after", LATEST - SOONEST)
        return np.where(happens, later, NEVER).astype(np.int32)

    late = closed + 1 + draws.below("late by", 75)
    recorded_on, reported_on = times.recorded // DAY, times.reported // DAY
    known = np.where(draws.happens("late", LATE), late, recorded_on).astype(np.int32)
    has_outcome = draws.happens("outcome", WITH_OUTCOME)
    is_revised = has_outcome & draws.happens("revised", REVISED)

    in_earlier_month = _calendar_month(reported_on) < _calendar_month(recorded_on)
    can_be_dated_anew = in_earlier_month & (reported_on >= day_number(FIRST_MONTH)) & ~_IS_BOUNDED[code]
    is_dated_anew = can_be_dated_anew & draws.happens("dated anew", DATED_ANEW)
    dated_anew = after(known, "dated anew", is_dated_anew)
    can_move = _BECOMES[code] != code
    reclassified = after(known, "reclassified", can_move & draws.happens("reclassified", RECLASSIFIED_OF_MOVABLE))
    moves_too = can_move & is_dated_anew & draws.happens("moved too", MOVED_TOO)

    fate = draws.below("fate", 1000)
    cancelled = after(known, "cancelled", fate < CANCELLED)
    is_reinstated = (fate < CANCELLED) & draws.happens("reinstated", REINSTATED)
    return History(
        known=known,
        outcome=np.where(has_outcome, outcome_on, NEVER).astype(np.int32),
        revised=np.where(is_revised, revised_on, NEVER).astype(np.int32),
        reclassified=np.where(moves_too, dated_anew, reclassified).astype(np.int32),
        dated_anew=dated_anew,
        cancelled=cancelled,
        reinstated=after(cancelled.astype(np.int64), "reinstated", is_reinstated),
        transferred=after(known, "transferred", (fate >= CANCELLED) & (fate < CANCELLED + TRANSFERRED)),
        sent_again=after(known, "sent again", draws.happens("sent again", SENT_AGAIN)),
    )


def _calendar_month(days: Integers) -> NDArray[np.datetime64]:
    return days.astype("datetime64[D]").astype("datetime64[M]")


def _outcome_codes(draws: Draws, code: Integers, outcome_at: Integers, is_revised: Flags) -> Text:
    """Outcome codes in use at the time; blank where there is none."""
    profile = _PROFILE[code]
    chosen = np.where(
        is_revised, draws.choose("revised", _OUTCOMES, profile), draws.choose("outcome", _OUTCOMES, profile)
    )
    codes = _OUTCOME_CODES[chosen]
    for outcome, began in OUTCOME_BEGAN.items():
        codes[(codes == outcome) & (outcome_at < day_number(began) * DAY)] = OUTCOME_BEFORE[outcome]
    return _blank(codes, outcome_at == NEVER)


def _place(draws: Draws, code: Integers) -> Rows:
    """Street, ward, premises and coordinates; 3 % have no place, 6 % of the others no coordinates."""
    profile = _PROFILE[code]
    street = draws.choose("street", _STREETS, profile)
    kind = draws.choose("premises type", _PREMISES_TYPES, profile)
    nowhere = draws.happens("no place", 30)
    unlocated = nowhere | draws.happens("not located", 60)
    wards = WARDS[street]
    for ward, official in OFFICIAL_NAMES.items():
        wards[(wards == ward) & draws.happens("official name", 100)] = official
    which = np.minimum(draws.below("premises", 4), draws.below("other premises", 4))  # the first is the busiest
    names = _PREMISES_NAMES[kind, street * 4 + which]
    return {
        "street": _blank(STREET_NAMES[street], nowhere),
        "ward": _blank(wards, nowhere),
        "premises": _blank(names, nowhere),
        "premises_type": _blank(_PREMISES_TYPE_NAMES[kind], draws.happens("no premises type", 30)),
        "easting": _blank(_spelled(EASTINGS[street] + draws.below("east", 121) - 60, str), unlocated),
        "northing": _blank(_spelled(NORTHINGS[street] + draws.below("north", 121) - 60, str), unlocated),
    }


def _causes(draws: Draws, code: Integers, premises_type: Text, recorded: Integers) -> Rows:
    """Causation factors, kind of victim, circumstance, method and operation."""
    profile = _PROFILE[code]
    circumstance = _blank(_text(CIRCUMSTANCES)[draws.choose("circumstance", _CIRCUMSTANCES)], ~_IS_ASSAULT[code])
    victim = np.where(_HAS_VICTIM[profile], _text(VICTIM_TYPES)[draws.choose("victim", _VICTIM_TYPES)], "")
    victim = np.where(_VICTIMS[code] != "", _VICTIMS[code], victim).astype(object)
    habit = _HABITS[code]
    habit = np.where((habit == Habit.UNWATCHED) & (premises_type == "licensed"), Habit.UNWATCHED_IN_A_BAR, habit)
    habit = np.where((habit == Habit.UNWATCHED) & (premises_type == "gym"), Habit.UNWATCHED_IN_A_GYM, habit)
    tag = draws.choose("method", _TAG_CHOICE, habit)
    in_tundra = (tag == TAGS.index("bag_licensed_premises")) & (recorded >= day_number(TUNDRA_BEGAN) * DAY)
    not_noted = draws.happens("causes not noted", 100)

    def flag(what: str, per_mille: Integers | int, is_sure: Flags) -> Text:
        return _blank(_text(["N", "Y"])[(is_sure | draws.happens(what, per_mille)).astype(int)], not_noted)

    return {
        "alcohol": flag("alcohol", _ALCOHOL[profile], np.zeros(len(code), dtype=bool)),
        "domestic_abuse": flag("domestic abuse", 5, circumstance == "domestic"),
        "drugs": flag("drugs", 20, _IS_DRUGS[code]),
        "victim_type": victim,
        "circumstance": circumstance,
        "method_tags": _text(TAGS)[tag],
        "operation": _text(["", "TUNDRA"])[(in_tundra & draws.happens("in TUNDRA", 650)).astype(int)],
    }


def _people(draws: Draws, victim_type: Text) -> Rows:
    """The personal columns, and one that no contract knows: only people who do not exist."""
    is_nobody = (victim_type == "") | (victim_type == "business")
    no_suspect = ~draws.happens("suspect", 350)

    def one_of(values: Text, what: str) -> Text:
        return values[draws.below(what, len(values))]

    return {
        "victim_name": _blank(one_of(NAMES, "victim name"), is_nobody),
        "victim_date_of_birth": _blank(one_of(BIRTH_DATES, "victim born"), is_nobody | draws.happens("no age", 150)),
        "suspect_name": _blank(one_of(NAMES, "suspect name"), no_suspect),
        "suspect_date_of_birth": _blank(one_of(BIRTH_DATES, "suspect born"), no_suspect),
        "summary": one_of(SUMMARIES, "summary"),
        "officer_in_case": one_of(NAMES, "officer"),
    }


def _make_odd(rows: Rows, draws: Draws) -> None:
    """Make 2 % of the rows deserve a warning: a street for a ward, a wrong place, an unknown tag, half an outcome."""
    oddity = np.searchsorted(np.cumsum(list(ODD.values())), draws.below("oddity", 1000), side="right")
    is_odd = {what: oddity == number for number, what in enumerate(ODD)}
    is_placed = rows["easting"] != ""

    is_street = is_odd["ward"] & (rows["ward"] != "")
    rows["ward"][is_street] = _text(TAKEN_FOR_WARDS)[draws.below("taken for a ward", len(TAKEN_FOR_WARDS))][is_street]
    swapped = is_odd["swapped"] & is_placed
    rows["easting"][swapped], rows["northing"][swapped] = rows["northing"][swapped], rows["easting"][swapped]
    for column in ("easting", "northing"):
        rows[column][is_odd["zero"] & is_placed] = "0"
    rows["method_tags"][is_odd["tag"]] = "dipping"
    rows["outcome_at"][is_odd["outcome"]] = ""


def day_number(day: date) -> int:
    """Days since 1970."""
    return day.toordinal() - date(1970, 1, 1).toordinal()


def _next_month(month: date) -> date:
    return (month + timedelta(days=31)).replace(day=1)


def _level(month: date) -> float:
    return LEVELS[max(begins for begins in LEVELS if begins <= month)]


def _band(draws: Draws, what: str, choice: Choice, row: Integers | int) -> Integers:
    """Minutes: one of the bands by its weight, and any length within it."""
    band = draws.choose(f"{what}, band", choice, row)
    return _SHORTEST[band] + draws.below(what, _LONGEST[band] - _SHORTEST[band] + 1)


def _hours_of_week(hours: Sequence[int], days: Sequence[int]) -> list[int]:
    """Weights of the 168 hours of a week; until 06:00 a night goes with the day before."""
    return [days[(day - (hour < 6)) % 7] * hours[hour] for day in range(7) for hour in range(24)]


def _text(values: Iterable[str]) -> Text:
    return np.array(list(values), dtype=object)


def _blank(values: Text, is_blank: Flags) -> Text:
    """The values, but for those that are blank."""
    values = values.copy()
    values[is_blank] = ""
    return values


def _spelled(values: Integers, spell: Callable[[int], str]) -> Text:
    """Each number spelled; each different one only once."""
    different, which = np.unique(values, return_inverse=True)
    return _text([spell(value) for value in different.tolist()])[which]


@cache
def _spelled_day(day: int) -> str:
    return (date(1970, 1, 1) + timedelta(days=day)).isoformat()


def _times(minutes: Integers) -> Text:
    """Times as the source writes them, blank for NEVER."""
    days = np.where(minutes == NEVER, 0, minutes // DAY)
    return _blank(_spelled(days, _spelled_day) + _MINUTES_OF_DAY[minutes % DAY], minutes == NEVER)


def _numbers(month: Integers, serial: Integers) -> Text:
    """Crime numbers: month and serial number in it."""
    months = _spelled(month, lambda number: f"SAMPLE/{number // 12 % 100:02d}{number % 12 + 1:02d}/")
    return months + _spelled(serial, lambda number: f"{number:05d}")


def _becomes(code: Code) -> Code:
    """What the code's crimes are reclassified to; the code itself if to none."""
    key = RECLASSIFIED.get(code.key, code.key)
    return next((other for other in CODES if other.key == key and not other.is_bounded), code)


_STATUSES = _text(["recorded", "cancelled", "transferred"])
_MINUTES_OF_DAY = _text([f" {minute // 60:02d}:{minute % 60:02d}" for minute in range(DAY)])
_SHORTEST, _LONGEST = np.array(BANDS).T

_CLASS_CODES = _text([code.class_code for code in CODES])
_SUB_CODES = _text([code.sub_code.code for code in CODES])
_TITLES = _text([f'"{code.title}"' if "," in code.title else code.title for code in CODES])
_VICTIMS = _text([code.victim_type for code in CODES])
_HABITS = np.array([code.offence.habit for code in CODES])
_IS_ASSAULT = np.array([code.offence.is_assault for code in CODES])
_IS_BOUNDED = np.array([code.is_bounded for code in CODES])
_IS_DRUGS = np.array([code.class_code.startswith("92") for code in CODES])
_PROFILE = np.array([next(n for n, p in enumerate(PROFILES) if p is code.offence.profile) for code in CODES])
_BECOMES = np.array([CODES.index(_becomes(code)) for code in CODES])

_HAS_VICTIM = np.array([profile.has_victim for profile in PROFILES])
_ALCOHOL = np.array([profile.alcohol for profile in PROFILES])
_HOURS_OF_WEEK = Choice(*[_hours_of_week(profile.hours, profile.days) for profile in PROFILES])
_MINUTES = Choice(MINUTES)
_SPANS = Choice(*[profile.spans for profile in PROFILES])
_REPORTS = Choice(*[profile.reports for profile in PROFILES])
_RECORDED = Choice(RECORDED_AFTER)
_OUTCOMES_AFTER = Choice(*[profile.outcomes_after for profile in PROFILES])
_OUTCOME_CODES = _text(sorted({code for profile in PROFILES for code in profile.outcomes}))
_OUTCOMES = Choice(*[[profile.outcomes.get(code, 0) for code in _OUTCOME_CODES] for profile in PROFILES])
_STREETS = Choice(*[[getattr(street, profile.streets) for street in STREETS] for profile in PROFILES])
_PREMISES_TYPE_NAMES = _text(PREMISES)
_PREMISES_TYPES = Choice(*[[profile.premises.get(kind, 0) for kind in PREMISES] for profile in PROFILES])
_PREMISES_NAMES = np.array(
    [[f"{name} {number + 1}" if name else "" for number in range(len(STREETS) * 4)] for name in PREMISES.values()],
    dtype=object,
)
_CIRCUMSTANCES = Choice(list(CIRCUMSTANCES.values()))
_VICTIM_TYPES = Choice(list(VICTIM_TYPES.values()))
_TAG_CHOICE = Choice(*TAG_WEIGHTS.values())
