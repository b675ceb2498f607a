"""References to people are replaced by a keyed hash while they are read: HMAC-SHA256 (RFC 2104), in hexadecimal.

The same reference gives the same pseudonym in every file for as long as the key stays the same. Without the key
nobody can find out who is meant, also not by trying all references. DuckDB has no HMAC, so it is made of its SHA-256.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from flows.contracts import BLANKS

_BLOCK_BYTES = 64
_INNER, _OUTER = 0x36, 0x5C


@dataclass(frozen=True, repr=False)
class Pseudonyms:
    """The two halves of a key as HMAC uses them. They are bound to statements and stand in none."""

    inner: bytes
    outer: bytes

    @classmethod
    def of(cls, key: bytes) -> Pseudonyms:
        """The halves of a key of any length."""
        block = (key if len(key) <= _BLOCK_BYTES else hashlib.sha256(key).digest()).ljust(_BLOCK_BYTES, b"\0")
        return cls(bytes(byte ^ _INNER for byte in block), bytes(byte ^ _OUTER for byte in block))

    @property
    def parameters(self) -> dict[str, bytes]:
        """What a statement with `expression` in it is to be run with."""
        return {"hmac_inner": self.inner, "hmac_outer": self.outer}

    @staticmethod
    def expression(text: str) -> str:
        """SQL for the pseudonym of a text, without the blanks around it; NULL where it is blank."""
        trimmed = f"encode(nullif(trim({text}, '{BLANKS}'), ''))"
        return f"sha256($hmac_outer::blob || unhex(sha256($hmac_inner::blob || {trimmed})))"
