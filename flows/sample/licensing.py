"""Invented activities of a licensing team: visits, promoted events, interventions and deployments."""

from __future__ import annotations

from datetime import date

import numpy as np

from flows.sample.laid_out import Fact, Layout
from flows.sample.places import NIGHT, odd_place
from flows.sample.records import Known, Pattern, SimpleRecords, history_of, in_months
from flows.sample.source import Source
from flows.sample.spelling import Options, Rows, blank, day_number, day_text, flag_text, whole_text

FIRST_EXTRACT = date(2017, 9, 21)

PATTERN = Pattern(
    yearly={date(2016, 4, 1): 1500},
    hours=(8, 4, 1, 0, 0, 0, 0, 0, 1, 4, 5, 5, 4, 4, 5, 5, 4, 5, 6, 8, 10, 12, 14, 12),
    days=(4, 6, 8, 14, 16, 12, 3),
    months=(8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 9, 11),
)
TYPES = Options({"visit": 700, "promoted_event": 130, "intervention": 90, "deployment": 80})
REASONS = Options({"routine": 760, "joint_fire": 80, "joint_border": 50, "other": 70, "": 40})
AFTER_ATTACKS = {"manchester_attack": date(2017, 5, 23), "london_bridge_attack": date(2017, 6, 4)}
"""Reasons that were given for many visits in the FOR_DAYS days from a day on."""
FOR_DAYS = 45

QUARTER = (date(2017, 4, 1), date(2017, 6, 30))
LAID_OUT = Layout(
    (
        Fact(449, *QUARTER, {"activity_type": "visit"}),
        Fact(225, *QUARTER, {"activity_type": "promoted_event", "risk_assessed": "Y"}),
        Fact(13, *QUARTER, {"activity_type": "intervention"}),
        *(
            Fact(3, since, QUARTER[1], {"activity_type": "deployment", "premises": "", "reason": reason})
            for reason, since in AFTER_ATTACKS.items()
        ),
        Fact(4, *QUARTER, {"activity_type": "deployment", "premises": "", "reason": "routine"}),
        Fact(1, *QUARTER, {"activity_type": "deployment", "premises": "", "reason": "other"}),
    ),
    held=(QUARTER,),
)
"""The quarter that was reported in 2017."""


def records(seed: int, scale: float, until: date) -> SimpleRecords:
    """All activities up to a day."""
    those = in_months("licensing_activities", PATTERN, seed, scale, until)
    those = LAID_OUT.with_laid_out(those, "licensing_activities", seed, scale, hours=PATTERN.hours)
    return LAID_OUT.records(those, history_of(those, assessed=(150, 5, 60)), rows)


def rows(known: Known) -> Rows:
    """The activities as known."""
    draws, day = known.draws, known.those.day
    place = odd_place(draws, draws.choose("street", NIGHT))
    types = TYPES.choose(draws, "type")
    reasons = REASONS.choose(draws, "reason")
    for reason, since in AFTER_ATTACKS.items():
        is_near = (day >= day_number(since)) & (day < day_number(since) + FOR_DAYS)
        reasons = np.where(is_near & draws.happens(reason, 300), reason, reasons)
    premises = "Sample Arms " + whole_text(draws.below("premises", 80) + 1)
    is_assessed = known.has("assessed") | draws.happens("risk assessed", np.where(types == "promoted_event", 850, 50))
    return {
        "activity_ref": known.numbers("SAMPLE-LI/%y%m/"),
        "activity_type": types,
        "held_on": day_text(day),
        "premises": blank(premises, (types == "deployment") | draws.happens("premises not noted", 20)),
        "ward": place["ward"],
        "risk_assessed": blank(flag_text(is_assessed), draws.happens("assessment not noted", 60)),
        "reason": reasons,
    }


LICENSING_ACTIVITIES = Source("licensing_activities", FIRST_EXTRACT, records, bad=5)
