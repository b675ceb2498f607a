"""Where things happen: streets with their wards and coordinates, as a records system has them."""

from __future__ import annotations

import numpy as np

from flows.sample.city import EASTINGS, NORTHINGS, OFFICIAL_NAMES, STREET_NAMES, STREETS, WARDS
from flows.sample.draws import Choice, Draws, Flags, Integers
from flows.sample.spelling import Rows, blank, text, whole_text

NIGHT, DAY, SHOPS = (Choice([getattr(street, weight) for street in STREETS]) for weight in ("night", "day", "shops"))
"""Streets by where the night-time economy, the offices and the shops are."""

TAKEN_FOR_WARDS = text(["Cheapside", "Fenchurch Street", "Gracechurch Street", "King William Street",
                        "Liverpool Street"])  # fmt: skip

# In how many in a thousand rows something deserves a warning, by kind.
ODD_WARD, SWAPPED, ZERO = 18, 5, 2


def place(draws: Draws, street: Integers, is_sure: Flags | bool = False) -> Rows:
    """Street, ward and coordinates; 3 % of those that are not sure have no place, 6 % of the others no coordinates."""
    nowhere = draws.happens("no place", 30) & ~np.asarray(is_sure)
    unlocated = nowhere | draws.happens("not located", 60)
    wards = WARDS[street]
    for ward, official in OFFICIAL_NAMES.items():
        wards[(wards == ward) & draws.happens("official name", 100)] = official
    return {
        "street": blank(STREET_NAMES[street], nowhere),
        "ward": blank(wards, nowhere),
        "easting": blank(whole_text(EASTINGS[street] + draws.below("east", 121) - 60), unlocated),
        "northing": blank(whole_text(NORTHINGS[street] + draws.below("north", 121) - 60), unlocated),
    }


def odd_place(draws: Draws, street: Integers) -> Rows:
    """Street, ward and coordinates, of which 2 % deserve a warning."""
    rows = place(draws, street)
    take_streets_for_wards(rows, draws, draws.happens("street for a ward", ODD_WARD))
    misplace(rows, swapped=draws.happens("swapped", SWAPPED), zero=draws.happens("zero", ZERO))
    return rows


def take_streets_for_wards(rows: Rows, draws: Draws, those: Flags) -> None:
    """Write a street in the place of the ward of those rows that have one."""
    is_street = those & (rows["ward"] != "")
    rows["ward"][is_street] = TAKEN_FOR_WARDS[draws.below("taken for a ward", len(TAKEN_FOR_WARDS))][is_street]


def misplace(rows: Rows, *, swapped: Flags, zero: Flags) -> None:
    """Swap easting and northing in some of the rows that have them, and write 0 for both in others."""
    is_placed = rows["easting"] != ""
    which = swapped & is_placed
    rows["easting"][which], rows["northing"][which] = rows["northing"][which], rows["easting"][which]
    for column in ("easting", "northing"):
        rows[column][zero & is_placed] = "0"
