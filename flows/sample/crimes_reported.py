"""Crimes that two reports counted: how many of which code in which month, when, where, how, and what became of them.

The reports looked at the same months on different days (REPORTED), so a month is laid out as it was first known, with
those that became known, were cancelled or turned out to be something else after a report. All crime is a total, that
what is drawn besides fills up to.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from enum import IntEnum

from flows.sample.deals import Deal, grid

FEBRUARY, MARCH, APRIL, MAY, JUNE, JULY = (date(2019, month, 1) for month in range(2, 8))
REPORTED = {APRIL: date(2019, 6, 7), MAY: date(2019, 6, 7), JUNE: date(2019, 7, 7), JULY: date(2019, 8, 7)}
"""The day on which each month was first reported."""
LAST_REPORT = date(2019, 8, 7)
"""The day of the last report on crimes, on which the totals are as they were published."""


class Then(IntEnum):
    """What became of a crime after its month was first reported, and by the next report."""

    NOTHING = 0
    KNOWN = 1
    CANCELLED = 2
    MOVED = 3


class Kind(IntEnum):
    """Kinds of crime that times and places are dealt to together."""

    OTHER = 0
    ASSAULT = 1
    SEXUAL = 2
    OTHER_VIOLENCE = 3
    BURGLARY = 4
    THEFT = 5
    PUBLIC_ORDER = 6


VIOLENCE = (Kind.ASSAULT, Kind.SEXUAL, Kind.OTHER_VIOLENCE)
ACQUISITIVE = (Kind.BURGLARY, Kind.THEFT)
CLASSES_OF = {
    Kind.ASSAULT: ("2", "5D", "5E", "8N", "8P", "8S", "104", "105A", "105B", "106", "36", "3B"),
    Kind.SEXUAL: ("17A", "19C", "19F", "20A", "88E"),
    Kind.OTHER_VIOLENCE: ("1", "4.4", "8L", "8M", "8Q", "8R", "34A", "34B"),
    Kind.BURGLARY: ("28A", "28B", "28E", "28F", "30A", "30B", "30C", "30D", "31", "31A"),
    Kind.THEFT: ("35", "37.2", "39", "40", "41", "42", "44", "45", "46", "47", "48", "49", "49A", "126"),
    Kind.PUBLIC_ORDER: ("9A", "9B", "66"),
}
KIND_OF = {class_code: kind for kind, class_codes in CLASSES_OF.items() for class_code in class_codes}

Key = tuple[str, str]  # class and sub-code

COMMON_ASSAULT, ABH, GBH, GBH_WITH_INTENT = ("105A", "105/01"), ("8N", "008/06"), ("8N", "008/01"), ("5D", "005/01")
CONSTABLE, CONSTABLE_BEATEN, CONSTABLE_HARMED = ("104", "104/23"), ("104", "008/73"), ("8S", "008/06")
CUSTODY_OFFICER, RESISTING, AGGRAVATED = ("105A", "105/04"), ("8N", "008/20"), ("105B", "008/57")
SEXUAL_ASSAULT, RAPE, OF_A_MALE, EXPOSURE = ("20A", "020/05"), ("19C", "019/08"), ("17A", "017/15"), ("88E", "088/09")
ROBBERY, ROBBERY_OF_BUSINESS = ("34B", "034/01"), ("34A", "034/01")
MESSAGES, HARASSMENT = ("8R", "008/72"), ("8L", "195/94")
THEFT, BY_FINDING, SHOPLIFTING, FROM_THE_PERSON = ("49", "049/10"), ("49", "045/11"), ("46", "046/00"), ("39", "039/00")
BICYCLE, BICYCLE_TAKEN, FROM_A_VEHICLE = ("44", "044/00"), ("44", "137/18"), ("45", "045/10")
OF_A_VEHICLE, VEHICLE_TAKEN, INTERFERENCE = ("48", "048/01"), ("48", "130/01"), ("126", "126/00")
BY_AN_EMPLOYEE, MAKING_OFF, MAIL, BLACKMAIL = ("41", "041/00"), ("49A", "053/25"), ("42", "042/00"), ("35", "035/00")
BREAK_IN, BREAK_IN_TRIED, HOME, AGGRAVATED_BREAK_IN = (
    ("30C", "030/02"),
    ("30D", "030/02"),
    ("28E", ""),
    ("31A", "031/00"),
)
SECTION_4, SECTION_4A, SECTION_5 = ("9A", "125/11"), ("9A", "125/09"), ("9A", "125/12")
HATE_4A, HATE_5 = ("9B", "008/55"), ("9B", "125/82")
AFFRAY, ORDER_BROKEN, NUISANCE = ("66", "066/01"), ("66", "066/98"), ("66", "066/21")


@dataclass(frozen=True)
class Laid:
    """So many crimes of a code in a month at scale 1, and what became of them.

    `after` is the day of the report after which it did; `before_february` are committed before February 2019,
    `licensed` in licensed premises.
    """

    month: date
    key: Key
    count: int
    then: Then = Then.NOTHING
    after: date = LAST_REPORT
    before_february: bool = False
    licensed: bool = False

    @property
    def kind(self) -> Kind:
        """The kind of crime."""
        return KIND_OF[self.key[0]]


STAYED: Mapping[date, Mapping[Key, int]] = {
    date(2017, 4, 1): {COMMON_ASSAULT: 5, ABH: 4, ROBBERY: 1},
    date(2017, 5, 1): {COMMON_ASSAULT: 5, ABH: 4, GBH: 1, ROBBERY: 1},
    date(2017, 6, 1): {COMMON_ASSAULT: 6, ABH: 4, ROBBERY: 1},
    date(2018, 4, 1): {SEXUAL_ASSAULT: 14, RAPE: 4, OF_A_MALE: 2, EXPOSURE: 2, BREAK_IN: 22, BREAK_IN_TRIED: 3, HOME: 1,
                       SHOPLIFTING: 65, FROM_THE_PERSON: 66, BICYCLE: 25, BICYCLE_TAKEN: 1},
    date(2018, 5, 1): {SEXUAL_ASSAULT: 14, RAPE: 5, OF_A_MALE: 2, EXPOSURE: 2, BREAK_IN: 23, BREAK_IN_TRIED: 2, HOME: 1,
                       SHOPLIFTING: 65, FROM_THE_PERSON: 66, BICYCLE: 27, BICYCLE_TAKEN: 1},
    date(2018, 6, 1): {SEXUAL_ASSAULT: 15, RAPE: 4, OF_A_MALE: 3, EXPOSURE: 1, BREAK_IN: 22, BREAK_IN_TRIED: 3, HOME: 1,
                       SHOPLIFTING: 65, FROM_THE_PERSON: 66, BICYCLE: 30, BICYCLE_TAKEN: 2},
    date(2018, 7, 1): {SEXUAL_ASSAULT: 14, RAPE: 4, OF_A_MALE: 2, EXPOSURE: 2, BREAK_IN: 22, BREAK_IN_TRIED: 2, HOME: 1,
                       AGGRAVATED_BREAK_IN: 1, SHOPLIFTING: 65, FROM_THE_PERSON: 67, BICYCLE: 33, BICYCLE_TAKEN: 1},
    date(2018, 8, 1): {COMMON_ASSAULT: 23, ABH: 12, GBH: 2, GBH_WITH_INTENT: 1, CONSTABLE: 4, AGGRAVATED: 2},
    date(2018, 9, 1): {COMMON_ASSAULT: 22, ABH: 13, GBH: 1, GBH_WITH_INTENT: 1, CONSTABLE: 4, AGGRAVATED: 2},
    date(2018, 10, 1): {COMMON_ASSAULT: 22, ABH: 13, GBH: 2, GBH_WITH_INTENT: 2, CONSTABLE: 4, AGGRAVATED: 1},
    date(2018, 11, 1): {COMMON_ASSAULT: 21, ABH: 14, GBH: 3, GBH_WITH_INTENT: 1, CONSTABLE: 4, AGGRAVATED: 1},
    date(2018, 12, 1): {COMMON_ASSAULT: 20, ABH: 13, GBH: 3, GBH_WITH_INTENT: 2, CONSTABLE: 4, AGGRAVATED: 1},
    date(2019, 1, 1): {COMMON_ASSAULT: 24, ABH: 12, GBH: 2, GBH_WITH_INTENT: 1, CONSTABLE: 4, AGGRAVATED: 1},
    FEBRUARY: {COMMON_ASSAULT: 5, ABH: 5, GBH: 1, GBH_WITH_INTENT: 1, CONSTABLE: 2, AGGRAVATED: 1},
    MARCH: {COMMON_ASSAULT: 8, ABH: 5, GBH: 1, CONSTABLE: 3, AGGRAVATED: 1},
    APRIL: {
        COMMON_ASSAULT: 37, ABH: 25, CONSTABLE: 1,
        SEXUAL_ASSAULT: 7, RAPE: 2, OF_A_MALE: 1, EXPOSURE: 1,
        ROBBERY: 12, ROBBERY_OF_BUSINESS: 6, MESSAGES: 6, HARASSMENT: 14,
        SHOPLIFTING: 85, FROM_THE_PERSON: 95, BICYCLE: 25, BICYCLE_TAKEN: 1, BREAK_IN: 20, BREAK_IN_TRIED: 3, HOME: 1,
        FROM_A_VEHICLE: 20, OF_A_VEHICLE: 7, VEHICLE_TAKEN: 1, INTERFERENCE: 2, MAKING_OFF: 5, BY_AN_EMPLOYEE: 4,
        MAIL: 1, BY_FINDING: 7, BLACKMAIL: 1, THEFT: 218,
        SECTION_4: 15, SECTION_4A: 14, SECTION_5: 6, HATE_4A: 3, HATE_5: 1, AFFRAY: 3, ORDER_BROKEN: 3,
    },
    MAY: {
        COMMON_ASSAULT: 27, ABH: 19, GBH: 1, GBH_WITH_INTENT: 1, CONSTABLE: 1,
        SEXUAL_ASSAULT: 11, RAPE: 3, OF_A_MALE: 2, EXPOSURE: 1,
        ROBBERY: 8, ROBBERY_OF_BUSINESS: 1, MESSAGES: 1, HARASSMENT: 1,
        SHOPLIFTING: 75, FROM_THE_PERSON: 80, BICYCLE: 29, BICYCLE_TAKEN: 1, BREAK_IN: 18, BREAK_IN_TRIED: 2, HOME: 1,
        FROM_A_VEHICLE: 16, OF_A_VEHICLE: 5, VEHICLE_TAKEN: 1, INTERFERENCE: 1, MAKING_OFF: 5, BY_AN_EMPLOYEE: 3,
        BY_FINDING: 6, THEFT: 201,
        SECTION_4: 9, SECTION_4A: 9, SECTION_5: 4, HATE_4A: 2, HATE_5: 1, AFFRAY: 2, ORDER_BROKEN: 2,
    },
    JUNE: {
        COMMON_ASSAULT: 56, GBH_WITH_INTENT: 2, ABH: 3, CONSTABLE_HARMED: 6, GBH: 5, RESISTING: 1, CONSTABLE: 4,
        CONSTABLE_BEATEN: 2,
        SEXUAL_ASSAULT: 14, RAPE: 4, OF_A_MALE: 2, EXPOSURE: 2,
        ROBBERY: 17, ROBBERY_OF_BUSINESS: 5, MESSAGES: 3, HARASSMENT: 4,
        SHOPLIFTING: 90, FROM_THE_PERSON: 100, BICYCLE: 34, BICYCLE_TAKEN: 2, BREAK_IN: 25, BREAK_IN_TRIED: 4, HOME: 1,
        FROM_A_VEHICLE: 20, OF_A_VEHICLE: 7, VEHICLE_TAKEN: 1, INTERFERENCE: 2, MAKING_OFF: 6, BY_AN_EMPLOYEE: 4,
        MAIL: 1, BY_FINDING: 8, BLACKMAIL: 1, THEFT: 229,
        SECTION_4: 10, SECTION_4A: 8, SECTION_5: 1, HATE_4A: 2, HATE_5: 1, AFFRAY: 4, ORDER_BROKEN: 3, NUISANCE: 1,
    },
    JULY: {
        COMMON_ASSAULT: 31, ABH: 18, CONSTABLE_HARMED: 3, GBH_WITH_INTENT: 2, CONSTABLE: 3, CUSTODY_OFFICER: 6,
        SEXUAL_ASSAULT: 10, RAPE: 3, OF_A_MALE: 1, EXPOSURE: 1,
        ROBBERY: 12, ROBBERY_OF_BUSINESS: 2, MESSAGES: 14, HARASSMENT: 16,
        SHOPLIFTING: 80, FROM_THE_PERSON: 90, BICYCLE: 31, BICYCLE_TAKEN: 1, BREAK_IN: 22, BREAK_IN_TRIED: 3, HOME: 1,
        FROM_A_VEHICLE: 18, OF_A_VEHICLE: 5, VEHICLE_TAKEN: 1, INTERFERENCE: 1, MAKING_OFF: 5, BY_AN_EMPLOYEE: 4,
        BY_FINDING: 6, THEFT: 210,
        SECTION_4: 16, SECTION_4A: 14, SECTION_5: 6, HATE_4A: 5, HATE_5: 2, AFFRAY: 5, ORDER_BROKEN: 4, NUISANCE: 1,
    },
}  # fmt: skip
"""Crimes that are known by the first report on their month and stay as they are."""

CHANGED = (
    Laid(FEBRUARY, COMMON_ASSAULT, 5, before_february=True),
    Laid(FEBRUARY, ABH, 1, before_february=True),
    Laid(MARCH, COMMON_ASSAULT, 2, before_february=True),
    Laid(MARCH, ABH, 1, before_february=True),
    Laid(APRIL, COMMON_ASSAULT, 2, before_february=True),
    Laid(APRIL, COMMON_ASSAULT, 1, Then.KNOWN, REPORTED[APRIL]),
    Laid(APRIL, COMMON_ASSAULT, 1, Then.CANCELLED, REPORTED[APRIL]),
    Laid(APRIL, SEXUAL_ASSAULT, 1, Then.KNOWN, REPORTED[APRIL]),
    Laid(APRIL, THEFT, 4, Then.KNOWN, REPORTED[APRIL]),
    Laid(APRIL, THEFT, 1, Then.CANCELLED, REPORTED[APRIL]),
    Laid(MAY, COMMON_ASSAULT, 4, Then.KNOWN, REPORTED[MAY]),
    Laid(MAY, COMMON_ASSAULT, 1, Then.CANCELLED, REPORTED[MAY]),
    Laid(MAY, ABH, 1, Then.KNOWN, REPORTED[MAY]),
    Laid(MAY, SEXUAL_ASSAULT, 1, Then.KNOWN, REPORTED[MAY]),
    Laid(MAY, ROBBERY, 1, Then.KNOWN, REPORTED[MAY]),
    Laid(MAY, THEFT, 2, Then.KNOWN, REPORTED[MAY]),
    Laid(MAY, THEFT, 2, Then.CANCELLED, REPORTED[MAY]),
    Laid(MAY, THEFT, 1, Then.KNOWN, REPORTED[JUNE]),
    Laid(JUNE, COMMON_ASSAULT, 2, Then.KNOWN, REPORTED[JUNE]),
    Laid(JUNE, COMMON_ASSAULT, 1, Then.CANCELLED, REPORTED[JUNE]),
    Laid(JUNE, CUSTODY_OFFICER, 1, Then.KNOWN, REPORTED[JUNE]),
    Laid(JUNE, GBH, 1, Then.MOVED, REPORTED[JUNE]),
    Laid(JUNE, ROBBERY, 1, Then.KNOWN, REPORTED[JUNE]),
    Laid(JUNE, THEFT, 12, Then.KNOWN, REPORTED[JUNE]),
    Laid(JUNE, THEFT, 2, Then.CANCELLED, REPORTED[JUNE]),
    Laid(JUNE, SECTION_4, 1, Then.MOVED, REPORTED[JUNE]),
    Laid(JUNE, SECTION_4A, 2, Then.KNOWN, REPORTED[JUNE]),
    Laid(JUNE, AFFRAY, 1, Then.KNOWN, REPORTED[JUNE]),
    Laid(JUNE, ORDER_BROKEN, 1, Then.KNOWN, REPORTED[JUNE]),
)
"""Crimes that the last report before it did not know as the next one did, and those that had waited for long."""

HELD: Mapping[date, frozenset[Kind]] = {
    **{date(2018, month, 1): frozenset({Kind.SEXUAL, Kind.BURGLARY}) for month in range(4, 8)},
    **{date(2018, month, 1): frozenset({Kind.ASSAULT}) for month in range(8, 13)},
    **{date(2019, month, 1): frozenset({Kind.ASSAULT}) for month in range(1, 4)},
    **{month: frozenset(CLASSES_OF) for month in REPORTED},
}
"""Kinds of crime of which nothing is drawn in a month besides what is laid out."""
HELD_CLASSES = {date(2018, month, 1): frozenset({"39", "44", "46"}) for month in range(4, 8)}
"""Further classes of which nothing is drawn."""
NOT_IN_LICENSED_PREMISES = (date(2017, 4, 1), date(2017, 5, 1), date(2017, 6, 1))
"""Months in which no violence that is drawn is in licensed premises."""


def laid_out() -> Iterator[Laid]:
    """All crimes that are laid out."""
    for month, counts in STAYED.items():
        for key, count in counts.items():
            yield Laid(month, key, count, licensed=month in NOT_IN_LICENSED_PREMISES)
    yield from CHANGED


LAID_OUT = tuple(laid_out())

TOTALS = {
    2017: (440, 515, 455, 530, 440, 500, 545, 590, 450, 520, 440, 530),
    2018: (500, 570, 475, 547, 530, 610, 540, 640, 550, 640, 560, 640),
    2019: (745, 621, 777, 723),
}
"""Counted crimes of each month of a financial year, April first, as known on the day of the last report."""
BEFORE = (414, 484, 428, 498, 414, 470, 512, 555, 423, 489, 460, 498)
"""Those of the years before, April first, give or take VARIES in a thousand."""
VARIES = 10
SINCE = (690, 710, 650, 700, 600, 640, 590, 660, 700, 640, 690, 700)
"""Crimes of the years after, August first, give or take their root."""


@dataclass(frozen=True)
class Dealt:
    """Times of the week for the crimes of a kind in some months.

    Of assaults those that count on the day of the last report have a part in them, of others those that are known by
    the first report on their month.
    """

    kind: Kind
    months: tuple[date, ...]
    deals: tuple[Deal, ...]


def evenly(days: tuple[int, ...], hours: tuple[int, ...], count: int) -> Deal:
    """So many over the days and the hours, which get one more or less than each other."""

    def parts(of: tuple[int, ...]) -> dict[int, int]:
        return {each: count * (n + 1) // len(of) - count * n // len(of) for n, each in enumerate(of)}

    return Deal(parts(days), parts(hours))


WEEK, WORKING = (1, 2, 3, 4, 5, 6, 7), (1, 2, 3, 4, 5)
BY_DAY = (6, 7, 8, 9, 10, 11, 12, 13, 14, 17)
OFFICE = (9, 10, 11, 12, 13, 14, 16, 17)

DEALT = (
    Dealt(Kind.ASSAULT, (FEBRUARY, MARCH, APRIL), (
        Deal({4: 12, 5: 14, 6: 12, 1: 6, 2: 6, 3: 6, 7: 6},
             {18: 5, 19: 4, 20: 7, 21: 7, 22: 5, 23: 5, 0: 7, 1: 7, 2: 5, 3: 4, 4: 3, 5: 3}, nights=True),
        Deal({1: 2, 2: 2, 3: 2, 4: 3, 5: 3}, {15: 6, 16: 6}),
        evenly(WEEK, BY_DAY, 34),
    )),
    Dealt(Kind.ASSAULT, (MAY,), (
        Deal({4: 11, 7: 9, 5: 5, 6: 5, 1: 1, 2: 1, 3: 2},
             {23: 8, 0: 7, 18: 2, 19: 1, 20: 3, 21: 3, 22: 3, 1: 3, 2: 2, 3: 1, 4: 1}, nights=True),
        Deal({1: 1, 2: 1, 3: 1, 4: 2, 5: 1}, {15: 3, 16: 3}),
        evenly(WEEK, BY_DAY, 14),
    )),
    Dealt(Kind.ASSAULT, (JUNE,), (
        Deal({4: 15, 5: 15, 6: 13, 7: 3, 1: 2, 2: 2, 3: 3},
             {19: 9, 22: 9, 18: 3, 20: 5, 21: 5, 23: 4, 0: 4, 1: 5, 2: 4, 3: 2, 4: 2, 5: 1}, nights=True),
        Deal({1: 2, 2: 2, 3: 2, 4: 3, 5: 3}, {15: 6, 16: 6}),
        evenly(WEEK, BY_DAY, 18),
    )),
    Dealt(Kind.ASSAULT, (JULY,), (
        Deal({4: 13, 5: 13, 6: 5, 7: 2, 1: 1, 2: 1, 3: 2},
             {21: 7, 22: 5, 23: 5, 18: 2, 19: 1, 20: 4, 0: 3, 1: 4, 2: 2, 3: 2, 4: 1, 5: 1}, nights=True),
        Deal({1: 1, 2: 1, 3: 2, 4: 2, 5: 2}, {15: 4, 16: 4}),
        evenly(WEEK, BY_DAY, 18),
    )),
    Dealt(Kind.SEXUAL, (APRIL,), (
        Deal({5: 3, 6: 3, 7: 3}, {20: 1, 21: 2, 22: 2, 23: 2, 0: 1, 1: 1}, nights=True),
        Deal({2: 1, 4: 1}, {11: 1, 14: 1}),
    )),
    Dealt(Kind.SEXUAL, (MAY,), (
        Deal({5: 4, 6: 4, 7: 6}, {23: 3, 0: 3, 21: 2, 22: 2, 1: 2, 2: 1, 20: 1}, nights=True),
        Deal({1: 1, 2: 1, 3: 1}, {11: 1, 14: 1, 16: 1}),
    )),
    Dealt(Kind.SEXUAL, (JUNE,), (
        Deal({4: 1, 5: 6, 6: 7, 7: 3}, {19: 2, 22: 2, 20: 2, 21: 2, 23: 3, 0: 3, 1: 2, 2: 1}, nights=True),
        Deal({1: 1, 2: 1, 3: 1, 6: 1, 7: 1}, {11: 1, 13: 1, 14: 1, 16: 1, 17: 1}),
    )),
    Dealt(Kind.SEXUAL, (JULY,), (
        Deal({5: 4, 6: 3, 7: 3}, {21: 2, 22: 2, 23: 2, 0: 2, 1: 1, 20: 1}, nights=True),
        Deal({1: 1, 2: 1, 3: 1, 4: 1, 5: 1}, {10: 1, 12: 1, 14: 1, 15: 1, 17: 1}),
    )),
    Dealt(Kind.OTHER_VIOLENCE, (MAY,), (
        Deal({4: 5, 7: 2, 3: 1}, {23: 3, 0: 3, 20: 1, 2: 1}, nights=True),
        Deal({1: 1, 2: 1, 3: 1}, {10: 1, 13: 1, 16: 1}),
    )),
    Dealt(Kind.OTHER_VIOLENCE, (JUNE,), (
        Deal({4: 7, 5: 5, 6: 3, 3: 1, 2: 1}, {19: 8, 22: 7, 2: 2}, nights=True),
        Deal({1: 2, 2: 2, 3: 3, 4: 3, 5: 2}, {9: 2, 10: 2, 12: 2, 13: 2, 14: 2, 17: 2}),
    )),
    Dealt(Kind.OTHER_VIOLENCE, (JULY,), (
        Deal({4: 10, 5: 8, 6: 2, 7: 1, 1: 1, 2: 2, 3: 2}, {21: 8, 22: 8, 23: 8, 0: 1, 20: 1}, nights=True),
        Deal({1: 4, 2: 4, 3: 4, 4: 3, 5: 3}, {9: 2, 10: 3, 11: 2, 12: 2, 13: 2, 14: 3, 16: 2, 17: 2}),
    )),
    Dealt(Kind.BURGLARY, (APRIL,), (
        Deal({5: 8}, {22: 1, 23: 2, 0: 1, 1: 2, 2: 1, 3: 1}, nights=True),
        Deal({1: 1, 2: 1, 3: 1, 4: 2, 6: 2}, {19: 1, 20: 2, 21: 2, 22: 2}),
        evenly(WORKING, OFFICE, 9),
    )),
    Dealt(Kind.BURGLARY, (MAY,), (
        Deal({5: 8}, {22: 1, 23: 2, 0: 1, 1: 2, 2: 1, 3: 1}, nights=True),
        Deal({1: 1, 2: 1, 3: 1, 4: 2, 6: 1, 7: 1}, {19: 2, 20: 2, 21: 2, 22: 1}),
        Deal({1: 1, 2: 1, 3: 1, 4: 1, 5: 2}, {8: 1, 9: 1, 10: 1, 11: 1, 16: 1, 17: 1}),
    )),
    Dealt(Kind.BURGLARY, (JUNE,), (
        Deal({5: 10}, {22: 2, 23: 2, 0: 1, 1: 2, 2: 2, 3: 1}, nights=True),
        Deal({1: 1, 2: 1, 3: 1, 4: 2, 6: 2, 7: 1}, {21: 3, 22: 3, 23: 2}),
        Deal({1: 2, 2: 2, 3: 2, 4: 2, 5: 3, 6: 1}, {8: 2, 9: 2, 10: 2, 11: 2, 16: 2, 17: 2}),
    )),
    Dealt(Kind.BURGLARY, (JULY,), (
        Deal({5: 9}, {23: 3, 0: 1, 1: 2, 2: 2, 3: 1}, nights=True),
        Deal({1: 1, 2: 1, 6: 2, 7: 1}, {19: 3, 23: 2}),
        Deal({1: 3, 2: 3, 3: 2, 4: 2, 5: 2}, {8: 2, 9: 2, 10: 2, 11: 2, 16: 2, 17: 2}),
    )),
    Dealt(Kind.THEFT, (APRIL,), (
        Deal({1: 78, 2: 80, 3: 84, 4: 98, 5: 94, 6: 21, 7: 18},
             {8: 14, 9: 18, 10: 24, 11: 30, 12: 50, 13: 55, 14: 50, 15: 38, 16: 34, 17: 40, 18: 45, 19: 35, 20: 20,
              21: 12, 22: 8}),
    )),
    Dealt(Kind.THEFT, (MAY,), (
        Deal({1: 70, 2: 72, 3: 76, 4: 86, 5: 78, 6: 23, 7: 20},
             {7: 3, 8: 10, 9: 14, 10: 18, 11: 24, 12: 50, 13: 58, 14: 52, 15: 24, 16: 22, 17: 28, 18: 45, 19: 28,
              20: 20, 21: 14, 22: 10, 23: 5}),
    )),
    Dealt(Kind.THEFT, (JUNE,), (
        Deal({1: 82, 2: 85, 3: 90, 4: 103, 5: 95, 6: 28, 7: 24},
             {7: 4, 8: 12, 9: 18, 10: 22, 11: 28, 12: 43, 13: 55, 14: 52, 15: 32, 16: 30, 17: 36, 18: 45, 19: 45,
              20: 39, 21: 22, 22: 16, 23: 8}),
    )),
    Dealt(Kind.THEFT, (JULY,), (
        *grid(WORKING, (13, 14), 11),
        *grid((3, 4, 5), (20, 21, 22), 11),
        *grid(WORKING, (8, 9, 10, 11, 12, 15, 16, 17, 18, 19), 4),
        *grid((6,), range(10, 22), 2),
        Deal({7: 19}, {11: 3, 12: 3, 13: 3, 14: 3, 15: 3, 16: 2, 17: 2}),
    )),
    Dealt(Kind.PUBLIC_ORDER, (MAY,), (
        Deal({4: 7, 6: 6, 1: 3, 2: 3, 3: 4, 5: 4, 7: 2},
             {1: 3, 8: 3, 9: 3, 10: 3, 18: 3, 19: 3, 20: 3, 12: 1, 13: 1, 14: 1, 16: 1, 17: 1, 21: 1, 22: 1, 23: 1}),
    )),
    Dealt(Kind.PUBLIC_ORDER, (JUNE,), (
        Deal({4: 6, 5: 5, 6: 5, 1: 4, 2: 4, 3: 4, 7: 3},
             {20: 3, 21: 3, 23: 3, 0: 1, 1: 1, 9: 2, 10: 2, 11: 2, 12: 2, 13: 1, 14: 2, 15: 2, 16: 2, 17: 2, 18: 2,
              19: 1}),
    )),
    Dealt(Kind.PUBLIC_ORDER, (JULY,), (
        Deal({5: 12, 1: 6, 2: 7, 3: 7, 4: 8, 6: 8, 7: 5},
             {12: 5, 13: 5, 17: 5, 18: 5, 23: 5, 0: 5, 1: 1, 2: 1, 8: 1, 9: 2, 10: 2, 11: 2, 14: 3, 15: 3, 16: 3,
              19: 2, 20: 2, 21: 1}),
    )),
)  # fmt: skip


@dataclass(frozen=True)
class Placed:
    """How many crimes of some kinds, known by the first report on their month, are in which streets."""

    kinds: tuple[Kind, ...]
    month: date
    streets: Mapping[str, int]


PLACED = (
    Placed(ACQUISITIVE, MAY, {"Bishopsgate": 80, "Cheapside": 62, "Fenchurch Street": 49}),
    Placed(ACQUISITIVE, JUNE, {"Bishopsgate": 107, "King William Street": 43, "Gracechurch Street": 38}),
    Placed(VIOLENCE, MAY, {"Bishopsgate": 20}),
    Placed(VIOLENCE, JUNE, {"Bishopsgate": 33}),
    Placed(VIOLENCE, JULY, {"Bishopsgate": 21, "King William Street": 16, "Gracechurch Street": 15}),
)
NO_PREMISES_TWICE = JUNE
"""The month in which violence was nowhere twice."""


@dataclass(frozen=True)
class Marked:
    """How many thefts of a code, known by the first report, have a method or belong to an operation."""

    month: date
    key: Key
    count: int
    tag: str = ""
    operation: str = ""
    premises_type: str = ""


MARKED = (
    Marked(APRIL, THEFT, 46, "distraction"),
    Marked(APRIL, FROM_THE_PERSON, 26, "distraction"),
    Marked(APRIL, THEFT, 42, "bag_licensed_premises", "TUNDRA", "licensed"),
    Marked(APRIL, THEFT, 12, "gym", premises_type="gym"),
    Marked(MAY, THEFT, 32, "distraction"),
    Marked(MAY, FROM_THE_PERSON, 18, "distraction"),
    Marked(MAY, THEFT, 47, "bag_licensed_premises", "TUNDRA", "licensed"),
    Marked(MAY, THEFT, 15, "gym", premises_type="gym"),
    Marked(JUNE, THEFT, 20, "distraction"),
    Marked(JUNE, FROM_THE_PERSON, 10, "distraction"),
    Marked(JUNE, FROM_THE_PERSON, 1, "moped_snatch"),
    Marked(JUNE, THEFT, 18, "gym", premises_type="gym"),
    Marked(JUNE, THEFT, 55, "bag_licensed_premises", "TUNDRA", "licensed"),
    Marked(JULY, THEFT, 11, "distraction"),
    Marked(JULY, FROM_THE_PERSON, 6, "distraction"),
    Marked(JULY, THEFT, 14, "gym", premises_type="gym"),
    Marked(JULY, THEFT, 61, "bag_licensed_premises", "TUNDRA", "licensed"),
    Marked(JULY, THEFT, 13, "", "HALYARD", "retail"),
)
UNMARKED = {"distraction": "", "distraction;pickpocket": "pickpocket", "moped_snatch": "", "gym": "",
            "bag_licensed_premises": ""}  # fmt: skip
"""Methods that nothing else that is laid out in these months has, and what stands instead."""
