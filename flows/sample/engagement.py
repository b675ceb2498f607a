"""Invented engagement activities: planned, held, and their attendance told some time later, or never."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np

from flows.sample.draws import Choice, Flags, Integers
from flows.sample.engagement_reported import LAID_OUT
from flows.sample.records import Known, Pattern, SimpleRecords, history_of, in_months
from flows.sample.source import Source
from flows.sample.spelling import NEVER, Options, Rows, Text, blank, day_text, flag_text, text, whole_text

FIRST_EXTRACT = date(2017, 9, 21)

PATTERN = Pattern(
    yearly={date(2016, 4, 1): 280, date(2018, 4, 1): 320},
    hours=(0, 0, 0, 0, 0, 0, 0, 1, 4, 10, 12, 10, 8, 8, 10, 8, 6, 3, 2, 1, 0, 0, 0, 0),
    days=(6, 8, 8, 8, 6, 1, 1),
    months=(8, 9, 10, 8, 9, 9, 7, 4, 10, 11, 10, 5),
)
PLANNED = 350
"""How many in a thousand are known before they are held: up to AHEAD days."""
AHEAD = 75

PROGRAMMES = {
    "prevent": 220,
    "project_griffin": 160,
    "project_argus": 60,
    "ct_awareness": 80,
    "postal_awareness": 30,
    "ct_local_profile": 20,
    "fraud_prevention": 90,
    "safeguarding": 70,
    "begging_outreach": 60,
    "road_safety": 110,
    "licensing_training": 50,
    "operation": 50,
}
NAMES_OF_PROGRAMMES = text(PROGRAMMES)
PROGRAMME = Choice(list(PROGRAMMES.values()))
OPERATION = list(PROGRAMMES).index("operation")

SESSIONS = {"awareness_session": 500, "training": 250, "meeting": 150, "stall": 50, "conference": 50}
STREET_WORK = {"stall": 350, "surgery": 150, "shift": 250, "campaign": 150, "exercise": 100}
TYPES = Options({**SESSIONS}, STREET_WORK, {"deployment": 700, "shift": 200, "exercise": 100})
TYPES_OF_PROGRAMMES = np.array(
    [2 if name == "operation" else int(name in ("begging_outreach", "road_safety")) for name in PROGRAMMES]
)
ORGANISATION_TYPES = Options(
    {"education": 130, "business": 380, "health": 60, "faith": 50, "community": 80, "local_authority": 90,
     "police": 70, "charity": 40, "other": 50, "": 50}
)  # fmt: skip
BASES = Options({"exact": 620, "estimate": 230, "at_least": 90, "": 60})
DAYS = Options({"": 350, "1": 560, "2": 60, "5": 30})
HOURS = Options({"": 600, "1": 150, "1.5": 100, "2": 100, "7.5": 50})


def records(seed: int, scale: float, until: date) -> SimpleRecords:
    """All activities that are known on a day."""
    those = in_months("engagement_activities", PATTERN, seed, scale, until + timedelta(days=AHEAD))
    those = LAID_OUT.with_laid_out(those, "engagement_activities", seed, scale, hours=PATTERN.hours)
    history = history_of(those, told=(820, 0, 50))
    ahead = those.draws.below("ahead", AHEAD) + 1
    history["known"] = np.where(those.draws.happens("planned", PLANNED), those.day - ahead, history["known"])
    history["told"] = np.where(history["told"] == NEVER, NEVER, np.maximum(history["told"], those.day))
    return LAID_OUT.records(those, history, rows)


def rows(known: Known) -> Rows:
    """The activities as known."""
    draws = known.draws
    programme = draws.choose("programme", PROGRAMME)
    attendance = 5 + np.minimum(draws.below("attendance", 60), draws.below("other attendance", 200))
    bases = BASES.choose(draws, "basis")
    not_told = ~known.has("told") | (bases == "") | (programme == OPERATION)
    number = draws.below("organisation", 40) + 1
    return {
        "activity_ref": known.numbers("SAMPLE-EN/%y%m/"),
        "programme": NAMES_OF_PROGRAMMES[programme],
        "activity_type": TYPES.choose(draws, "type", TYPES_OF_PROGRAMMES[programme]),
        "started_on": day_text(known.those.day),
        "days": DAYS.choose(draws, "days"),
        "hours": HOURS.choose(draws, "hours"),
        "organisation": "Sample Organisation " + whole_text(number),
        "organisation_type": ORGANISATION_TYPES.choose(draws, "organisation type"),
        "internal": blank(flag_text(draws.happens("internal", 80)), draws.happens("internal not noted", 40)),
        "location": "Example House " + whole_text(number),
        "attendance": blank(whole_text(attendance), not_told),
        "attendance_basis": blank(bases, not_told),
        "arrests": results(known, programme, "arrests", 4),
        "vehicles_seized": results(known, programme, "vehicles seized", 6),
        "items_seized": results(known, programme, "items seized", 15),
    }


def results(known: Known, programme: Integers, what: str, limit: int) -> Text:
    """What an operation brought; blank elsewhere, but for a few rows that deserve a warning."""
    draws = known.draws
    is_odd: Flags = draws.happens("result elsewhere", 20)
    is_given = known.has("told") & ((programme == OPERATION) | is_odd)
    return blank(whole_text(draws.below(what, limit) + is_odd), ~is_given)


ENGAGEMENT_ACTIVITIES = Source("engagement_activities", FIRST_EXTRACT, records, bad=20)
