"""Invented incidents of anti-social behaviour: created, closed, put into another category, some cancelled."""

from __future__ import annotations

from datetime import date

import numpy as np

from flows.sample.asb_reported import LAID_OUT, in_the_week
from flows.sample.draws import Choice
from flows.sample.mistakes import Mistake, has
from flows.sample.people import NAMES, PHONES, SUMMARIES, one_of
from flows.sample.places import NIGHT, odd_place
from flows.sample.records import SOONEST, Known, Pattern, SimpleRecords, history_of, in_months
from flows.sample.source import Source
from flows.sample.spelling import Options, Rows, blank, flag_text, text, time_text

FIRST_EXTRACT = date(2016, 4, 7)

PATTERN = Pattern(
    yearly={date(2012, 4, 1): 1250, date(2016, 4, 1): 1300},
    hours=(20, 14, 10, 5, 4, 4, 6, 12, 20, 28, 34, 40, 60, 62, 62, 75, 80, 78, 66, 62, 58, 45, 38, 30),
    days=(16, 14, 16, 14, 14, 15, 11),
    months=(8, 8, 9, 9, 9, 10, 10, 9, 8, 8, 7, 6),
)

CATEGORIES = Options(
    {
        "Inconsiderate Behaviour": 310,
        "Begging/Vagrancy": 265,
        "Drunken Behaviour": 150,
        "Noise": 60,
        "Rowdy Nuisance": 65,
        "Street Drinking": 25,
        "Urination": 20,
        "Skateboarding/Cycling": 45,
        "Drugs": 25,
        "Other": 31,
        "Sample category": 4,
    }
)
QUALIFIERS = Options({"nuisance": 700, "personal": 150, "environmental": 100, "": 50})
PREMISES = Options(
    {"": 780, "Sample Arms 1": 60, "Sample Arms 2": 30, "Specimen Stores 1": 60, "Example House 1": 40,
     "Model Station 1": 30}
)  # fmt: skip
OCCURRED_BEFORE = Choice([300, 350, 200, 100, 50])
"""Weights of the time from occurring to being created: none, up to 15 minutes, an hour, 4 hours, a day."""
LONGEST = np.array([0, 15, 60, 240, 1440])

STATUSES = text(["open", "closed", "cancelled"])


def records(seed: int, scale: float, until: date) -> SimpleRecords:
    """All incidents up to a day."""
    those = in_months("asb_incidents", PATTERN, seed, scale, until)
    those = in_the_week(LAID_OUT.with_laid_out(those, "asb_incidents", seed, scale, hours=PATTERN.hours))
    history = history_of(
        those, closed=(970, 0, 60), moved=(15, SOONEST, 122), cancelled=(12, SOONEST, 122), reinstated=(1, 150, 300)
    )
    return LAID_OUT.records(those, history, rows)


def rows(known: Known) -> Rows:
    """The incidents as known."""
    draws, created = known.draws, known.those.minute
    waited = LONGEST[draws.choose("occurred before, band", OCCURRED_BEFORE)]
    occurred = created - draws.below("occurred before", waited + 1)
    is_cancelled = known.has("cancelled") & ~known.has("reinstated")
    premises = PREMISES.choose(draws, "premises")
    is_licensed = np.char.startswith(premises.astype(str), "Sample Arms")
    first, second = CATEGORIES.choose(draws, "category"), CATEGORIES.choose(draws, "other category")
    return odd_place(draws, draws.choose("street", NIGHT)) | {
        "incident_number": known.numbers("SAMPLE-ASB/%y%m/"),
        "status": STATUSES[np.where(is_cancelled, 2, known.has("closed").astype(int))],
        "created_at": time_text(created),
        "occurred_at": blank(time_text(occurred), draws.happens("time not known", 80)),
        "category": np.where(known.has("moved"), second, first),
        "qualifier": QUALIFIERS.choose(draws, "qualifier"),
        "premises": premises,
        "licensed_premises": blank(flag_text(is_licensed), draws.happens("premises not noted", 50)),
        "caller_name": blank(one_of(NAMES, draws, "caller"), draws.happens("no caller", 200)),
        "caller_phone": blank(one_of(PHONES, draws, "phone"), draws.happens("no phone", 300)),
        "log_text": one_of(SUMMARIES, draws, "log"),
    }


MISTAKES = (
    Mistake("created in another century", lambda row: {"created_at": f"19{row['created_at'][2:]}", "occurred_at": ""}),
    Mistake("occurred after it was created", lambda _: {"occurred_at": "2031-01-01 09:00"}),
    Mistake("half a coordinate", lambda _: {"northing": ""}, has("easting")),
)

ASB_INCIDENTS = Source("asb_incidents", FIRST_EXTRACT, records, bad=3, mistakes=MISTAKES)
