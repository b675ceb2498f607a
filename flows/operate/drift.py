"""Which deliveries differ in shape from their contracts as these are now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from flows.contracts import Contract, header_key
from flows.operate import read
from flows.runs import chosen_sources
from flows.settings import Paths


@dataclass(frozen=True)
class Drift:
    """One row of marts.drift; see there."""

    source: str
    force: str | None
    slice: str | None
    file: str
    extract_date: date | None
    state: str
    kind: str
    column_name: str | None
    found: str | None
    rows: int | None
    record_no: int | None
    is_new: bool
    suggestion: str | None


def find(
    paths: Paths, contracts: Mapping[str, Contract], *, sources: list[str] | None = None, everything: bool = False
) -> list[Drift]:
    """The open drift, newest first: of the newest delivery of each source and force, and not in the contract yet.

    With `everything` that of all deliveries. Reads the published release, so it works at any moment.
    Raises UsageError for a source without a contract, and when nothing has been published.
    """
    chosen = chosen_sources(dict(contracts), sources)
    with read.published(paths) as connection:
        rows = connection.execute(
            """
            with newest as (
              select *
              from marts.deliveries as deliveries
              where list_contains($sources, source)
                -- A rejected file may not say whose it is: it is open until the source's next extract.
                and ($everything or force is not null or not exists (
                  from marts.deliveries as later
                  where later.source = deliveries.source
                    and later.state = 'loaded'
                    and later.extract_date > deliveries.extract_date
                ))
              qualify $everything or rank() over (
                partition by source, force order by extract_date desc nulls last, slice desc nulls last, revision desc
              ) = 1
            )
            select source, force, slice, file, extract_date, drift.state, kind, column_name, found, drift.rows,
              record_no, is_new, suggestion
            from marts.drift as drift
            semi join newest on newest.source = drift.source
              and newest.force is not distinct from drift.force
              and newest.slice is not distinct from drift.slice
              and newest.extract_date is not distinct from drift.extract_date
              and newest.revision = drift.revision
              and newest.file_name = drift.file
            order by extract_date desc, source, force, slice desc, file, kind, column_name, found
            """,
            {"sources": chosen, "everything": everything},
        ).fetchall()
    found = [Drift(*row) for row in rows]
    return found if everything else [item for item in found if not _is_settled(item, contracts[item.source])]


def _is_settled(drift: Drift, contract: Contract) -> bool:
    """Whether the contract says by now what the delivery had, or has dropped what it lacked."""
    column = next((column for column in contract.columns if column.name == drift.column_name), None)
    known = {key for known in contract.columns for key in known.header_keys}
    match drift.kind:
        case "new":
            return drift.found is not None and header_key(drift.found) in known
        case "renamed":
            return column is None or (drift.found is not None and header_key(drift.found) in column.header_keys)
        case "missing":
            return column is None or (not drift.is_new and not column.supplied)
        case "retyped":
            return column is None or column.type == drift.found
        case _:
            return column is None or drift.found in contract.values_of(column.name)
