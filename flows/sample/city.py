"""Streets of the City of London, roughly where they lie, and invented premises in them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Text = NDArray[np.object_]


@dataclass(frozen=True)
class Street:
    """A street, the ward most of it lies in, and a point of it in metres of the British National Grid (EPSG:27700).

    Points are good to about 200 m: enough to lie in the force's area, not to be mapped. `night`, `day` and `shops`
    weigh how often something happens there in the night-time economy, in offices, and in shops.
    """

    name: str
    ward: str
    easting: int
    northing: int
    night: int
    day: int
    shops: int


STREETS = (
    Street("Bishopsgate", "Bishopsgate", 533200, 181550, 150, 110, 60),
    Street("Liverpool Street", "Bishopsgate", 533080, 181600, 60, 55, 70),
    Street("Houndsditch", "Aldgate", 533400, 181330, 25, 20, 8),
    Street("Leadenhall Street", "Aldgate", 533270, 181130, 25, 40, 15),
    Street("Aldgate High Street", "Portsoken", 533680, 181210, 30, 25, 25),
    Street("Middlesex Street", "Portsoken", 533590, 181450, 25, 15, 15),
    Street("Minories", "Tower", 533650, 180950, 22, 22, 10),
    Street("Tower Hill", "Tower", 533500, 180720, 18, 20, 6),
    Street("Mark Lane", "Tower", 533290, 180810, 10, 14, 3),
    Street("Great Tower Street", "Billingsgate", 533220, 180750, 12, 14, 8),
    Street("Lower Thames Street", "Billingsgate", 533060, 180640, 10, 12, 2),
    Street("Eastcheap", "Bridge", 532990, 180800, 20, 25, 20),
    Street("Fish Street Hill", "Bridge", 532900, 180720, 15, 12, 6),
    Street("Gracechurch Street", "Langbourn", 532980, 180930, 45, 45, 25),
    Street("Fenchurch Street", "Langbourn", 533180, 180950, 45, 60, 35),
    Street("Lombard Street", "Langbourn", 532820, 181030, 14, 20, 10),
    Street("Lime Street", "Lime Street", 533130, 181020, 18, 22, 8),
    Street("St Mary Axe", "Lime Street", 533230, 181270, 15, 25, 6),
    Street("Cornhill", "Cornhill", 532860, 181130, 25, 25, 25),
    Street("Threadneedle Street", "Broad Street", 532880, 181240, 22, 28, 15),
    Street("Old Broad Street", "Broad Street", 532990, 181400, 35, 35, 22),
    Street("King William Street", "Candlewick", 532800, 180870, 45, 35, 20),
    Street("Abchurch Lane", "Candlewick", 532750, 180920, 8, 10, 2),
    Street("Moorgate", "Coleman Street", 532680, 181480, 40, 45, 55),
    Street("London Wall", "Coleman Street", 532610, 181560, 25, 30, 15),
    Street("Basinghall Street", "Bassishaw", 532530, 181420, 8, 15, 2),
    Street("Gresham Street", "Bassishaw", 532420, 181330, 15, 25, 8),
    Street("Cheapside", "Cheap", 532330, 181190, 35, 60, 160),
    Street("Poultry", "Cheap", 532600, 181130, 15, 18, 25),
    Street("Walbrook", "Walbrook", 532640, 180990, 15, 20, 10),
    Street("Bow Lane", "Cordwainer", 532420, 181080, 18, 12, 20),
    Street("Watling Street", "Cordwainer", 532360, 181060, 20, 12, 10),
    Street("Bread Street", "Bread Street", 532270, 181060, 12, 14, 40),
    Street("Cannon Street", "Dowgate", 532590, 180900, 30, 40, 40),
    Street("Dowgate Hill", "Dowgate", 532600, 180830, 8, 8, 2),
    Street("Garlick Hill", "Vintry", 532400, 180880, 8, 8, 2),
    Street("Upper Thames Street", "Vintry", 532370, 180780, 10, 10, 2),
    Street("Queen Victoria Street", "Queenhithe", 532180, 180970, 14, 22, 10),
    Street("Ludgate Hill", "Castle Baynard", 531810, 181150, 22, 28, 35),
    Street("St Paul's Churchyard", "Castle Baynard", 532030, 181110, 16, 25, 25),
    Street("Fleet Street", "Castle Baynard", 531400, 181140, 40, 50, 45),
    Street("Newgate Street", "Farringdon Within", 531930, 181370, 16, 28, 25),
    Street("New Bridge Street", "Farringdon Within", 531680, 181030, 20, 20, 12),
    Street("Chancery Lane", "Farringdon Without", 531170, 181340, 16, 22, 15),
    Street("Holborn Viaduct", "Farringdon Without", 531640, 181510, 14, 22, 12),
    Street("West Smithfield", "Farringdon Without", 531830, 181680, 35, 18, 6),
    Street("St Martin's Le Grand", "Aldersgate", 532110, 181400, 10, 14, 8),
    Street("Aldersgate Street", "Aldersgate", 532100, 181720, 18, 20, 12),
    Street("Beech Street", "Cripplegate", 532290, 181950, 12, 12, 10),
    Street("Fore Street", "Cripplegate", 532500, 181650, 8, 12, 10),
)

STREET_NAMES: Text = np.array([street.name for street in STREETS], dtype=object)
WARDS: Text = np.array([street.ward for street in STREETS], dtype=object)
EASTINGS = np.array([street.easting for street in STREETS])
NORTHINGS = np.array([street.northing for street in STREETS])

OFFICIAL_NAMES = {"Bridge": "Bridge and Bridge Without"}
"""Wards that are also written by their longer official name."""

PREMISES = {
    "licensed": "Sample Arms",
    "retail": "Specimen Stores",
    "office": "Example House",
    "hotel": "Invented Hotel",
    "gym": "Pattern Gym",
    "transport": "Model Station",
    "dwelling": "",
    "street": "",
    "public_building": "Example Hall",
    "other": "",
}
"""Kinds of premises and what the invented ones of a kind are called; those without a name are not named."""
