"""Invented enforcement actions: people who climb the ladder from green to a criminal behaviour order, or stop on it.

The hubs of Operation Luscombe up to August 2019 and the warnings and notices of 2017 are laid out as they were
published; who else is on a ladder is drawn.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta

import numpy as np

from flows.sample.draws import Choice, Draws, Flags, Integers
from flows.sample.laid_out import Fact, Layout
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
    Text,
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

FIRST_EXTRACT = date(2017, 9, 21)

PEOPLE = Pattern(
    yearly={date(2016, 10, 1): 80, date(2019, 10, 1): 255},
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
PROGRAMMES = Options({"alabama": 700, "other": 300}, {"luscombe": 830, "alabama": 120, "other": 50})
"""Programmes of people drawn, before LUSCOMBE_DRAWN and since."""
LUSCOMBE_DRAWN = date(2019, 10, 1)
INVITED = np.array([900, 600, 300, 150, 100])
"""How many in a thousand are invited to a hub, by stage."""


def records(seed: int, scale: float, until: date) -> SimpleRecords:
    """All actions up to a day, of people in the order of their first."""
    those = steps(in_months("enforcement_actions", PEOPLE, seed, scale, until))
    those = LAID_OUT.with_laid_out(those, "enforcement_actions", seed, scale, hours=PEOPLE.hours)
    history = history_of(those)
    hub_on = hub_month(those.day) + 20
    history["hub held"] = np.where(is_invited(those) | (those.fact >= 0), np.maximum(hub_on, history["known"]), NEVER)
    return LAID_OUT.records(those, history, rows)


def steps(people: Occurrences) -> Occurrences:
    """The actions against each person: `serial` is ten times the person's, and the stage from 0 to 4."""
    counts = people.draws.choose("steps", STEPS) + 1
    person = np.repeat(np.arange(len(counts)), counts)
    stage = np.arange(len(person)) - np.repeat(np.cumsum(counts) - counts, counts)
    waits = [7 + people.draws.below(f"wait {number}", WITHIN - 7) for number in range(1, len(STAGES))]
    since_first = np.cumsum([np.zeros_like(waits[0]), *waits], axis=0)
    minute = people.minute[person] + since_first[stage, person] * DAY
    serial = people.serial[person] * 10 + stage
    draws = people.draws.others(key_of(people.unit[person], serial))
    return Occurrences(draws, people.unit[person], serial, minute, people.fact[person])


def hub_month(issued: Integers) -> Integers:
    """The first day of the month after the one of issue, when the hub is that people are invited to."""
    days, which = np.unique(issued, return_inverse=True)
    return np.array([day_number(month_after(day_of(day).replace(day=1))) for day in days.tolist()], dtype=int)[which]


def is_invited(those: Occurrences) -> Flags:
    """Whether a person drawn was invited to a hub of Luscombe with the action."""
    people = those.draws.others(key_of(those.unit, those.serial // 10))
    return (programme(people, those.unit) == "luscombe") & those.draws.happens("invited", INVITED[stage_of(those)])


def programme(people: Draws, unit: Integers) -> Text:
    """The programme that people drawn are in, by the month they are first met in."""
    return PROGRAMMES.choose(people, "programme", (unit >= day_number(LUSCOMBE_DRAWN)).astype(int))


def stage_of(those: Occurrences) -> Integers:
    """How many steps came before an action that is drawn."""
    return np.minimum(those.serial % 10, len(STAGES) - 1)


def rows(known: Known) -> Rows:
    """The actions as known."""
    draws, those = known.draws, known.those
    stage = stage_of(those)
    person = draws.others(key_of(those.unit, those.serial // 10))
    hub = hub_month(those.day)
    not_invited = ~is_invited(those)
    references = spelled(those.unit, lambda number: day_of(number).strftime(f"{MARK}-%y%m-"))
    attended = flag_text(draws.happens("attended", 450))
    place = odd_place(draws, draws.choose("street", BY_DAY))
    return {
        "action_number": known.numbers("SAMPLE-EA/%y%m/"),
        "programme": programme(person, those.unit),
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
    """Number of the hub of a month, given as its first day: one a month, number 18 in August 2019."""
    month = day_of(number)
    return str((month.year - 2019) * 12 + month.month + 10)


HUBS = (
    (date(2018, 5, 1), (31, 0, 0, 0, 0)),
    (date(2018, 5, 1), (20, 3, 0, 0, 0)),
    (date(2018, 6, 1), (16, 10, 1, 0, 0)),
    (date(2018, 6, 1), (13, 9, 6, 1, 0)),
    (date(2018, 7, 1), (6, 3, 1, 0, 0)),
    (date(2018, 8, 1), (3, 2, 0, 0, 0)),
    (date(2018, 9, 1), (9, 1, 1, 0, 0)),
    (date(2018, 10, 1), (4, 1, 1, 1, 0)),
    (date(2018, 11, 1), (10, 1, 1, 1, 0)),
    (date(2018, 12, 1), (7, 1, 0, 0, 0)),
    (date(2019, 1, 1), (1, 5, 1, 0, 0)),
    (date(2019, 2, 1), (5, 2, 2, 0, 0)),
    (date(2019, 3, 1), (8, 3, 5, 2, 0)),
    (date(2019, 4, 1), (1, 0, 1, 0, 1)),
    (date(2019, 5, 1), (4, 2, 0, 0, 0)),
    (date(2019, 6, 1), (7, 3, 2, 0, 0)),
    (date(2019, 7, 1), (8, 3, 1, 0, 0)),
    (date(2019, 8, 1), (11, 4, 3, 0, 0)),
)
"""The month of each hub of Luscombe, and how many people were invited to it at each stage."""
INSTRUMENT_OF = dict(zip(STAGES, ("ticket", "cpw", "cpn", "summons", "cbo"), strict=True))
WARNED = (date(2017, 1, 1), date(2017, 9, 20))


def laid_out_hubs() -> Iterator[Fact]:
    """The actions of each hub, issued in the month before it; of two hubs in a month, in its halves.

    The first to get a yellow ticket is the first who got a green one, and so on up the ladder.
    """
    met = Counter[str]()
    for number, (month, counts) in enumerate(HUBS, start=1):
        first, last = (month - timedelta(days=1)).replace(day=1), month - timedelta(days=1)
        if number < len(HUBS) and HUBS[number][0] == month:
            last = first + timedelta(days=14)
        elif number > 1 and HUBS[number - 2][0] == month:
            first += timedelta(days=15)
        for stage, count in zip(STAGES, counts, strict=True):
            for _ in range(count):
                met[stage] += 1
                values = {
                    "programme": "luscombe",
                    "person_ref": f"{MARK}-L-{met[stage]}",
                    "person_name": NAMES[met[stage]],
                    "person_date_of_birth": BIRTH_DATES[met[stage]],
                    "stage": stage,
                    "instrument": INSTRUMENT_OF[stage],
                    "hub_number": str(number),
                    "hub_month": str(month),
                }
                yield Fact(1, first, last, values)


def laid_out_warnings() -> Iterator[Fact]:
    """The warnings and notices of Operation Alabama in 2017: each notice follows a warning to the same person."""
    half = date(2017, 5, 31)
    for number in range(13):
        person = number % 11
        stage = "yellow" if number < 11 else "red"
        values = {
            "programme": "alabama",
            "person_ref": f"{MARK}-A-{person}",
            "person_name": NAMES[1000 + person],
            "person_date_of_birth": BIRTH_DATES[100 + person],
            "stage": stage,
            "instrument": INSTRUMENT_OF[stage],
            "hub_number": "",
            "hub_month": "",
            "hub_attended": "",
        }
        first, last = (WARNED[0], half) if person < 2 and stage == "yellow" else WARNED
        yield Fact(1, date(2017, 6, 1) if stage == "red" else first, last, values)


LAID_OUT = Layout(
    (*laid_out_hubs(), *laid_out_warnings()),
    held=((WARNED[0], date(2017, 9, 21)),),
)

MISTAKES = (
    Mistake("a hub in the midst of a month", lambda row: {"hub_month": f"{row['hub_month'][:8]}15"}, has("hub_month")),
)

ENFORCEMENT_ACTIONS = Source("enforcement_actions", FIRST_EXTRACT, records, bad=55, mistakes=MISTAKES)
