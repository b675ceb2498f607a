"""What crimes the City of London has, how many, and how they usually go.

Volumes are the quarterly counts of 2017/18 of City of London Police in the Home Office's police recorded crime open
data (Open Government Licence v3.0). Sub-codes, hours, spans, places and outcomes are invented to be believable.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import IntEnum

BANDS = (
    (0, 0),
    (1, 14),
    (15, 59),
    (60, 239),
    (240, 719),
    (720, 1439),
    (1440, 4319),
    (4320, 14_399),
    (14_400, 60_479),
    (60_480, 1_051_200),
)
"""Bands of time, their shortest and longest in minutes: none, minutes, then up to an hour, 4 hours, 12 hours, a day,
3 days, 10 days, 6 weeks and 2 years."""


@dataclass(frozen=True)
class Profile:
    """How one kind of crime goes. All shares are weights.

    `hours` (24) and `days` (7, Monday first) weigh its beginning; an hour before 06:00 takes the weight of the day
    before. `spans` weighs the bands of how long the time of the crime is uncertain, `reports` those until it is
    reported, `outcomes_after` those until an outcome is known. `streets` names the weight of `Street` that tells
    where. `premises` and `outcomes` weigh premises types and outcome codes; `alcohol` is a share in a thousand.
    """

    hours: tuple[int, ...]
    days: tuple[int, ...]
    spans: tuple[int, ...]
    reports: tuple[int, ...]
    streets: str
    premises: Mapping[str, int]
    outcomes: Mapping[str, int]
    outcomes_after: tuple[int, ...] = (0, 10, 30, 50, 50, 60, 120, 200, 260, 120)
    alcohol: int = 20
    has_victim: bool = True


NIGHT = (60, 45, 35, 25, 12, 8, 6, 9, 16, 20, 22, 24, 32, 32, 30, 32, 36, 42, 48, 55, 58, 65, 80, 85)
SHOP_HOURS = (0, 0, 0, 0, 0, 0, 2, 15, 30, 35, 45, 60, 95, 100, 90, 85, 80, 90, 70, 45, 25, 10, 2, 0)
OFFICE_HOURS = (6, 4, 2, 2, 2, 4, 8, 20, 40, 50, 55, 60, 90, 85, 75, 65, 60, 65, 75, 65, 55, 45, 30, 15)
EVENING = (25, 12, 6, 3, 2, 2, 4, 12, 22, 20, 22, 35, 60, 65, 50, 45, 50, 75, 100, 95, 85, 80, 65, 45)
COMMUTE = (4, 2, 2, 2, 2, 4, 20, 70, 160, 140, 60, 45, 50, 45, 40, 40, 45, 60, 70, 50, 35, 25, 15, 8)
AFTER_WORK = (35, 30, 35, 35, 25, 15, 15, 15, 15, 15, 12, 12, 15, 15, 15, 20, 30, 70, 120, 110, 80, 60, 50, 40)
PATROLS = (60, 55, 35, 20, 10, 5, 5, 10, 15, 20, 30, 35, 40, 40, 45, 50, 50, 50, 55, 60, 65, 70, 75, 70)

NIGHTS_OUT = (11, 12, 14, 18, 20, 16, 9)
WORKING_WEEK = (15, 16, 17, 20, 19, 7, 6)
TRADING_WEEK = (15, 16, 17, 18, 18, 9, 7)

ACQUISITIVE_OUTCOMES = {"18": 740, "14": 40, "15": 50, "16": 40, "1": 80, "1A": 5, "3": 15, "8": 20, "10": 5, "21": 5}
VIOLENCE_OUTCOMES = {
    "18": 280, "16": 220, "15": 190, "14": 110, "1": 140, "1A": 10, "2": 5, "3": 20, "3A": 2, "8": 15, "9": 5,
    "10": 8, "12": 2, "17": 3, "20": 3, "22": 4,
}  # fmt: skip
STATE_OUTCOMES = {"1": 400, "7": 180, "8": 90, "3": 110, "6": 50, "10": 60, "2": 20, "18": 50, "9": 30, "22": 10}

VIOLENT = Profile(
    hours=NIGHT,
    days=NIGHTS_OUT,
    spans=(450, 350, 120, 50, 15, 5, 5, 3, 2, 0),
    reports=(100, 340, 250, 80, 50, 60, 35, 25, 32, 28),
    streets="night",
    premises={"licensed": 330, "street": 380, "office": 70, "transport": 50, "hotel": 40, "public_building": 40,
              "retail": 50, "dwelling": 20, "gym": 5, "other": 15},
    outcomes=VIOLENCE_OUTCOMES,
    alcohol=430,
)  # fmt: skip
SHOP = Profile(
    hours=SHOP_HOURS,
    days=TRADING_WEEK,
    spans=(300, 500, 120, 50, 20, 5, 5, 0, 0, 0),
    reports=(80, 330, 280, 120, 60, 60, 40, 20, 10, 0),
    streets="shops",
    premises={"retail": 960, "licensed": 10, "transport": 20, "other": 10},
    outcomes=ACQUISITIVE_OUTCOMES | {"1": 180, "8": 70, "18": 560},
)
UNATTENDED = Profile(
    hours=OFFICE_HOURS,
    days=WORKING_WEEK,
    spans=(20, 230, 260, 250, 120, 60, 40, 12, 8, 0),
    reports=(20, 120, 200, 220, 140, 120, 90, 60, 25, 5),
    streets="day",
    premises={"licensed": 380, "office": 220, "retail": 140, "gym": 60, "hotel": 40, "street": 90, "transport": 30,
              "public_building": 30, "other": 10},
    outcomes=ACQUISITIVE_OUTCOMES,
)  # fmt: skip
PERSON = Profile(
    hours=EVENING,
    days=WORKING_WEEK,
    spans=(150, 450, 250, 130, 20, 0, 0, 0, 0, 0),
    reports=(40, 250, 280, 170, 90, 80, 50, 30, 10, 0),
    streets="night",
    premises={"street": 560, "licensed": 240, "transport": 110, "retail": 80, "other": 10},
    outcomes=ACQUISITIVE_OUTCOMES,
)
CYCLE = Profile(
    hours=COMMUTE,
    days=WORKING_WEEK,
    spans=(0, 10, 60, 250, 480, 80, 90, 20, 10, 0),
    reports=(10, 120, 250, 220, 120, 120, 90, 50, 20, 0),
    streets="day",
    premises={"street": 850, "office": 110, "transport": 30, "gym": 10},
    outcomes=ACQUISITIVE_OUTCOMES | {"1": 20, "18": 860},
)
BREAK_IN = Profile(
    hours=AFTER_WORK,
    days=WORKING_WEEK,
    spans=(10, 80, 70, 150, 240, 290, 130, 25, 5, 0),
    reports=(50, 280, 300, 150, 90, 70, 40, 15, 5, 0),
    streets="day",
    premises={"office": 480, "licensed": 230, "retail": 220, "hotel": 20, "public_building": 20, "gym": 20,
              "other": 10},
    outcomes=ACQUISITIVE_OUTCOMES | {"1": 110},
)  # fmt: skip
VEHICLE = Profile(
    hours=AFTER_WORK,
    days=TRADING_WEEK,
    spans=(20, 60, 100, 240, 290, 210, 60, 20, 0, 0),
    reports=(30, 230, 280, 180, 110, 90, 50, 20, 10, 0),
    streets="day",
    premises={"street": 930, "office": 40, "other": 30},
    outcomes=ACQUISITIVE_OUTCOMES | {"18": 850},
)
STATE = Profile(
    hours=PATROLS,
    days=NIGHTS_OUT,
    spans=(750, 250, 0, 0, 0, 0, 0, 0, 0, 0),
    reports=(800, 200, 0, 0, 0, 0, 0, 0, 0, 0),
    streets="night",
    premises={"street": 780, "licensed": 120, "transport": 40, "public_building": 40, "other": 20},
    outcomes=STATE_OUTCOMES,
    outcomes_after=(0, 20, 60, 150, 220, 170, 100, 100, 130, 50),
    alcohol=80,
    has_victim=False,
)
PAPER = Profile(
    hours=OFFICE_HOURS,
    days=WORKING_WEEK,
    spans=(220, 60, 50, 100, 60, 100, 160, 110, 110, 30),
    reports=(20, 80, 120, 130, 120, 130, 140, 130, 90, 40),
    streets="day",
    premises={"office": 620, "dwelling": 120, "public_building": 110, "retail": 70, "licensed": 40, "other": 40},
    outcomes=VIOLENCE_OUTCOMES,
)
PROFILES = (VIOLENT, SHOP, UNATTENDED, PERSON, CYCLE, BREAK_IN, VEHICLE, STATE, PAPER)


class Habit(IntEnum):
    """Which method tags and operations a class attracts."""

    NONE = 0
    IN_THE_STREET = 1
    UNWATCHED = 2
    FROM_A_SHOP = 3
    ROBBERY = 4
    UNWATCHED_IN_A_BAR = 5
    UNWATCHED_IN_A_GYM = 6


@dataclass(frozen=True)
class SubCode:
    """A sub-code that a class is recorded under, how often, and its title where it is not that of the class."""

    code: str
    weight: int = 1
    title: str = ""
    since: date = date.min
    victim_type: str = ""


@dataclass(frozen=True)
class OffenceClass:
    """A class with its counts of the quarters of 2017/18, April first; `until` is the last day it is recorded.

    `was` is the class that the same crimes were recorded under before `since`.
    """

    code: str
    title: str
    quarters: tuple[int, int, int, int]
    profile: Profile
    sub_codes: tuple[SubCode, ...] = (SubCode(""),)
    was: str = ""
    since: date = date.min
    victim_type: str = ""
    is_assault: bool = False
    habit: Habit = Habit.NONE


BURGLARY_RENEWED = date(2017, 4, 1)
EMERGENCY_WORKERS = date(2018, 12, 1)

CLASSES = (
    OffenceClass("49", "Theft not classified elsewhere", (351, 293, 374, 394), UNATTENDED,
                 (SubCode("049/10", 97), SubCode("045/11", 3, "Theft from vehicle other than motor vehicle")),
                 habit=Habit.UNWATCHED),
    OffenceClass("46", "Theft from shop or stall", (179, 170, 187, 202), SHOP, (SubCode("046/00"),),
                 victim_type="business", habit=Habit.FROM_A_SHOP),
    OffenceClass("39", "Theft from the person", (131, 118, 187, 174), PERSON, (SubCode("039/00"),),
                 habit=Habit.IN_THE_STREET),
    OffenceClass("44", "Theft of pedal cycle", (100, 124, 79, 64), CYCLE,
                 (SubCode("044/00", 19), SubCode("137/18", 1, "Taking a pedal cycle without consent"))),
    OffenceClass("105A", "Common assault and battery", (84, 93, 73, 102), VIOLENT,
                 (SubCode("105/01", 325),
                  SubCode("105/04", 9, "Assault on prison custody officer", victim_type="custody_officer"),
                  SubCode("105/08", 12, "Assault on designated person", victim_type="emergency_worker"),
                  SubCode("008/73", 14, "Assault by beating of an emergency worker", EMERGENCY_WORKERS,
                          "emergency_worker")), is_assault=True),
    OffenceClass("8N", "Assault occasioning actual bodily harm", (67, 75, 104, 88), VIOLENT,
                 (SubCode("008/06", 280), SubCode("008/01", 50, "Wounding or grievous bodily harm without intent"),
                  SubCode("008/21", 2, "Dog dangerously out of control"),
                  SubCode("008/20", 2, "Assault to resist arrest")),
                 is_assault=True),
    OffenceClass("30C", "Burglary - business and community", (58, 48, 55, 81), BREAK_IN, (SubCode("030/02"),),
                 was="30A", since=BURGLARY_RENEWED, victim_type="business"),
    OffenceClass("92E", "Possession of cannabis", (59, 42, 39, 46), STATE),
    OffenceClass("9A", "Fear or provocation of violence", (40, 36, 38, 72), VIOLENT,
                 (SubCode("125/11", 60), SubCode("125/09", 66, "Intentional harassment, alarm or distress"),
                  SubCode("125/12", 60, "Harassment, alarm or distress"))),
    OffenceClass("45", "Theft from motor vehicle", (9, 20, 47, 38), VEHICLE, (SubCode("045/10"),)),
    OffenceClass("58B", "Criminal damage to a building", (28, 16, 25, 21), BREAK_IN, victim_type="business"),
    OffenceClass("58C", "Criminal damage to a vehicle", (25, 16, 24, 17), VEHICLE),
    OffenceClass("8L", "Harassment", (10, 20, 29, 21), PAPER,
                 (SubCode("195/94", 70), SubCode("008/30", 10, "Putting in fear of violence"))),
    OffenceClass("48", "Theft of motor vehicle", (26, 12, 23, 12), VEHICLE,
                 (SubCode("048/01", 65), SubCode("130/01", 8, "Unauthorised taking of motor vehicle"))),
    OffenceClass("92A", "Trafficking in controlled drugs", (16, 26, 14, 17), STATE),
    OffenceClass("9B", "Racially or religiously aggravated harassment, alarm or distress", (17, 18, 14, 21), VIOLENT,
                 (SubCode("008/55", 34), SubCode("066/91", 12), SubCode("125/82", 24))),
    OffenceClass("8R", "Malicious communications", (20, 19, 7, 21), PAPER, (SubCode("008/72"),)),
    OffenceClass("34B", "Robbery of personal property", (11, 11, 18, 27), VIOLENT,
                 (SubCode("034/01", 63), SubCode("034/02", 4, "Assault with intent to rob")), habit=Habit.ROBBERY),
    OffenceClass("92D", "Possession of controlled drugs other than cannabis", (13, 19, 15, 16), STATE),
    OffenceClass("58D", "Other criminal damage", (10, 13, 10, 29), VIOLENT),
    OffenceClass("20A", "Sexual assault on a female aged 13 or over", (11, 12, 15, 13), VIOLENT,
                 (SubCode("020/05", 45), SubCode("020/03", 6))),
    OffenceClass("41", "Theft by an employee", (7, 17, 10, 9), PAPER, (SubCode("041/00"),), victim_type="business"),
    OffenceClass("61A", "Possession of false documents", (11, 22, 3, 6), STATE),
    OffenceClass("33A", "Articles for use in fraud", (6, 8, 13, 3), STATE),
    OffenceClass("10D", "Possession of article with blade or point", (4, 8, 8, 7), STATE),
    OffenceClass("10C", "Possession of other weapons", (5, 7, 8, 7), STATE),
    OffenceClass("30D", "Attempted burglary - business and community", (5, 7, 9, 4), BREAK_IN, (SubCode("030/02"),),
                 was="30B", since=BURGLARY_RENEWED, victim_type="business"),
    OffenceClass("49A", "Making off without payment", (4, 7, 8, 5), SHOP, (SubCode("053/25"),),
                 victim_type="business"),
    OffenceClass("66", "Affray", (6, 6, 6, 5), VIOLENT,
                 (SubCode("066/01", 19), SubCode("066/98", 3, "Breach of criminal behaviour order"),
                  SubCode("066/21", 1, "Public nuisance"))),
    OffenceClass("5D", "Wounding or grievous bodily harm with intent", (3, 4, 9, 4), VIOLENT, (SubCode("005/01"),),
                 is_assault=True),
    OffenceClass("105B", "Racially or religiously aggravated common assault", (8, 3, 6, 3), VIOLENT,
                 (SubCode("008/57"),), is_assault=True),
    OffenceClass("61", "Other forgery", (5, 3, 5, 5), PAPER),
    OffenceClass("19C", "Rape of a female aged 16 or over", (6, 2, 4, 6), VIOLENT, (SubCode("019/08"),)),
    OffenceClass("104", "Assault on a constable", (4, 4, 3, 6), VIOLENT,
                 (SubCode("104/23", 17), SubCode("008/73", 51, "Assault by beating of a constable",
                                                 EMERGENCY_WORKERS)), victim_type="police_officer", is_assault=True),
    OffenceClass("126", "Vehicle interference", (8, 3, 2, 0), VEHICLE, (SubCode("126/00"),)),
    OffenceClass("35", "Blackmail", (1, 1, 5, 5), PAPER, (SubCode("035/00"),)),
    OffenceClass("28E", "Burglary - residential", (1, 3, 3, 5), BREAK_IN, was="28A", since=BURGLARY_RENEWED),
    OffenceClass("58A", "Criminal damage to a dwelling", (2, 1, 5, 4), BREAK_IN),
    OffenceClass("3B", "Threats to kill", (2, 2, 2, 6), VIOLENT, (SubCode("003/01"),)),
    OffenceClass("8P", "Racially or religiously aggravated actual bodily harm", (3, 4, 1, 3), VIOLENT,
                 (SubCode("008/60", 9), SubCode("008/59", 2)), is_assault=True),
    OffenceClass("88E", "Exposure", (3, 3, 1, 3), VIOLENT,
                 (SubCode("088/09", 7), SubCode("088/10", 3, "Voyeurism"))),
    OffenceClass("33", "Going equipped for stealing", (5, 1, 1, 1), STATE),
    OffenceClass("17A", "Sexual assault on a male aged 13 or over", (0, 1, 4, 3), VIOLENT, (SubCode("017/15"),)),
    OffenceClass("8S", "Actual bodily harm on a constable", (4, 0, 1, 2), VIOLENT, (SubCode("008/06"),),
                 was="8N", since=BURGLARY_RENEWED, victim_type="police_officer", is_assault=True),
    OffenceClass("2", "Attempted murder", (7, 0, 0, 0), VIOLENT, (SubCode("002/00"),)),
    OffenceClass("99", "Other notifiable offences", (2, 1, 4, 0), STATE),
    OffenceClass("10B", "Possession of firearms", (3, 3, 1, 0), STATE),
    OffenceClass("34A", "Robbery of business property", (1, 0, 4, 2), VIOLENT, (SubCode("034/01"),),
                 victim_type="business"),
    OffenceClass("42", "Theft of mail", (0, 4, 1, 1), UNATTENDED, (SubCode("042/00"),)),
    OffenceClass("31A", "Aggravated burglary - business and community", (0, 1, 3, 1), BREAK_IN, (SubCode("031/00"),),
                 was="31", since=BURGLARY_RENEWED, victim_type="business"),
    OffenceClass("106", "Modern slavery", (0, 2, 1, 2), PAPER, (SubCode("036/06"),), since=date(2015, 8, 1)),
    OffenceClass("58J", "Racially or religiously aggravated criminal damage", (5, 0, 0, 0), VIOLENT),
    OffenceClass("8Q", "Stalking", (1, 3, 1, 0), PAPER, (SubCode("195/12"),)),
    OffenceClass("56B", "Arson not endangering life", (1, 1, 0, 2), BREAK_IN),
    OffenceClass("802", "Dangerous driving", (0, 2, 0, 2), STATE),
    OffenceClass("54", "Handling stolen goods", (2, 1, 0, 1), STATE),
    OffenceClass("38", "Concealing the proceeds of crime", (1, 2, 1, 0), PAPER),
    OffenceClass("8M", "Racially or religiously aggravated harassment", (0, 0, 1, 3), PAPER, (SubCode("008/56"),)),
    OffenceClass("5E", "Endangering life", (0, 0, 2, 1), VIOLENT, (SubCode("005/07"),)),
    OffenceClass("36", "Kidnapping", (0, 1, 2, 0), VIOLENT, (SubCode("036/01"),)),
    OffenceClass("79", "Perverting the course of justice", (2, 1, 0, 0), PAPER),
    OffenceClass("19F", "Rape of a male aged 16 or over", (3, 0, 0, 0), VIOLENT, (SubCode("019/10"),)),
    OffenceClass("28F", "Attempted burglary - residential", (0, 0, 1, 1), BREAK_IN, was="28B",
                 since=BURGLARY_RENEWED),
    OffenceClass("1", "Murder", (2, 0, 0, 0), VIOLENT, (SubCode("001/01"),)),
    OffenceClass("86", "Obscene publications", (0, 1, 1, 0), PAPER),
    OffenceClass("92C", "Other drug offences", (0, 0, 2, 0), STATE),
    OffenceClass("67", "Perjury", (0, 0, 2, 0), PAPER),
    OffenceClass("40", "Theft in a dwelling", (0, 1, 1, 0), UNATTENDED, (SubCode("040/00"),)),
    OffenceClass("37.2", "Aggravated vehicle taking", (0, 0, 0, 1), VEHICLE, (SubCode("037/02"),)),
    OffenceClass("4.4", "Causing serious injury by dangerous driving", (0, 1, 0, 0), STATE, (SubCode("004/12"),)),
    OffenceClass("60", "False drug prescription", (0, 0, 1, 0), PAPER),
    OffenceClass("47", "Theft from automatic machine or meter", (0, 0, 0, 1), BREAK_IN, (SubCode("047/00"),)),
)  # fmt: skip
"""All classes with a count in 2017/18, but for those of crimes against children and two with a single crime."""

RECLASSIFIED = {
    ("49", "049/10"): ("39", "039/00"),
    ("39", "039/00"): ("49", "049/10"),
    ("46", "046/00"): ("49", "049/10"),
    ("44", "044/00"): ("44", "137/18"),
    ("105A", "105/01"): ("8N", "008/06"),
    ("8N", "008/06"): ("105A", "105/01"),
    ("8N", "008/01"): ("8N", "008/06"),
    ("5D", "005/01"): ("8N", "008/01"),
    ("9A", "125/11"): ("9A", "125/09"),
    ("9A", "125/09"): ("9A", "125/12"),
    ("9A", "125/12"): ("9A", "125/09"),
    ("34B", "034/01"): ("39", "039/00"),
    ("92D", ""): ("92E", ""),
    ("45", "045/10"): ("126", "126/00"),
    ("30C", "030/02"): ("49", "049/10"),
    ("30A", ""): ("49", "049/10"),
    ("8L", "195/94"): ("8R", "008/72"),
}
"""What a crime turns out to be when it is looked at again, by class and sub-code; valid on every day of the sample."""


@dataclass(frozen=True)
class Code:
    """A class and sub-code that crimes are recorded under between two days, both included."""

    offence: OffenceClass
    class_code: str
    sub_code: SubCode
    first_day: date = date.min
    last_day: date = date.max

    @property
    def key(self) -> tuple[str, str]:
        """Class and sub-code."""
        return self.class_code, self.sub_code.code

    @property
    def title(self) -> str:
        """Title of the offence as it is recorded."""
        return self.sub_code.title or self.offence.title

    @property
    def victim_type(self) -> str:
        """Kind of victim, where the offence tells."""
        return self.sub_code.victim_type or self.offence.victim_type

    @property
    def is_bounded(self) -> bool:
        """Whether there are days on which it can't be recorded."""
        return (self.first_day, self.last_day) != (date.min, date.max)

    def expected(self, month: date) -> float:
        """Crimes of 2017/18 in this calendar month; small counts are drawn towards an even year.

        0 where the code is not in use in the month.
        """
        if not self.first_day <= month <= self.last_day:
            return 0.0
        year = sum(self.offence.quarters)
        quarter = self.offence.quarters[(month.month - 4) % 12 // 3]
        in_use = sum(sub_code.weight for sub_code in self.offence.sub_codes if sub_code.since <= month)
        return year * (quarter + 10) * self.sub_code.weight / ((year + 40) * 3 * in_use)


def _codes() -> tuple[Code, ...]:
    now = (
        Code(offence, offence.code, sub_code, max(offence.since, sub_code.since))
        for offence in CLASSES
        for sub_code in offence.sub_codes
    )
    before = (
        Code(
            offence,
            offence.was,
            SubCode("008/06" if offence.was == "8N" else ""),
            last_day=date.fromordinal(offence.since.toordinal() - 1),
        )
        for offence in CLASSES
        if offence.was
    )
    return (*now, *before)


CODES = _codes()
