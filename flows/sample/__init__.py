"""Sample deliveries: invented records in the real formats, so that a new installation has data to run on."""

from datetime import date
from pathlib import Path

from flows.sample.police_uk import write_police_uk

__all__ = ["write_sample"]


def write_sample(out: Path, *, seed: int = 1, scale: float = 1.0, through: date = date(2019, 7, 31)) -> list[Path]:
    """Write the sample deliveries of every source below the landing folder `out`; return their paths, sorted.

    The same arguments always give the same bytes. `scale` multiplies the number of records; nothing in the
    deliveries is known later than `through`. Raises UsageError where an argument makes no sense.
    """
    return sorted(write_police_uk(out, seed=seed, scale=scale, through=through))
