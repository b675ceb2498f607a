"""Invented enforcement actions: people who climb the ladder from green to a criminal behaviour order, or stop on it."""

from __future__ import annotations

from datetime import date

import numpy as np

from flows.sample.draws import Choice, Flags, Integers
from flows.sample.mistakes import Mistake, has
from flows.sample.people import BIRTH_DATES, MARK, NAMES, one_of
from flows.sample.places import DAY as BY_DAY
from flows.sample.places import odd_place
from flows.sample.records import Known, Occurrences, Pattern, SimpleRecords, history_of, in_months, key_of
from flows.sample.source import Source
from flows.sample.spelling import (
    DAY,
    NEVER,
    Options,
    Rows,
    blank,
    day_number,
    day_of,
    day_text,
    flag_text,
    spelled,
    text,
    whole_text,
)
from flows.sample.timing import month_after

FIRST_EXTRACT = date(2018, 6, 7)

PEOPLE = Pattern(
    yearly={date(2018, 5, 1): 255},
    hours=(0, 0, 0, 0, 0, 0, 1, 4, 6, 6, 6, 6, 6, 6, 6, 6, 6, 5, 4, 3, 2, 1, 0, 0),
    days=(5, 5, 5, 5, 5, 2, 1),
)
"""People who are on the ladder for the first time."""

STAGES = ("green", "yellow", "red", "blue", "cbo")
STEPS = Choice([620, 210, 100, 45, 25])
"""Weights of how many steps somebody takes."""
WITHIN = 75
"""Within how many days somebody who takes the next step does so; not before a week has gone by."""
INSTRUMENTS = Options({"ticket": 1}, {"cpw": 1}, {"cpn": 1}, {"summons": 1}, {"cbo": 1})
PROGRAMMES = Options({"luscombe": 830, "alabama": 120, "other": 50})
INVITED = np.array([900, 600, 300, 150, 100])
"""How many in a thousand are invited to a hub, by stage."""


def records(seed: int, scale: float, until: date) -> SimpleRecords:
    """All actions up to a day, of people in the order of their first."""
    people = in_months("enforcement_actions", PEOPLE, seed, scale, until)
    those = steps(people)
    history = history_of(those)
    hub_on = hub_month(those.day) + 20
    history["hub held"] = np.where(is_invited(those), np.maximum(hub_on, history["known"]), NEVER)
    return SimpleRecords(those, history, rows)


def steps(people: Occurrences) -> Occurrences:
    """The actions against each person: `serial` is ten times the person's, and the stage from 0 to 4."""
    counts = people.draws.choose("steps", STEPS) + 1
    person = np.repeat(np.arange(len(counts)), counts)
    stage = np.arange(len(person)) - np.repeat(np.cumsum(counts) - counts, counts)
    waits = [7 + people.draws.below(f"wait {number}", WITHIN - 7) for number in range(1, len(STAGES))]
    since_first = np.cumsum([np.zeros_like(waits[0]), *waits], axis=0)
    minute = people.minute[person] + since_first[stage, person] * DAY
    serial = people.serial[person] * 10 + stage
    return Occurrences(people.draws.others(key_of(people.unit[person], serial)), people.unit[person], serial, minute)


def hub_month(issued: Integers) -> Integers:
    """The first day of the month after the one of issue, when the hub is that people are invited to."""
    days, which = np.unique(issued, return_inverse=True)
    return np.array([day_number(month_after(day_of(day).replace(day=1))) for day in days.tolist()], dtype=int)[which]


def is_invited(those: Occurrences) -> Flags:
    """Whether the person was invited to a hub with the action."""
    return those.draws.happens("invited", INVITED[those.serial % 10])


def rows(known: Known) -> Rows:
    """The actions as known."""
    draws, those = known.draws, known.those
    stage = those.serial % 10
    person = draws.others(key_of(those.unit, those.serial // 10))
    hub = hub_month(those.day)
    not_invited = ~is_invited(those)
    references = spelled(those.unit, lambda number: day_of(number).strftime(f"{MARK}-%y%m-"))
    attended = flag_text(draws.happens("attended", 450))
    place = odd_place(draws, draws.choose("street", BY_DAY))
    return {
        "action_number": known.numbers("SAMPLE-EA/%y%m/"),
        "programme": PROGRAMMES.choose(person, "programme"),
        "person_ref": blank(references + whole_text(those.serial // 10), person.happens("reference not known", 20)),
        "stage": text(STAGES)[stage],
        "instrument": INSTRUMENTS.choose(draws, "instrument", stage),
        "issued_on": day_text(those.day),
        "hub_number": blank(spelled(hub, hub_number), not_invited),
        "hub_month": blank(day_text(hub), not_invited),
        "hub_attended": blank(attended, ~known.has("hub held") | draws.happens("attendance not noted", 50)),
        "street": place["street"],
        "ward": place["ward"],
        "person_name": one_of(NAMES, person, "name"),
        "person_date_of_birth": one_of(BIRTH_DATES, person, "born"),
    }


def hub_number(number: int) -> str:
    """Number of the hub of a month, given as its first day: one a month, the first in June 2018."""
    month = day_of(number)
    return str((month.year - 2018) * 12 + month.month - 5)


MISTAKES = (
    Mistake("a hub in the midst of a month", lambda row: {"hub_month": f"{row['hub_month'][:8]}15"}, has("hub_month")),
)

ENFORCEMENT_ACTIONS = Source("enforcement_actions", FIRST_EXTRACT, records, bad=30, mistakes=MISTAKES)
