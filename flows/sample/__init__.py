"""Sample deliveries: invented records in the real formats, so that a new installation has data to run on."""

from datetime import date
from pathlib import Path

from flows.sample.asb import ASB_INCIDENTS
from flows.sample.crimes import write_crimes
from flows.sample.enforcement import ENFORCEMENT_ACTIONS
from flows.sample.engagement import ENGAGEMENT_ACTIVITIES
from flows.sample.health import SUPPORT_BUS_ATTENDANCES, TRIAGE_CONTACTS
from flows.sample.licensing import LICENSING_ACTIVITIES
from flows.sample.people import PERSONAL_MARKERS, TEST_HMAC_KEY
from flows.sample.police_uk import write_police_uk
from flows.sample.prevent import PREVENT_REFERRALS
from flows.sample.public_order import PUBLIC_ORDER_EVENTS
from flows.sample.roads import ROADS_ENFORCEMENT, VEHICLE_CHECKS
from flows.sample.source import write_source

__all__ = ["LAST_DAY", "PERSONAL_MARKERS", "SOURCES", "TEST_HMAC_KEY", "write_sample"]

LAST_DAY = date(2019, 9, 10)
"""The last day that the sample knows of, where no other is asked for."""

SOURCES = (
    ASB_INCIDENTS,
    ENFORCEMENT_ACTIONS,
    ENGAGEMENT_ACTIVITIES,
    LICENSING_ACTIVITIES,
    PREVENT_REFERRALS,
    PUBLIC_ORDER_EVENTS,
    ROADS_ENFORCEMENT,
    SUPPORT_BUS_ATTENDANCES,
    TRIAGE_CONTACTS,
    VEHICLE_CHECKS,
)
"""The sources of a force besides its crimes."""


def write_sample(out: Path, *, seed: int = 1, scale: float = 1.0, through: date = LAST_DAY) -> list[Path]:
    """Write the sample deliveries of every source below the landing folder `out`; return their paths, sorted.

    The same arguments always give the same bytes. `scale` multiplies the number of records. At scale 1 what two
    reports of 2017 and 2019 published about the force holds, whatever the seed; a `through` before 10 September 2019
    leaves some of it out. Nothing in the deliveries is known later than `through`. A run on them needs a key for
    references to people: TEST_HMAC_KEY will do. Raises UsageError where an argument makes no sense.
    """
    written = write_police_uk(out, seed=seed, scale=scale, through=through)
    written += write_crimes(out / "crimes", seed=seed, scale=scale, through=through)
    for source in SOURCES:
        written += write_source(source, out / source.name, seed=seed, scale=scale, through=through)
    return sorted(written)
