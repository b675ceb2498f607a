"""Invented protests and other public order events."""

from __future__ import annotations

from datetime import date

import numpy as np

from flows.sample.draws import Choice
from flows.sample.places import DAY as BY_DAY
from flows.sample.places import odd_place
from flows.sample.records import SOONEST, Known, Pattern, SimpleRecords, history_of, in_months
from flows.sample.source import Source
from flows.sample.spelling import Options, Rows, blank, day_text, text, whole_text

FIRST_EXTRACT = date(2018, 4, 7)

PATTERN = Pattern(
    yearly={date(2014, 4, 1): 120, date(2019, 4, 1): 150},
    hours=(0, 0, 0, 0, 0, 0, 0, 2, 6, 8, 12, 16, 18, 14, 12, 10, 10, 12, 10, 5, 2, 1, 0, 0),
    days=(5, 6, 7, 6, 7, 6, 1),
)
TYPES = Options({"protest": 620, "counter_protest": 60, "march": 140, "vigil": 80, "other": 100})
CAUSES = text(["climate", "pay", "pensions", "animals", "housing", "data protection"])
ATTENDANCES = Choice([450, 320, 150, 60, 20])
"""Weights of the bands of attendance, which end at MOST."""
MOST = np.array([0, 20, 60, 200, 1000, 5000])
ARRESTS = Options({"0": 870, "1": 60, "2": 40, "4": 20, "9": 10})


def records(seed: int, scale: float, until: date) -> SimpleRecords:
    """All events up to a day."""
    those = in_months("public_order_events", PATTERN, seed, scale, until)
    return SimpleRecords(those, history_of(those, estimated=(600, 0, 40), counted=(80, SOONEST, 122)), rows)


def rows(known: Known) -> Rows:
    """The events as known."""
    draws = known.draws
    street = draws.choose("street", BY_DAY)
    place = odd_place(draws, street)
    band = draws.choose("attendance, band", ATTENDANCES)
    attendance = MOST[band] + 1 + draws.below("attendance", MOST[band + 1] - MOST[band])
    attendance = np.where(known.has("counted"), attendance + attendance // 4 + 1, attendance)
    return {
        "event_ref": known.numbers("SAMPLE-PO/%y%m/"),
        "held_on": day_text(known.those.day),
        "event_type": TYPES.choose(draws, "type"),
        "title": "Sample event about " + CAUSES[draws.below("cause", len(CAUSES))],
        "location": "Outside Example House " + whole_text(draws.below("house", 40) + 1),
        "street": place["street"],
        "ward": place["ward"],
        "estimated_attendance": blank(whole_text(attendance), ~known.has("estimated") & ~known.has("counted")),
        "arrests": blank(ARRESTS.choose(draws, "arrests"), draws.happens("arrests not known", 60)),
    }


PUBLIC_ORDER_EVENTS = Source("public_order_events", FIRST_EXTRACT, records, bad=35)
