"""Invented Prevent referrals and intelligence reports: a few each month, much of them not recorded."""

from __future__ import annotations

from datetime import date

import numpy as np

from flows.sample.laid_out import Fact, Layout
from flows.sample.people import AGES, BIRTH_DATES, NAMES, SCHOOLS, SUMMARIES, one_of
from flows.sample.records import Known, Pattern, SimpleRecords, history_of, in_months
from flows.sample.source import Source
from flows.sample.spelling import Options, Rows, blank, day_text, flag_text

FIRST_EXTRACT = date(2018, 4, 7)

PATTERN = Pattern(
    yearly={date(2014, 4, 1): 25},
    hours=(0, 0, 0, 0, 0, 0, 0, 1, 5, 8, 8, 8, 6, 6, 8, 8, 6, 3, 1, 1, 0, 0, 0, 0),
    days=(5, 5, 5, 5, 5, 1, 1),
)
TYPES = Options({"referral": 700, "intel_report": 300})
SECTORS = Options(
    {"education": 280, "health": 130, "police": 200, "local_authority": 120, "prisons": 40, "friends_family": 60,
     "community": 70, "other": 50, "": 50}
)  # fmt: skip
CONCERNS = Options({"islamist": 330, "extreme_right_wing": 200, "mixed_unclear": 250, "other": 70, "not_known": 80,
                    "": 70})  # fmt: skip
SINCE_MAY = (date(2019, 5, 1), date(2019, 9, 7))
LAID_OUT = Layout(
    (
        Fact(1, *SINCE_MAY, {"record_type": "referral", "city_based": "Y"}),
        Fact(5, *SINCE_MAY, {"record_type": "referral", "city_based": "N"}),
        Fact(6, *SINCE_MAY, {"record_type": "intel_report", "city_based": "N"}),
    ),
    held=((date(2019, 5, 1), date(2019, 9, 10)),),
)
"""The months that were reported in 2019."""

OUTCOMES = Options({"no_further_action": 400, "signposted": 220, "panel": 120, "channel": 80, "transferred": 180})


def records(seed: int, scale: float, until: date) -> SimpleRecords:
    """All referrals and reports up to a day."""
    those = in_months("prevent_referrals", PATTERN, seed, scale, until)
    those = LAID_OUT.with_laid_out(those, "prevent_referrals", seed, scale, hours=PATTERN.hours)
    return LAID_OUT.records(those, history_of(those, opened=(900, 0, 20), settled=(850, 20, 150)), rows)


def rows(known: Known) -> Rows:
    """The referrals and reports as known."""
    draws = known.draws
    before = np.where(known.has("opened"), "open", "").astype(object)
    outcomes = np.where(known.has("settled"), OUTCOMES.choose(draws, "outcome"), before)
    sectors = SECTORS.choose(draws, "sector")
    return {
        "referral_ref": known.numbers("SAMPLE-PR/%y%m/"),
        "record_type": TYPES.choose(draws, "type"),
        "referred_on": day_text(known.those.day),
        "sector": sectors,
        "concern": CONCERNS.choose(draws, "concern"),
        "city_based": blank(flag_text(draws.happens("city based", 550)), draws.happens("where not noted", 150)),
        "outcome": outcomes,
        "transferred_to": np.where(outcomes == "transferred", "Sample Constabulary", "").astype(object),
        "subject_name": one_of(NAMES, draws, "name"),
        "subject_date_of_birth": blank(one_of(BIRTH_DATES, draws, "born"), draws.happens("birth not known", 300)),
        "subject_age": one_of(AGES, draws, "age"),
        "school": blank(one_of(SCHOOLS, draws, "school"), sectors != "education"),
        "narrative": one_of(SUMMARIES, draws, "narrative"),
    }


PREVENT_REFERRALS = Source("prevent_referrals", FIRST_EXTRACT, records, bad=90)
