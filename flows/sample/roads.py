"""Invented notices to drivers, and checks of taxis, private hire and commercial vehicles."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

import numpy as np

from flows.sample.draws import Choice
from flows.sample.laid_out import Fact, Layout
from flows.sample.mistakes import Mistake
from flows.sample.people import BIRTH_DATES, NAMES, REGISTRATIONS, one_of
from flows.sample.places import DAY as BY_DAY
from flows.sample.places import odd_place
from flows.sample.records import SOONEST, Known, Pattern, SimpleRecords, history_of, in_months, on_days
from flows.sample.source import Source
from flows.sample.spelling import Options, Rows, blank, day_of, flag_text, spelled, time_text, whole_text

FIRST_EXTRACT = date(2017, 9, 21)

NOTICES = Pattern(
    yearly={date(2016, 4, 1): 4000},
    hours=(6, 4, 3, 2, 2, 3, 20, 50, 70, 65, 60, 55, 45, 45, 50, 55, 60, 70, 60, 40, 25, 18, 14, 10),
    days=(14, 16, 16, 16, 14, 10, 8),
)
OFFENCES = Options(
    {"mobile_phone": 190, "seat_belt": 90, "speed_20mph": 210, "excess_speed": 60, "drink_drug": 20, "red_light": 120,
     "insurance": 70, "cycle": 160, "other": 80}
)  # fmt: skip
VEHICLES = Options({"car": 490, "van": 230, "taxi": 105, "motor cycle": 90, "lorry": 65, "": 20}, {"pedal cycle": 1})
OPERATIONS = Options({"": 880, "SAMPLE-1": 80, "SAMPLE-2": 40})
DISPOSALS = Options({"course": 350, "fixed_penalty": 430, "summons": 160, "cancelled": 60})

CHECKS_BEGAN = date(2016, 4, 1)
CHECK_DAYS = (180, 260, 260, 260, 180, 60, 30)
"""How many in a thousand days of a weekday have an operation."""
CHECK_HOURS = (2, 1, 0, 0, 0, 0, 0, 2, 8, 12, 14, 12, 8, 8, 10, 8, 4, 2, 4, 6, 8, 8, 6, 4)
CHECKS_EACH = 23.0
PROGRAMMES = ("public_carriage", "commercial_vehicle")
CLASSES = Options({"phv": 560, "hackney": 420, "other": 20}, {"lgv": 480, "hgv": 480, "other": 40})
AUTHORITIES = Options({"Sample Council": 850, "Specimen Council": 100, "": 50}, {"": 1})
OFFENCES_FOUND = Choice([250, 450, 200, 100])
REASONS = Options({"tyres": 250, "lights": 200, "licence": 200, "no insurance": 100, "tachograph": 100, "load": 150})

QUARTER = (date(2017, 4, 1), date(2017, 6, 30))
NOTICES_LAID_OUT = Layout(
    tuple(
        Fact(count, *QUARTER, {"offence": offence, "vehicle_class": "pedal cycle" if offence == "cycle" else "car"})
        for offence, count in {
            "mobile_phone": 41, "seat_belt": 18, "speed_20mph": 131, "excess_speed": 58, "drink_drug": 18,
            "red_light": 115, "insurance": 66, "cycle": 152, "other": 77,
        }.items()
    ),
    held=(QUARTER,),
)  # fmt: skip
"""The quarter that was reported in 2017."""

TAXI_OPERATIONS, COMMERCIAL_OPERATIONS = 18, 38


def laid_out_checks() -> Iterator[Fact]:
    """The checks of the quarter: operations on days of their own, each with its part of the vehicles."""
    days = [QUARTER[0] + timedelta(days=number) for number in range(91)]
    taxis = [days[number * 5] for number in range(TAXI_OPERATIONS)]
    others = [day for day in days if day not in taxis]
    commercial = [others[number * len(others) // COMMERCIAL_OPERATIONS] for number in range(COMMERCIAL_OPERATIONS)]
    yield from in_parts(taxis, "public_carriage", "hackney", {0: 457, 1: 233})
    yield from in_parts(taxis, "public_carriage", "phv", {0: 601, 1: 264})
    yield from in_parts(commercial, "commercial_vehicle", "lgv", {0: 28, 1: 100, 2: 180, 3: 45})
    yield from in_parts(commercial, "commercial_vehicle", "hgv", {0: 60, 1: 70, 2: 40})


def in_parts(days: list[date], programme: str, vehicle_class: str, by_offences: dict[int, int]) -> Iterator[Fact]:
    """Checks by their number of offences, in even parts on each day; those without an offence are compliant."""
    for offences, count in by_offences.items():
        values = {
            "programme": programme,
            "vehicle_class": vehicle_class,
            "compliant": "N" if offences else "Y",
            "offences": str(offences),
            "reasons": "licence" if offences else "",
        }
        for number, day in enumerate(days):
            part = count * (number + 1) // len(days) - count * number // len(days)
            if part:
                yield Fact(part, day, day, values)


CHECKS_LAID_OUT = Layout(tuple(laid_out_checks()), held=(QUARTER,))


def notices(seed: int, scale: float, until: date) -> SimpleRecords:
    """All notices up to a day."""
    those = in_months("roads_enforcement", NOTICES, seed, scale, until)
    those = NOTICES_LAID_OUT.with_laid_out(those, "roads_enforcement", seed, scale, hours=NOTICES.hours)
    history = history_of(those, turned=(60, 10, 122), settled=(900, 10, 60), settled_anew=(25, SOONEST + 60, 200))
    return NOTICES_LAID_OUT.records(those, history, notice_rows)


def notice_rows(known: Known) -> Rows:
    """The notices as known."""
    draws = known.draws
    place = odd_place(draws, draws.choose("street", BY_DAY))
    offences = OFFENCES.choose(draws, "offence")
    is_report = draws.happens("report", 350) & ~known.has("turned")
    first, second = DISPOSALS.choose(draws, "disposal"), DISPOSALS.choose(draws, "other disposal")
    disposals = np.where(known.has("settled_anew"), second, first)
    return {
        "notice_number": known.numbers("SAMPLE-RE/%y%m/"),
        "notice_type": np.where(is_report, "tor", "fpn").astype(object),
        "offence": offences,
        "issued_at": time_text(known.those.minute),
        "street": place["street"],
        "ward": place["ward"],
        "vehicle_class": VEHICLES.choose(draws, "vehicle", (offences == "cycle").astype(int)),
        "operation": OPERATIONS.choose(draws, "operation"),
        "disposal": blank(disposals, ~known.has("settled") & ~known.has("settled_anew")),
        "driver_name": one_of(NAMES, draws, "driver"),
        "driver_date_of_birth": one_of(BIRTH_DATES, draws, "born"),
        "vehicle_registration": one_of(REGISTRATIONS, draws, "registration"),
    }


def checks(seed: int, scale: float, until: date) -> SimpleRecords:
    """All checks up to a day."""
    those = on_days(
        "vehicle_checks",
        first=CHECKS_BEGAN,
        days=CHECK_DAYS,
        each=CHECKS_EACH,
        hours=CHECK_HOURS,
        seed=seed,
        scale=scale,
        until=until,
    )
    those = CHECKS_LAID_OUT.with_laid_out(those, "vehicle_checks", seed, scale, hours=CHECK_HOURS, by_day=True)
    return CHECKS_LAID_OUT.records(those, history_of(those, added=(30, 5, 60)), check_rows)


def check_rows(known: Known) -> Rows:
    """The checks as known; the operations of a day are one."""
    draws, those = known.draws, known.those
    programme = draws.others(those.unit).happens("commercial", 400).astype(int)
    is_compliant = ~draws.happens("not compliant", np.array([330, 520])[programme])
    offences = draws.choose("offences", OFFENCES_FOUND) + known.has("added")
    return {
        "check_ref": known.numbers("SAMPLE-VC/%y%m%d/"),
        "programme": np.array(PROGRAMMES, dtype=object)[programme],
        "operation_ref": spelled(those.unit, lambda number: day_of(number).strftime("SAMPLE-OP/%y%m%d")),
        "checked_at": time_text(those.minute),
        "vehicle_class": CLASSES.choose(draws, "class", programme),
        "licensing_authority": AUTHORITIES.choose(draws, "authority", programme),
        "compliant": flag_text(is_compliant),
        "offences": blank(whole_text(np.where(is_compliant, 0, offences)), draws.happens("offences not noted", 20)),
        "reasons": blank(REASONS.choose(draws, "reason"), is_compliant),
        "driver_name": one_of(NAMES, draws, "driver"),
        "vehicle_registration": one_of(REGISTRATIONS, draws, "registration"),
    }


CHECK_MISTAKES = (Mistake("offences though compliant", lambda _: {"compliant": "Y", "offences": "2"}),)

ROADS_ENFORCEMENT = Source("roads_enforcement", FIRST_EXTRACT, notices, bad=3, suffix=".csv.gz")
VEHICLE_CHECKS = Source("vehicle_checks", FIRST_EXTRACT, checks, bad=6, mistakes=CHECK_MISTAKES)
