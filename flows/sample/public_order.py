"""Invented protests and other public order events."""

from __future__ import annotations

from datetime import date

import numpy as np

from flows.sample.draws import Choice
from flows.sample.laid_out import Fact, Layout
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

APRIL, BEFORE_14_MAY, SINCE_15_MAY, JUNE = (
    (date(2019, 4, 1), date(2019, 4, 30)),
    (date(2019, 5, 1), date(2019, 5, 13)),
    (date(2019, 5, 15), date(2019, 5, 31)),
    (date(2019, 6, 1), date(2019, 6, 30)),
)
FOURTEENTH = (date(2019, 5, 14), date(2019, 5, 14))
LAID_OUT = Layout(
    (
        Fact(11, *APRIL, {"event_type": "protest"}),
        Fact(1, *APRIL, {"event_type": "counter_protest"}),
        Fact(3, *APRIL, {"event_type": "march"}),
        Fact(1, *FOURTEENTH, {"event_type": "protest", "estimated_attendance": "200"}),
        Fact(1, *FOURTEENTH, {"event_type": "counter_protest", "estimated_attendance": "50"}),
        Fact(3, *BEFORE_14_MAY, {"event_type": "protest"}),
        Fact(3, *SINCE_15_MAY, {"event_type": "protest"}),
        Fact(2, *SINCE_15_MAY, {"event_type": "march"}),
        Fact(1, *JUNE, {"event_type": "protest", "location": "Mansion House", "arrests": "0"}),
        Fact(7, *JUNE, {"event_type": "protest"}),
        Fact(2, *JUNE, {"event_type": "march"}),
        *(Fact(1, *when, {"event_type": kind}) for when in (APRIL, SINCE_15_MAY, JUNE) for kind in ("vigil", "other")),
    ),
    held=((APRIL[0], JUNE[1]),),
)
"""The months whose protests were reported in 2019."""


def records(seed: int, scale: float, until: date) -> SimpleRecords:
    """All events up to a day."""
    those = in_months("public_order_events", PATTERN, seed, scale, until)
    those = LAID_OUT.with_laid_out(those, "public_order_events", seed, scale, hours=PATTERN.hours)
    return LAID_OUT.records(those, history_of(those, estimated=(600, 0, 40), counted=(80, SOONEST, 122)), rows)


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
