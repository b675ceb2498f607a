"""Invented crimes with all that happens to them, and what the source knows of them at the end of a day."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from datetime import date
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from flows.sample.city import PREMISES, STREETS
from flows.sample.crime_layout import FEBRUARY, LaidOut, expected, filled_up, is_held, lay_out, number_of, total
from flows.sample.crimes_reported import (
    KIND_OF,
    LAST_REPORT,
    MARKED,
    NOT_IN_LICENSED_PREMISES,
    REPORTED,
    UNMARKED,
    VIOLENCE,
)
from flows.sample.draws import Choice, Draws, Flags, Integers
from flows.sample.offences import BANDS, CODES, PROFILES, RECLASSIFIED, Code, Habit
from flows.sample.people import BIRTH_DATES, NAMES, SUMMARIES, one_of
from flows.sample.places import misplace, place, take_streets_for_wards
from flows.sample.records import changed
from flows.sample.spelling import DAY, NEVER, Rows, Text, blank, day_number, flag_text, spelled, text, time_text
from flows.sample.timing import (
    MINUTES,
    WEEK,
    counts_of,
    existing,
    hours_of_week,
    minutes_of_months,
    month_after,
    months_until,
)

FIRST_MONTH = date(2012, 4, 1)
DATED_ANEW_UNTIL, DATED_ANEW_SINCE = date(2017, 3, 1), date(2019, 8, 1)
"""Between these months no crime changes its month: their totals were published."""
COUNTS_SINCE, COUNTS_UNTIL = date(2013, 3, 1), date(2019, 7, 1)
"""The months whose totals were published, or are compared with those that were."""

# How many in a thousand records …
LATE = 40  # are first known after the extract that closes their month
WITH_OUTCOME = 880
REVISED = 25  # get another outcome later
RECLASSIFIED_OF_MOVABLE = 17  # of those with another class to go to: 15 of all
DATED_ANEW = 400  # of those reported in an earlier month than recorded: dated back to the report
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

    def counts(self, day: date) -> Flags:
        """Whether each counts as known at the end of the day."""
        today = day_number(day)
        is_cancelled = (self.cancelled <= today) & (self.reinstated > today)
        return (self.known <= today) & ~is_cancelled & (self.transferred > today)


@dataclass(frozen=True)
class Dealt:
    """What is laid out of each crime, -1 where it is drawn; `method` is a position in MARKED."""

    is_laid_out: Flags
    street: Integers
    premises_type: Integers
    premises: Integers
    method: Integers

    def at(self, positions: Integers) -> Dealt:
        """That of some of the crimes."""
        return Dealt(*(getattr(self, field.name)[positions] for field in fields(self)))


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
    dealt: Dealt

    def at(self, positions: Integers) -> Records:
        """Some of the crimes."""
        return Records(
            self.draws.at(positions),
            self.month[positions],
            self.serial[positions],
            self.code[positions],
            Times(*(time[positions] for time in self.times)),
            self.outcome[positions],
            self.revised[positions],
            History(*(getattr(self.history, event.name)[positions] for event in fields(History))),
            self.dealt.at(positions),
        )

    def followed_by(self, others: Records) -> Records:
        """These and others after them."""

        def both(of: Callable[[Records], NDArray[Any]]) -> NDArray[Any]:
            return np.concatenate([of(self), of(others)])

        return Records(
            self.draws.followed_by(others.draws),
            both(lambda crimes: crimes.month),
            both(lambda crimes: crimes.serial),
            both(lambda crimes: crimes.code),
            Times(*(np.concatenate(pair) for pair in zip(self.times, others.times, strict=True))),
            both(lambda crimes: crimes.outcome),
            both(lambda crimes: crimes.revised),
            History(*(both(lambda crimes, name=e.name: getattr(crimes.history, name)) for e in fields(History))),
            Dealt(*(both(lambda crimes, name=e.name: getattr(crimes.dealt, name)) for e in fields(Dealt))),
        )

    def changed(self, after: date | None, until: date) -> Integers:
        """Positions of the records that are new or have changed from the day after one day to the end of another."""
        history = {event.name: getattr(self.history, event.name) for event in fields(self.history)}
        return changed(history, after, until)

    def rows(self, at: Integers, day: date) -> Rows:
        """The records at these positions as known at the end of the day, as text that is quoted where CSV wants it."""
        draws, history, today = self.draws.at(at), self.history, day_number(day)
        times, dealt = Times(*(time[at] for time in self.times)), self.dealt.at(at)
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
            "committed_from": blank(
                time_text(times.committed_from), draws.happens("beginning not known", 20) & ~dealt.is_laid_out
            ),
            "committed_to": blank(time_text(times.committed_to), draws.happens("end not known", 100)),
            "outcome_code": _outcome_codes(draws, original, outcome_at, is_revised),
            "outcome_at": time_text(outcome_at),
        }
        rows |= _place(draws, original, self.month[at], dealt)
        rows |= _causes(draws, original)
        rows |= _methods(draws, original, rows["premises_type"], times.recorded, dealt)
        rows |= _people(draws, rows["victim_type"])
        _make_odd(rows, draws, dealt.is_laid_out)
        return rows

    def spared(self, at: Integers, after: date | None, until: date) -> Flags:
        """Whether those at these positions are spared from mistakes, because a published figure would not hold.

        These are new crimes and changes that make a difference to a month that was published.
        """
        first, last = day_number(after) if after else -NEVER, day_number(until)
        is_counted = (self.month[at] >= number_of(COUNTS_SINCE)) & (self.month[at] <= number_of(COUNTS_UNTIL))
        matters = np.zeros(len(at), dtype=bool)
        for event in ("known", "reclassified", "cancelled", "reinstated", "transferred"):
            days = getattr(self.history, event)[at]
            matters |= (days > first) & (days <= last)
        return is_counted & matters


def make_records(seed: int, scale: float, until: date) -> Records:
    """The crimes of each month up to that of `until`: those laid out, and others drawn up to the month's total.

    A month's crimes are the same whatever the last month is. What is laid out is published at scale 1; at any other it
    is in proportion.
    """
    months = months_until(FIRST_MONTH, until)
    starts = np.array([day_number(first_day) for first_day in [*months, month_after(months[-1])]])
    laid = lay_out(seed, scale, [number_of(month) for month in months])
    drawn = _drawn(seed, scale, months, starts, laid)
    laid_out = _laid_out(laid, number_of(months[0]), starts, drawn)
    order = np.argsort(np.concatenate([drawn.times.recorded, laid_out.times.recorded]), kind="stable")
    return drawn.followed_by(laid_out).at(order)


def _drawn(seed: int, scale: float, months: list[date], starts: Integers, laid: LaidOut) -> Records:
    """Crimes that are drawn, so many that each month has its total; month by month."""
    numbers = np.array([number_of(month) for month in months])
    targets = np.array([_target(month, seed, scale, laid) for month in months])
    usual = counts_of(Draws(seed, numbers), [scale * expected(month) for month in months])
    counts = np.where(targets < 0, usual, targets + targets // 8 + 30)

    month = np.repeat(np.arange(len(months)), counts)
    serial = np.arange(len(month)) - np.repeat(np.cumsum(counts) - counts, counts)
    draws = Draws(seed, (numbers[month] << 32) + serial)
    is_held_in = np.array([[is_held(code, first_day) for code in CODES] for first_day in months])
    shares = [[0 if is_held(code, first_day) else int(code.expected(first_day) * 1_000_000) for code in CODES]
              for first_day in months]  # fmt: skip
    code = draws.choose("code", Choice(*shares), month)
    times = _times_of(draws, code, month, starts * DAY)
    can_move = (_BECOMES[code] != code) & ~is_held_in[month, _BECOMES[code]]
    crimes = _records(Committed(draws, numbers[month], serial + 1, code, times, starts[month + 1] + 6), can_move)
    return crimes.at(np.flatnonzero(filled_up(month, crimes.history.counts(LAST_REPORT), targets)))


def _target(month: date, seed: int, scale: float, laid: LaidOut) -> int:
    """How many of the crimes drawn count in the month; -1 where the number is drawn."""
    all_ = total(month, Draws(seed, np.array([number_of(month)])))
    if all_ is None:
        return -1
    return max(0, int(all_ * scale + 0.5) - int(np.sum(laid.counts & (laid.month == number_of(month)))))


def _laid_out(laid: LaidOut, first_month: int, starts: Integers, drawn: Records) -> Records:
    """The crimes that are laid out, numbered after those drawn in their months."""
    month = laid.month - first_month
    order = np.argsort(month, kind="stable")
    rank = np.empty(len(month), dtype=np.int64)
    rank[order] = np.arange(len(month)) - np.searchsorted(month[order], month[order])
    serial = np.bincount(drawn.month - first_month, minlength=len(starts))[month] + rank + 1
    times = _times_laid_out(laid, month, starts * DAY)
    closed = starts[month + 1] + 6
    crimes = _records(
        Committed(laid.draws, laid.month, serial, laid.code, times, closed), can_move=np.zeros(len(month), dtype=bool)
    )
    never = np.full(len(month), NEVER, dtype=np.int32)
    history = replace(
        crimes.history,
        known=np.where(laid.known == NEVER, times.recorded // DAY, laid.known).astype(np.int32),
        reclassified=laid.moved.astype(np.int32),
        dated_anew=never,
        cancelled=laid.cancelled.astype(np.int32),
        reinstated=never,
        transferred=never,
    )
    dealt = Dealt(np.ones(len(month), dtype=bool), laid.street, laid.premises_type, laid.premises, laid.method)
    return replace(crimes, history=history, dealt=dealt)


class Committed(NamedTuple):
    """Crimes before anything happens to them; `closed` is the day of the extract that closes a crime's month."""

    draws: Draws
    month: Integers
    serial: Integers
    code: Integers
    times: Times
    closed: Integers


def _records(crimes: Committed, can_move: Flags) -> Records:
    """Crimes with all that is drawn of them."""
    draws, code, times = crimes.draws, crimes.code, Times(*(time.astype(np.int32) for time in crimes.times))
    outcome = times.recorded + 60 + _band(draws, "outcome after", _OUTCOMES_AFTER, _PROFILE[code])
    revised = outcome + 30 * DAY + draws.below("revised after", 300 * DAY)
    nothing = np.full(len(code), -1, dtype=np.int64)
    return Records(
        draws=draws,
        month=crimes.month.astype(np.int32),
        serial=crimes.serial.astype(np.int32),
        code=code,
        times=times,
        outcome=outcome.astype(np.int32),
        revised=revised.astype(np.int32),
        history=_history(crimes, outcome // DAY, revised // DAY, can_move),
        dealt=Dealt(np.zeros(len(code), dtype=bool), nothing, nothing, nothing, nothing),
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


def _times_laid_out(laid: LaidOut, month: Integers, starts: Integers) -> Times:
    """The times of crimes that are laid out: they begin at their minute of the week and end in the same hour.

    A crime begins in its month or, where its delays would have it recorded later than that, some weeks before; but not
    before February 2019 where that is wanted, and before it where that is.
    """
    draws, profile = laid.draws, _PROFILE[laid.code]
    hour = draws.choose("hour of the week", _HOURS_OF_WEEK, profile)
    begins = np.where(laid.minute < 0, hour * 60 + draws.choose("minute", MINUTES), laid.minute)
    span = draws.below("span", np.minimum(60 - begins % 60, 15))
    reported_after = _band(draws, "reported after", _REPORTS, profile)
    recorded_after = _band(draws, "recorded after", _RECORDED, 0)
    in_month = minutes_of_months(draws, begins, month, starts)
    february = day_number(FEBRUARY) * DAY

    def weeks_too_late() -> Integers:
        over = in_month + span + reported_after + recorded_after - (starts[month + 1] - 1)
        return np.maximum(0, -(-over // WEEK))

    is_prompt = laid.is_reported_at_once & (in_month - weeks_too_late() * WEEK < february)
    reported_after, recorded_after = np.where(is_prompt, 10, reported_after), np.where(is_prompt, 20, recorded_after)
    begin = in_month - weeks_too_late() * WEEK
    recorded = begin + span + reported_after + recorded_after
    weeks_to_february = np.maximum(0, -(-(begin + 60 - february) // WEEK)) + draws.below("weeks before February", 3)
    begin = np.where(laid.before_february, begin - weeks_to_february * WEEK, begin)
    begin = np.where(existing(begin) == begin, begin, begin - WEEK)
    reported = np.maximum(begin + span, recorded - recorded_after)
    return Times(*(existing(time) for time in (begin, begin + span, reported, recorded)))


def _history(crimes: Committed, outcome_on: Integers, revised_on: Integers, can_move: Flags) -> History:
    """When the source knows what."""
    draws, code, times = crimes.draws, crimes.code, crimes.times

    def after(days: Integers, what: str, happens: Flags) -> Integers:
        later = days + SOONEST + draws.below(f"{what} after", LATEST - SOONEST)
        return np.where(happens, later, NEVER).astype(np.int32)

    late = crimes.closed + 1 + draws.below("late by", 75)
    recorded_on, reported_on = times.recorded // DAY, times.reported // DAY
    known = np.where(draws.happens("late", LATE), late, recorded_on).astype(np.int32)
    has_outcome = draws.happens("outcome", WITH_OUTCOME)
    is_revised = has_outcome & draws.happens("revised", REVISED)

    in_earlier_month = _calendar_month(reported_on) < _calendar_month(recorded_on)
    is_settled = (crimes.month > number_of(DATED_ANEW_UNTIL)) & (crimes.month < number_of(DATED_ANEW_SINCE))
    can_be_dated_anew = in_earlier_month & (reported_on >= day_number(FIRST_MONTH)) & ~_IS_BOUNDED[code] & ~is_settled
    is_dated_anew = can_be_dated_anew & draws.happens("dated anew", DATED_ANEW)
    dated_anew = after(known, "dated anew", is_dated_anew)
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


def _place(draws: Draws, code: Integers, month: Integers, dealt: Dealt) -> Rows:
    """Street, ward and coordinates, and the premises."""
    profile = _PROFILE[code]
    street = np.where(dealt.street < 0, draws.choose("street", _STREETS, profile), dealt.street)
    kind = draws.choose("premises type", _PREMISES_TYPES, profile)
    kind = np.where(_IS_VIOLENCE[code] & np.isin(month, _UNLICENSED_MONTHS) & (kind == _LICENSED), _IN_A_STREET, kind)
    kind = np.where(dealt.premises_type < 0, kind, dealt.premises_type)
    rows = place(draws, street, is_sure=dealt.street >= 0)
    which = np.minimum(draws.below("premises", 4), draws.below("other premises", 4))  # the first is the busiest
    names = _PREMISES_NAMES[kind, np.where(dealt.premises < 0, street * 4 + which, dealt.premises % (len(STREETS) * 4))]
    is_noted = ~draws.happens("no premises type", 30) | (dealt.premises_type >= 0)
    return rows | {
        "premises": blank(names, draws.happens("no place", 30)),
        "premises_type": blank(_PREMISES_TYPE_NAMES[kind], ~is_noted),
    }


def _causes(draws: Draws, code: Integers) -> Rows:
    """Causation factors, kind of victim and circumstance."""
    profile = _PROFILE[code]
    circumstance = blank(text(CIRCUMSTANCES)[draws.choose("circumstance", _CIRCUMSTANCES)], ~_IS_ASSAULT[code])
    victim = np.where(_HAS_VICTIM[profile], text(VICTIM_TYPES)[draws.choose("victim", _VICTIM_TYPES)], "")
    victim = np.where(_VICTIMS[code] != "", _VICTIMS[code], victim).astype(object)
    not_noted = draws.happens("causes not noted", 100)

    def flag(what: str, per_mille: Integers | int, is_sure: Flags) -> Text:
        return blank(flag_text(is_sure | draws.happens(what, per_mille)), not_noted)

    return {
        "alcohol": flag("alcohol", _ALCOHOL[profile], np.zeros(len(code), dtype=bool)),
        "domestic_abuse": flag("domestic abuse", 5, circumstance == "domestic"),
        "drugs": flag("drugs", 20, _IS_DRUGS[code]),
        "victim_type": victim,
        "circumstance": circumstance,
    }


def _methods(draws: Draws, code: Integers, premises_type: Text, recorded: Integers, dealt: Dealt) -> Rows:
    """Method and operation."""
    habit = _HABITS[code]
    habit = np.where((habit == Habit.UNWATCHED) & (premises_type == "licensed"), Habit.UNWATCHED_IN_A_BAR, habit)
    habit = np.where((habit == Habit.UNWATCHED) & (premises_type == "gym"), Habit.UNWATCHED_IN_A_GYM, habit)
    tag = draws.choose("method", _TAG_CHOICE, habit)
    methods = text(TAGS)[tag]
    in_tundra = (tag == TAGS.index("bag_licensed_premises")) & (recorded >= day_number(TUNDRA_BEGAN) * DAY)
    operations = text(["", "TUNDRA"])[(in_tundra & draws.happens("in TUNDRA", 650)).astype(int)]
    is_reported = dealt.is_laid_out & (recorded >= day_number(min(REPORTED)) * DAY)
    operations[is_reported] = ""
    for other, instead in UNMARKED.items():
        methods[is_reported & (methods == other)] = instead
    is_marked = dealt.method >= 0
    methods[is_marked] = _MARKED_TAGS[dealt.method[is_marked]]
    operations[is_marked] = _MARKED_OPERATIONS[dealt.method[is_marked]]
    return {"method_tags": methods, "operation": operations}


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


def _make_odd(rows: Rows, draws: Draws, is_laid_out: Flags) -> None:
    """Make 2 % of the rows deserve a warning: a street for a ward, a wrong place, an unknown tag, half an outcome.

    What is laid out keeps its ward and its method.
    """
    oddity = np.searchsorted(np.cumsum(list(ODD.values())), draws.below("oddity", 1000), side="right")
    is_odd = {what: oddity == number for number, what in enumerate(ODD)}
    take_streets_for_wards(rows, draws, is_odd["ward"] & ~is_laid_out)
    misplace(rows, swapped=is_odd["swapped"], zero=is_odd["zero"])
    rows["method_tags"][is_odd["tag"] & ~is_laid_out] = "dipping"
    rows["outcome_at"][is_odd["outcome"]] = ""


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

_IS_VIOLENCE = np.array([KIND_OF.get(code.class_code) in VIOLENCE for code in CODES])
_UNLICENSED_MONTHS = [number_of(month) for month in NOT_IN_LICENSED_PREMISES]
_MARKED_TAGS = text([marked.tag for marked in MARKED])
_MARKED_OPERATIONS = text([marked.operation for marked in MARKED])
_LICENSED, _IN_A_STREET = (list(PREMISES).index(kind) for kind in ("licensed", "street"))

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
