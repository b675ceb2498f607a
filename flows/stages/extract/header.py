"""Which field of a record is which column of the contract, by the header."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from flows.contracts import Contract, header_key
from flows.stages.extract.arrival import Problem

_CONTROL_BUT_SPACE = re.compile(r"[\x01-\x08\x0e-\x1b\x7f-\x84\x86-\x9f]")

COLUMN_MISSING = "COLUMN_MISSING"

_DUPLICATED = Problem("HEADER_DUPLICATED", "two of its columns have the same header; give each column its own")
_WITH_NUL = Problem("HEADER_UNREADABLE", "its header holds NUL characters, as UTF-16 text does; export it as UTF-8")


@dataclass(frozen=True)
class Header:
    """`width`: fields per record. `fields`: which field (from 0) each loaded column is, in the contract's order; a
    column the file does not have is not in it. `unknown`: how many columns no contract column stands for."""

    width: int
    fields: tuple[tuple[str, int], ...]
    unknown: int


def match_header(names: Sequence[str], contract: Contract) -> Header | Problem:
    """Find the contract's columns in a header record, or say why the file is rejected.

    Spellings are compared as `header_key` normalises them; two spellings of one column are a duplicate; blank ones
    are passed over. A column may be missing when it is personal or not supplied.
    """
    if any("\0" in name for name in names):
        return _WITH_NUL
    column_of = {key: column.name for column in contract.columns for key in column.header_keys}
    keys = [header_key(_CONTROL_BUT_SPACE.sub("", name)) for name in names]
    found = {column_of.get(key, f" {key}"): place for place, key in enumerate(keys) if key}
    if sum(bool(key) for key in keys) > len(found):
        return _DUPLICATED
    missing = [c.name for c in contract.columns if c.supplied and not c.personal and c.name not in found]
    if missing:
        return Problem(
            COLUMN_MISSING,
            f"columns of the contract are missing from its header: {', '.join(missing)}; add them, or list the"
            " header that the system uses in the contract",
        )
    fields = tuple((c.name, found[c.name]) for c in contract.loaded_columns if c.name in found)
    return Header(len(names), fields, unknown=len(found.keys() - {c.name for c in contract.columns}))
