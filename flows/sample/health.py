"""Invented contacts of a mental health street triage, and attendances at a support bus on nights out."""

from __future__ import annotations

from datetime import date

import numpy as np

from flows.sample.laid_out import Fact, Layout
from flows.sample.mistakes import Mistake
from flows.sample.people import BIRTH_DATES, NAMES, NHS_NUMBERS, one_of
from flows.sample.records import Known, Pattern, SimpleRecords, history_of, in_months, on_days
from flows.sample.source import Source
from flows.sample.spelling import Options, Rows, blank, day_text, flag_text, time_text, whole_text

FIRST_EXTRACT = date(2018, 4, 7)

CONTACTS = Pattern(
    yearly={date(2016, 4, 1): 540, date(2018, 4, 1): 620},
    hours=(24, 20, 16, 12, 9, 6, 6, 8, 12, 14, 16, 18, 20, 22, 24, 26, 28, 32, 36, 38, 40, 38, 34, 30),
)
CLINICIAN_FROM = 17
"""The hour from which a clinician is on duty, on most days, until three in the morning."""
AFTER_DETENTION = {"place_of_safety": 920, "": 80}
OTHERWISE = {"gp": 180, "crisis_team": 200, "home_treatment": 90, "voluntary": 170, "no_action": 300, "": 60}
CONTACT_OUTCOMES = Options(AFTER_DETENTION, OTHERWISE)

BUS_BEGAN = date(2016, 4, 1)
BUS_DAYS = (0, 0, 0, 420, 800, 720, 0)
"""How many in a thousand Thursdays, Fridays and Saturdays the bus is deployed on."""
BUS_HOURS = (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 4, 8, 12, 16, 14)
EACH_NIGHT = 30.0
SEXES = Options({"male": 590, "female": 380, "other": 5, "": 25})
NEEDS = Options({"first_aid": 180, "medic": 120, "alcohol": 420, "safe_place": 180, "mental_health": 60, "": 40})
BUS_OUTCOMES = Options({"treated": 480, "taxi_home": 250, "collected_by_family": 120, "ambulance": 90, "": 60})


def contact(count: int, outcome: str, *, on_duty: bool, considered: bool, used: bool) -> Fact:
    """So many contacts of the year from July 2018 to June 2019."""
    flags = {"clinician_on_duty": on_duty, "s136_considered": considered, "s136_used": used}
    values = {column: "NY"[flag] for column, flag in flags.items()} | {"outcome": outcome}
    return Fact(count, date(2018, 7, 1), date(2019, 6, 30), values, hours=ON_DUTY if on_duty else ())


ON_DUTY = (24, 20, 16, *[0] * 14, 32, 36, 38, 40, 38, 34, 30)
CONTACTS_LAID_OUT = Layout(
    (
        contact(47, "place_of_safety", on_duty=True, considered=True, used=True),
        contact(95, "place_of_safety", on_duty=False, considered=True, used=True),
        contact(38, "gp", on_duty=True, considered=True, used=False),
        contact(45, "crisis_team", on_duty=True, considered=True, used=False),
        contact(21, "home_treatment", on_duty=True, considered=True, used=False),
        contact(42, "voluntary", on_duty=True, considered=True, used=False),
        contact(17, "no_action", on_duty=True, considered=True, used=False),
        contact(24, "voluntary", on_duty=False, considered=True, used=False),
        contact(128, "no_action", on_duty=True, considered=False, used=False),
        contact(150, "gp", on_duty=False, considered=False, used=False),
    ),
    held=((date(2018, 7, 1), date(2019, 6, 30)),),
)
"""The year that was reported in 2019: 163 detentions avoided, 47 and 95 made."""

MAUNDY, WEDNESDAY = date(2019, 4, 18), date(2019, 4, 24)


def attendance(day: date, sex: str, need: str, outcome: str, minutes: int) -> Fact:
    """An attendance of a night."""
    values = {"sex": sex, "need": need, "outcome": outcome, "minutes_with_service": str(minutes)}
    return Fact(1, day, day, values)


BUS_LAID_OUT = Layout(
    (
        attendance(MAUNDY, "male", "first_aid", "treated", 20),
        attendance(MAUNDY, "female", "first_aid", "treated", 25),
        attendance(MAUNDY, "male", "medic", "treated", 40),
        attendance(MAUNDY, "male", "alcohol", "taxi_home", 50),
        attendance(MAUNDY, "male", "alcohol", "taxi_home", 55),
        attendance(MAUNDY, "female", "safe_place", "collected_by_family", 180),
        attendance(WEDNESDAY, "male", "first_aid", "treated", 15),
        attendance(WEDNESDAY, "male", "medic", "treated", 35),
        attendance(WEDNESDAY, "male", "medic", "treated", 40),
        attendance(WEDNESDAY, "male", "medic", "treated", 45),
        attendance(WEDNESDAY, "female", "mental_health", "ambulance", 60),
    ),
    held=((MAUNDY, WEDNESDAY),),
)
"""The two nights around Easter 2019 that were reported."""


def contacts(seed: int, scale: float, until: date) -> SimpleRecords:
    """All contacts up to a day."""
    those = in_months("triage_contacts", CONTACTS, seed, scale, until)
    those = CONTACTS_LAID_OUT.with_laid_out(those, "triage_contacts", seed, scale, hours=CONTACTS.hours)
    return CONTACTS_LAID_OUT.records(those, history_of(those, ended=(850, 0, 20)), contact_rows)


def contact_rows(known: Known) -> Rows:
    """The contacts as known."""
    draws, minute = known.draws, known.those.minute
    hour = minute // 60 % 24
    is_on_duty = ((hour >= CLINICIAN_FROM) | (hour < 3)) & draws.happens("clinician", 900)
    is_considered = draws.happens("considered", 620)
    is_used = is_considered & draws.happens("used", np.where(is_on_duty, 280, 780))
    outcomes = CONTACT_OUTCOMES.choose(draws, "outcome", np.where(is_used, 0, 1))
    return {
        "contact_ref": known.numbers("SAMPLE-MH/%y%m/"),
        "contact_at": time_text(minute),
        "clinician_on_duty": flag_text(is_on_duty),
        "s136_considered": flag_text(is_considered),
        "s136_used": flag_text(is_used),
        "outcome": blank(outcomes, ~known.has("ended")),
        "subject_name": one_of(NAMES, draws, "name"),
        "subject_date_of_birth": blank(one_of(BIRTH_DATES, draws, "born"), draws.happens("birth not known", 200)),
        "nhs_number": blank(one_of(NHS_NUMBERS, draws, "NHS number"), draws.happens("number not known", 500)),
    }


def attendances(seed: int, scale: float, until: date) -> SimpleRecords:
    """All attendances up to a day."""
    those = on_days(
        "support_bus_attendances",
        first=BUS_BEGAN,
        days=BUS_DAYS,
        each=EACH_NIGHT,
        hours=BUS_HOURS,
        seed=seed,
        scale=scale,
        until=until,
    )
    those = BUS_LAID_OUT.with_laid_out(those, "support_bus_attendances", seed, scale, hours=BUS_HOURS, by_day=True)
    return BUS_LAID_OUT.records(those, history_of(those, noted=(30, 5, 60)), attendance_rows)


def attendance_rows(known: Known) -> Rows:
    """The attendances as known; what was not noted at first may be noted later."""
    draws = known.draws
    minutes = 5 + np.minimum(draws.below("minutes", 240), draws.below("other minutes", 240))
    is_not_noted = draws.happens("minutes not noted", 120) & ~known.has("noted")
    return {
        "attendance_ref": known.numbers("SAMPLE-SB/%y%m%d/"),
        "deployed_on": day_text(known.those.day),
        "sex": SEXES.choose(draws, "sex"),
        "need": NEEDS.choose(draws, "need"),
        "outcome": BUS_OUTCOMES.choose(draws, "outcome"),
        "minutes_with_service": blank(whole_text(minutes), is_not_noted),
    }


CONTACT_MISTAKES = (Mistake("detained, though not considered", lambda _: {"s136_considered": "N", "s136_used": "Y"}),)

TRIAGE_CONTACTS = Source("triage_contacts", FIRST_EXTRACT, contacts, bad=10, mistakes=CONTACT_MISTAKES)
SUPPORT_BUS_ATTENDANCES = Source("support_bus_attendances", FIRST_EXTRACT, attendances, bad=3)
