"""What it takes to write the extracts of a source of simple records."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from flows.contracts import CONTRACTS_DIR, load_contract
from flows.sample.extracts import Extractor, due_days, write
from flows.sample.mistakes import Mistake, mistakes_against
from flows.sample.records import SimpleRecords


@dataclass(frozen=True)
class Source:
    """A source of a force's own. `records` makes them from seed, scale, and the day of the last extract.

    `bad` rows in a thousand have a mistake: one of `mistakes`, or one that the contract's rules are broken by. Small
    sources have more, so that every rule is broken somewhere.
    """

    name: str
    first_extract: date
    records: Callable[[int, float, date], SimpleRecords]
    bad: int
    mistakes: tuple[Mistake, ...] = ()
    suffix: str = ".csv"


def write_source(source: Source, out: Path, *, seed: int, scale: float, through: date) -> list[Path]:
    """Write the extracts of a source into `out` and return their paths, in order; none is after `through`.

    The first extract holds all that is known then, the others what is new or has changed since the one before. The
    columns are those of the contract, in its order.
    """
    extracts = due_days(source.first_extract, through)
    if not extracts:
        return []
    contract = load_contract(CONTRACTS_DIR / f"{source.name}.yml")
    mistakes = [*source.mistakes, *mistakes_against(contract)]
    columns = [column.name for column in contract.columns]
    extractor = Extractor(source.records(seed, scale, extracts[-1]), columns, mistakes, source.bad)
    out.mkdir(parents=True, exist_ok=True)
    return [
        write(out / f"{source.name}_{day}{source.suffix}", extractor.extract(before, day))
        for before, day in zip([None, *extracts[:-1]], extracts, strict=True)
    ]
