"""Invented people. Every value about one holds a marker, so that a scan of what was written can prove their absence."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from flows.sample.draws import Draws

Text = NDArray[np.object_]

MARK = "Zz-Sample"
"""In every name and every text about a person, and nowhere else in the sample."""

BIRTH_YEAR = 1801
"""Everybody was born in this year."""

PERSONAL_MARKERS = (MARK, *(f"{BIRTH_YEAR}-{month:02d}-" for month in range(1, 13)))
"""One of these is in every personal value of the sample, and in no other value but those of bad rows."""

NAMES: Text = np.array([f"{MARK} Person {number:04d}" for number in range(10_000)], dtype=object)
BIRTH_DATES: Text = np.array(
    [f"{BIRTH_YEAR}-{month:02d}-{day:02d}" for month in range(1, 13) for day in range(1, 29)], dtype=object
)
SUMMARIES: Text = np.array(
    [
        f'"{MARK} {kind} {number:03d}, in the words of ""{MARK} Person"""'
        for kind in ("account", "note")
        for number in range(500)
    ],
    dtype=object,
)
"""Quoted as CSV wants it: they hold commas and quotes."""

PHONES: Text = np.array([f"{MARK} 020 7946 {number:04d}" for number in range(1000)], dtype=object)
"""Numbers of the range that Ofcom keeps for drama."""
NHS_NUMBERS: Text = np.array([f"{MARK} 999 000 {number:04d}" for number in range(10_000)], dtype=object)
"""Numbers that begin with 999 are never given to patients."""
REGISTRATIONS: Text = np.array([f"{MARK} QZ00 {number:04d}" for number in range(10_000)], dtype=object)
AGES: Text = np.array([f"{MARK} {age}" for age in range(12, 70)], dtype=object)
SCHOOLS: Text = np.array([f"{MARK} School {number:02d}" for number in range(30)], dtype=object)

TEST_HMAC_KEY = "published-test-key-of-the-safer-city-sample-which-protects-nobody"
"""The key that references to people in the sample are replaced by: everybody knows it, so it is for nothing else."""


def one_of(values: Text, draws: Draws, what: str) -> Text:
    """One of the values for each thing."""
    return values[draws.below(what, len(values))]
