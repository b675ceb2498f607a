"""Chance without a stream: every draw is a hash of the seed, the thing it is for, and its purpose.

Nothing depends on the order of draws, so a record stays the same when others are added, when a purpose is added, or
when only some of the records are looked at. All arithmetic is in whole numbers, so every platform draws the same.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Integers = NDArray[np.signedinteger[Any]]
Flags = NDArray[np.bool_]

PER_MILLE = 1000
_SLOTS = 1 << 16


class Choice:
    """Picks one of several things, each as often as its weight says; there can be several rows of weights.

    Weights are whole numbers of 0 or more. A share is kept to within one 65,536th.
    """

    def __init__(self, *weights: Sequence[int]) -> None:
        bounds = np.cumsum(np.array(weights, dtype=np.int64), axis=1)
        slots = np.arange(_SLOTS, dtype=np.int64)
        self._picks = np.stack(
            [np.searchsorted(row * _SLOTS // row[-1], slots, side="right").astype(np.int16) for row in bounds]
        )

    def pick(self, bits: NDArray[np.uint64], row: Integers | int = 0) -> Integers:
        """The position of the thing picked, by a row of weights for each."""
        return self._picks[row, bits >> np.uint64(48)]


class Draws:
    """Draws for a number of things that are told apart by their keys, one result for each."""

    def __init__(self, seed: int, keys: Integers) -> None:
        self._seed = seed
        self._hashes = _mixed(keys.astype(np.uint64))

    def __len__(self) -> int:
        return len(self._hashes)

    def at(self, positions: Integers | Flags) -> Draws:
        """The draws of some of the things, which are the same as among all of them."""
        some = Draws(self._seed, np.empty(0, dtype=np.int64))
        some._hashes = self._hashes[positions]
        return some

    def followed_by(self, others: Draws) -> Draws:
        """The draws of these things and of others after them, with the same seed."""
        both = Draws(self._seed, np.empty(0, dtype=np.int64))
        both._hashes = np.concatenate([self._hashes, others._hashes])
        return both

    def others(self, keys: Integers) -> Draws:
        """The draws of other things, by their keys, with the same seed."""
        return Draws(self._seed, keys)

    def bits(self, purpose: str) -> NDArray[np.uint64]:
        """64 random bits for a purpose."""
        salt = hashlib.blake2b(f"{self._seed} {purpose}".encode(), digest_size=8).digest()
        return _mixed(self._hashes ^ np.uint64(int.from_bytes(salt, "big")))

    def below(self, purpose: str, limit: Integers | int) -> Integers:
        """A whole number from 0 to the limit, which it does not reach; 0 where the limit is 0."""
        return ((self.bits(purpose) >> np.uint64(32)) * np.asarray(limit, np.uint64) >> np.uint64(32)).astype(np.int64)

    def happens(self, purpose: str, per_mille: Integers | int) -> Flags:
        """Whether a thing happens that does so this many times in a thousand."""
        return self.below(purpose, PER_MILLE * 1000) < np.asarray(per_mille) * 1000

    def choose(self, purpose: str, choice: Choice, row: Integers | int = 0) -> Integers:
        """The position of the thing chosen, by a row of weights for each."""
        return choice.pick(self.bits(purpose), row)


def _mixed(bits: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """The bits stirred so that a change of any of them may change all: the finaliser of the splitmix64 generator."""
    bits = bits + np.uint64(0x9E3779B97F4A7C15)
    bits = (bits ^ (bits >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    bits = (bits ^ (bits >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return bits ^ (bits >> np.uint64(31))
