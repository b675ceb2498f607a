"""How the header of a delivery differs from the contract, and the line that would make the contract right.

A header is shown only where it surely is one: the file has every column it must have, and the text looks like the name
of a column. In a file that lacks a column the first line may be data, so of its headers only those are shown that are
near the name of a column it lacks.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal

import yaml

from flows.contracts import Column, Contract, header_key

NEAR = 0.75
"""Two names that are so alike mean the same, wherever the column stands."""
NEAR_IN_PLACE = 0.6
"""And so alike where the column stands beside the same neighbour as in the contract."""
MOST_SHOWN = 50

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9 _\-/().]{0,59}")


@dataclass(frozen=True)
class HeaderDrift:
    """One difference. `not_supplied`: a column that the contract lets the file do without.

    `column` is the contract's, None for a new one; `found` the header, or its length; `suggestion` YAML for the
    contract, None where nothing is to be said there.
    """

    kind: Literal["new", "missing", "renamed", "not_supplied"]
    column: str | None
    found: str | None
    suggestion: str | None


def header_drift(names: Sequence[str], contract: Contract) -> tuple[HeaderDrift, ...]:
    """The differences between a header record and the contract; the order of columns is none."""
    column_of = {key: column for column in contract.columns for key in column.header_keys}
    keys = [header_key(name) for name in names]
    at = [column_of.get(key) for key in keys]
    missing = [column for column in contract.columns if column not in at]
    unknown = [place for place, key in enumerate(keys) if key and at[place] is None]
    if not missing and not unknown:
        return ()
    renamed = _renamed(keys, at, missing, unknown, contract)
    found = [
        HeaderDrift("renamed", column.name, shown(names[place]), _with_header(column, names[place].strip()))
        for place, column in renamed.items()
    ]
    must_have = [column for column in missing if column.supplied and not column.personal]
    found += [
        HeaderDrift("missing", column.name, None, f"- name: {column.name}\n  supplied: false")
        if column in must_have
        else HeaderDrift("not_supplied", column.name, None, None)
        for column in missing
        if column not in renamed.values()
    ]
    if not must_have:
        found += [
            HeaderDrift("new", None, shown(names[place]), _new_column(names[place]))
            for place in unknown
            if place not in renamed
        ]
    return tuple(found[:MOST_SHOWN])


def shown(text: str) -> str:
    """A text that looks like the name of a column as it is, any other as its length."""
    text = text.strip()
    return text if _NAME.fullmatch(text) else f"‹{len(text)} characters›"


def _renamed(
    keys: list[str], at: list[Column | None], missing: list[Column], unknown: list[int], contract: Contract
) -> dict[int, Column]:
    """Place of an unknown header → the missing column that it seems to be; the most alike pairs first."""
    pairs: list[tuple[float, int, Column]] = []
    for column in missing:
        order = contract.columns.index(column)
        neighbours = (contract.columns[order - 1] if order else None, (*contract.columns, None)[order + 1])
        for place in unknown:
            beside = (at[place - 1] if place else None, (*at, None)[place + 1])
            is_in_place = any(one is not None and one is other for one, other in zip(neighbours, beside, strict=True))
            alike = max(SequenceMatcher(None, keys[place][:100], key).ratio() for key in column.header_keys)
            if alike >= (NEAR_IN_PLACE if is_in_place else NEAR):
                pairs.append((alike, place, column))
    renamed: dict[int, Column] = {}
    for _, place, column in sorted(pairs, key=lambda pair: (-pair[0], pair[1], pair[2].name)):
        if place not in renamed and column not in renamed.values():
            renamed[place] = column
    return renamed


def _with_header(column: Column, header: str) -> str | None:
    """The headers of a column with one more; None where the header can't be shown."""
    if not _NAME.fullmatch(header):
        return None
    return f"- name: {column.name}\n  headers: {_flow([*column.headers, header])}"


def _new_column(header: str) -> str | None:
    """A column as the contract would name it: personal, as an unknown one is taken to be, until a person decides."""
    header = header.strip()
    if not _NAME.fullmatch(header):
        return None
    name = re.sub(r"[^a-z0-9]+", "_", header.lower()).strip("_")
    name = name if name[:1].isalpha() else f"column_{name}"
    return (
        f"- name: {name}\n  headers: {_flow([header])}\n  type: text\n  personal: true\n"
        "  description: Say what it holds; without `personal` it is loaded"
    )


def _flow(values: list[str]) -> str:
    return yaml.safe_dump(values, default_flow_style=True, width=10_000).strip()
