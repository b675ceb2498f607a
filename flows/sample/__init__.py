"""Sample deliveries: invented records in the real formats, so that a new installation has data to run on."""

from datetime import date
from pathlib import Path

from flows.sample.crimes import write_crimes
from flows.sample.people import PERSONAL_MARKERS
from flows.sample.police_uk import write_police_uk

__all__ = ["PERSONAL_MARKERS", "write_sample"]


def write_sample(out: Path, *, seed: int = 1, scale: float = 1.0, through: date = date(2019, 8, 7)) -> list[Path]:
    """Write the sample deliveries of every source below the landing folder `out`; return their paths, sorted.

    The same arguments always give the same bytes. `scale` multiplies the number of records; nothing in the
    deliveries is known later than `through`. Raises UsageError where an argument makes no sense.
    """
    police_uk = write_police_uk(out, seed=seed, scale=scale, through=through)
    crimes = write_crimes(out / "crimes", seed=seed, scale=scale, through=through)
    return sorted([*police_uk, *crimes])
