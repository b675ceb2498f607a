"""Invented crimes with all that happens to them, and what the source knows of them at the end of a day."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import date
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from flows.sample.city import PREMISES, STREETS
from flows.sample.draws import Choice, Draws, Flags, Integers
from flows.sample.offences import BANDS, CODES, PROFILES, RECLASSIFIED, Code, Habit
from flows.sample.people import BIRTH_DATES, NAMES, SUMMARIES, one_of
from flows.sample.places import misplace, place, take_streets_for_wards
from flows.sample.records import changed
from flows.sample.spelling import DAY, NEVER, Rows, Text, blank, day_number, flag_text, spelled, text, time_text
from flows.sample.timing import (
    MINUTES,
    counts_of,
    existing,
    hours_of_week,
    minutes_of_months,
    month_after,
    months_until,
)

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

    def changed(self, after: date | None, until: date) -> Integers:
        """Positions of the records that are new or have changed from the day after one day to the end of another."""
        history = {event.name: getattr(self.history, event.name) for event in fields(self.history)}
        return changed(history, after, until)

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
            "recorded_at": time_text(recorded),
            "reported_at": blank(time_text(times.reported), draws.happens("report not noted", 10)),
            "committed_from": blank(time_text(times.committed_from), draws.happens("beginning not known", 20)),
            "committed_to": blank(time_text(times.committed_to), draws.happens("end not known", 100)),
            "outcome_code": _outcome_codes(draws, original, outcome_at, is_revised),
            "outcome_at": time_text(outcome_at),
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
    months = months_until(FIRST_MONTH, until)
    numbers = np.array([month.year * 12 + month.month - 1 for month in months])
    expected = [[code.expected(month) for code in CODES] for month in months]
    volumes = [scale * _level(month) * sum(shares) for month, shares in zip(months, expected, strict=True)]
    counts = counts_of(Draws(seed, numbers), volumes)

    month = np.repeat(np.arange(len(months)), counts)
    serial = np.arange(len(month)) - np.repeat(np.cumsum(counts) - counts, counts)
    draws = Draws(seed, (numbers[month] << 32) + serial)
    by_month = Choice(*[[int(share * 1_000_000) for share in shares] for shares in expected])
    code = draws.choose("code", by_month, month)
    starts = np.array([day_number(first_day) for first_day in [*months, month_after(months[-1])]])
    times = _times_of(draws, code, month, starts * DAY)

    order = np.argsort(times.recorded, kind="stable")
    draws, code, month = draws.at(order), code[order], month[order]
    times = Times(*(time[order].astype(np.int32) for time in times))
    outcome = times.recorded + 60 + _band(draws, "outcome after", _OUTCOMES_AFTER, _PROFILE[code])
    revised = outcome + 30 * DAY + draws.below("revised after", 300 * DAY)
    return Records(
        draws=draws,
        month=numbers[month].astype(np.int32),
        serial=(serial + 1).astype(np.int32),
        code=code,
        times=times,
        outcome=outcome.astype(np.int32),
        revised=revised.astype(np.int32),
        history=_history(draws, code, times, outcome // DAY, revised // DAY, closed=starts[month + 1] + 6),
    )


def _times_of(draws: Draws, code: Integers, month: Integers, starts: Integers) -> Times:
    """Committed from and to, reported and recorded, such that each crime is recorded in its month.

    The week repeats, so the beginning is drawn within a week, and the delays decide the minute of a week in which the
    crime is recorded; then one of the month's four or five such minutes is drawn. So hours and weekdays are exact.
    """
    profile = _PROFILE[code]
    begins = draws.choose("hour of the week", _HOURS_OF_WEEK, profile) * 60 + draws.choose("minute", MINUTES)
    span = _band(draws, "span", _SPANS, profile)
    reported_after = _band(draws, "reported after", _REPORTS, profile)
    recorded_after = _band(draws, "recorded after", _RECORDED, 0)
    recorded = minutes_of_months(draws, begins + span + reported_after + recorded_after, month, starts)
    reported = recorded - recorded_after
    committed_to = reported - reported_after
    return Times(*(existing(time) for time in (committed_to - span, committed_to, reported, recorded)))


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
    return blank(codes, outcome_at == NEVER)


def _place(draws: Draws, code: Integers) -> Rows:
    """Street, ward and coordinates, and the premises."""
    profile = _PROFILE[code]
    street = draws.choose("street", _STREETS, profile)
    kind = draws.choose("premises type", _PREMISES_TYPES, profile)
    rows = place(draws, street)
    which = np.minimum(draws.below("premises", 4), draws.below("other premises", 4))  # the first is the busiest
    names = _PREMISES_NAMES[kind, street * 4 + which]
    return rows | {
        "premises": blank(names, draws.happens("no place", 30)),
        "premises_type": blank(_PREMISES_TYPE_NAMES[kind], draws.happens("no premises type", 30)),
    }


def _causes(draws: Draws, code: Integers, premises_type: Text, recorded: Integers) -> Rows:
    """Causation factors, kind of victim, circumstance, method and operation."""
    profile = _PROFILE[code]
    circumstance = blank(text(CIRCUMSTANCES)[draws.choose("circumstance", _CIRCUMSTANCES)], ~_IS_ASSAULT[code])
    victim = np.where(_HAS_VICTIM[profile], text(VICTIM_TYPES)[draws.choose("victim", _VICTIM_TYPES)], "")
    victim = np.where(_VICTIMS[code] != "", _VICTIMS[code], victim).astype(object)
    habit = _HABITS[code]
    habit = np.where((habit == Habit.UNWATCHED) & (premises_type == "licensed"), Habit.UNWATCHED_IN_A_BAR, habit)
    habit = np.where((habit == Habit.UNWATCHED) & (premises_type == "gym"), Habit.UNWATCHED_IN_A_GYM, habit)
    tag = draws.choose("method", _TAG_CHOICE, habit)
    in_tundra = (tag == TAGS.index("bag_licensed_premises")) & (recorded >= day_number(TUNDRA_BEGAN) * DAY)
    not_noted = draws.happens("causes not noted", 100)

    def flag(what: str, per_mille: Integers | int, is_sure: Flags) -> Text:
        return blank(flag_text(is_sure | draws.happens(what, per_mille)), not_noted)

    return {
        "alcohol": flag("alcohol", _ALCOHOL[profile], np.zeros(len(code), dtype=bool)),
        "domestic_abuse": flag("domestic abuse", 5, circumstance == "domestic"),
        "drugs": flag("drugs", 20, _IS_DRUGS[code]),
        "victim_type": victim,
        "circumstance": circumstance,
        "method_tags": text(TAGS)[tag],
        "operation": text(["", "TUNDRA"])[(in_tundra & draws.happens("in TUNDRA", 650)).astype(int)],
    }


def _people(draws: Draws, victim_type: Text) -> Rows:
    """The personal columns, and one that no contract knows: only people who do not exist."""
    is_nobody = (victim_type == "") | (victim_type == "business")
    no_suspect = ~draws.happens("suspect", 350)

    return {
        "victim_name": blank(one_of(NAMES, draws, "victim name"), is_nobody),
        "victim_date_of_birth": blank(
            one_of(BIRTH_DATES, draws, "victim born"), is_nobody | draws.happens("no age", 150)
        ),
        "suspect_name": blank(one_of(NAMES, draws, "suspect name"), no_suspect),
        "suspect_date_of_birth": blank(one_of(BIRTH_DATES, draws, "suspect born"), no_suspect),
        "summary": one_of(SUMMARIES, draws, "summary"),
        "officer_in_case": one_of(NAMES, draws, "officer"),
    }


def _make_odd(rows: Rows, draws: Draws) -> None:
    """Make 2 % of the rows deserve a warning: a street for a ward, a wrong place, an unknown tag, half an outcome."""
    oddity = np.searchsorted(np.cumsum(list(ODD.values())), draws.below("oddity", 1000), side="right")
    is_odd = {what: oddity == number for number, what in enumerate(ODD)}
    take_streets_for_wards(rows, draws, is_odd["ward"])
    misplace(rows, swapped=is_odd["swapped"], zero=is_odd["zero"])
    rows["method_tags"][is_odd["tag"]] = "dipping"
    rows["outcome_at"][is_odd["outcome"]] = ""


def _level(month: date) -> float:
    return LEVELS[max(begins for begins in LEVELS if begins <= month)]


def _band(draws: Draws, what: str, choice: Choice, row: Integers | int) -> Integers:
    """Minutes: one of the bands by its weight, and any length within it."""
    band = draws.choose(f"{what}, band", choice, row)
    return _SHORTEST[band] + draws.below(what, _LONGEST[band] - _SHORTEST[band] + 1)


def _numbers(month: Integers, serial: Integers) -> Text:
    """Crime numbers: month and serial number in it."""
    months = spelled(month, lambda number: f"SAMPLE/{number // 12 % 100:02d}{number % 12 + 1:02d}/")
    return months + spelled(serial, lambda number: f"{number:05d}")


def _becomes(code: Code) -> Code:
    """What the code's crimes are reclassified to; the code itself if to none."""
    key = RECLASSIFIED.get(code.key, code.key)
    return next((other for other in CODES if other.key == key and not other.is_bounded), code)


_STATUSES = text(["recorded", "cancelled", "transferred"])
_SHORTEST, _LONGEST = np.array(BANDS).T

_CLASS_CODES = text([code.class_code for code in CODES])
_SUB_CODES = text([code.sub_code.code for code in CODES])
_TITLES = text([f'"{code.title}"' if "," in code.title else code.title for code in CODES])
_VICTIMS = text([code.victim_type for code in CODES])
_HABITS = np.array([code.offence.habit for code in CODES])
_IS_ASSAULT = np.array([code.offence.is_assault for code in CODES])
_IS_BOUNDED = np.array([code.is_bounded for code in CODES])
_IS_DRUGS = np.array([code.class_code.startswith("92") for code in CODES])
_PROFILE = np.array([next(n for n, p in enumerate(PROFILES) if p is code.offence.profile) for code in CODES])
_BECOMES = np.array([CODES.index(_becomes(code)) for code in CODES])

_HAS_VICTIM = np.array([profile.has_victim for profile in PROFILES])
_ALCOHOL = np.array([profile.alcohol for profile in PROFILES])
_HOURS_OF_WEEK = Choice(*[hours_of_week(profile.hours, profile.days) for profile in PROFILES])
_SPANS = Choice(*[profile.spans for profile in PROFILES])
_REPORTS = Choice(*[profile.reports for profile in PROFILES])
_RECORDED = Choice(RECORDED_AFTER)
_OUTCOMES_AFTER = Choice(*[profile.outcomes_after for profile in PROFILES])
_OUTCOME_CODES = text(sorted({code for profile in PROFILES for code in profile.outcomes}))
_OUTCOMES = Choice(*[[profile.outcomes.get(code, 0) for code in _OUTCOME_CODES] for profile in PROFILES])
_STREETS = Choice(*[[getattr(street, profile.streets) for street in STREETS] for profile in PROFILES])
_PREMISES_TYPE_NAMES = text(PREMISES)
_PREMISES_TYPES = Choice(*[[profile.premises.get(kind, 0) for kind in PREMISES] for profile in PROFILES])
_PREMISES_NAMES = np.array(
    [[f"{name} {number + 1}" if name else "" for number in range(len(STREETS) * 4)] for name in PREMISES.values()],
    dtype=object,
)
_CIRCUMSTANCES = Choice(list(CIRCUMSTANCES.values()))
_VICTIM_TYPES = Choice(list(VICTIM_TYPES.values()))
_TAG_CHOICE = Choice(*TAG_WEIGHTS.values())
