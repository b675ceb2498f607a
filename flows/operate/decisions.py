"""Decisions that a person makes on a delivery, kept in the ledger with who made them, when and why."""

from __future__ import annotations

import getpass
import os
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb

from flows import clock, ledger, warehouse
from flows.errors import UsageError
from flows.settings import Settings
from flows.stages.extract.arrival import MEMBER_SIGN

_INSTEAD = {
    "EXTRACT_CONFLICT": "another file stands for the same extract; a correction needs a later extract date, or the name"
    " of a re-supply such as _r2",
    "EXTRACT_IN_FUTURE": "leave it where it is: it is read by itself when its extract date has come",
    "COLUMN_MISSING": "have it supplied with the column; or, if this force does not supply that, say `supplied: false`"
    " of the column in the contract, and the next run judges the file again",
}
"""Reason code of a rejection → what to do, since a decision cannot help."""

_SEND_AGAIN = "its rows cannot be read as they are; have it sent again, corrected"


@dataclass(frozen=True)
class Accepted:
    """A decision to load a file that was rejected for its share of bad rows.

    `is_there` says whether the file still lies where it was found; `is_new` whether this was decided just now.
    """

    delivery_id: int
    source: str
    file_name: str
    path: str
    decided_by: str
    is_there: bool
    is_new: bool


@dataclass(frozen=True)
class _Delivery:
    delivery_id: int
    source: str
    force: str | None
    slice: str | None
    extract_date: date | None
    revision: int
    content_hash: str | None
    file_name: str
    path: str
    state: str
    reason_code: str | None
    reason: str | None


def accept(settings: Settings, which: str, reason: str) -> Accepted:
    """Decide that a rejected file is loaded by the next run: its good rows, while the bad ones go to quarantine.

    `which` is a file name, or the number of a delivery. The decision is on this content for this extract, so it holds
    wherever the file comes again. Deciding again changes nothing.

    Raises UsageError when there is no such delivery, several, or one that a decision cannot help, with what to do.
    """
    if not reason.strip():
        raise UsageError('give a reason that tells others why the file may be trusted: --reason "…"')
    if not settings.paths.warehouse.exists():
        raise UsageError(f"there is no warehouse in {settings.paths.data} yet; run: safercity run")
    with warehouse.writer_lock(settings.paths, "deliveries accept"), warehouse.connect(settings) as connection:
        ledger.create(connection)
        delivery = _the_one(_found(connection, which), which)
        _require_acceptable(connection, delivery)
        earlier = connection.execute(
            "select decided_by from ledger.decisions where delivery_id = ?", [delivery.delivery_id]
        ).fetchone()
        decided_by = earlier[0] if earlier else _user()
        file = Path(delivery.path.partition(MEMBER_SIGN)[0])
        connection.execute("begin")
        if not earlier:
            connection.execute(
                "insert into ledger.decisions values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                [
                    delivery.delivery_id,
                    delivery.source,
                    delivery.force,
                    delivery.slice,
                    delivery.extract_date,
                    delivery.revision,
                    delivery.content_hash,
                    delivery.file_name,
                    reason.strip(),
                    decided_by,
                    clock.now().replace(microsecond=0),
                ],
            )
        connection.execute("delete from ledger.files where path = ?", [str(file)])  # so that it is looked at again
        connection.execute("commit")
    return Accepted(
        delivery.delivery_id,
        delivery.source,
        delivery.file_name,
        delivery.path,
        decided_by,
        is_there=file.exists(),
        is_new=not earlier,
    )


def _found(connection: duckdb.DuckDBPyConnection, which: str) -> list[_Delivery]:
    rows = connection.execute(
        """
        select delivery_id, source, force, slice, extract_date, revision, content_hash, file_name, path, state,
          reason_code, reason
        from ledger.deliveries
        where file_name = $which or delivery_id = try_cast($which as bigint)
        order by path, delivery_id
        """,
        {"which": which},
    ).fetchall()
    return [_Delivery(*row) for row in rows]


def _the_one(found: list[_Delivery], which: str) -> _Delivery:
    """Raises UsageError unless just one of the deliveries was rejected."""
    if not found:
        raise UsageError(f"no delivery is called {which!r}; see: safercity deliveries --state rejected")
    rejected = [delivery for delivery in found if delivery.state == "rejected"]
    if not rejected:
        raise UsageError(f"{which} was not rejected: there is nothing to decide")
    if len(rejected) > 1:
        several = "; ".join(f"{delivery.delivery_id} is {delivery.path}" for delivery in rejected)
        raise UsageError(f"several rejected files are called {which!r}; give the number of the one you mean: {several}")
    return rejected[0]


def _require_acceptable(connection: duckdb.DuckDBPyConnection, delivery: _Delivery) -> None:
    """Raises UsageError for a delivery that cannot be accepted as it is, with what to do instead."""
    name, code = delivery.file_name, delivery.reason_code or ""
    if code != "TOO_MANY_BAD_ROWS":
        raise UsageError(f"{name} cannot be accepted as it is ({code}): {_INSTEAD.get(code, _SEND_AGAIN)}")
    if delivery.force is None or delivery.extract_date is None:
        raise UsageError(f"{name} cannot be accepted: nothing in it says which force it is of; have it sent again")
    standing = connection.execute(
        """
        select file_name from ledger.deliveries
        where source = $source and force = $force and slice is not distinct from $slice
          and extract_date = $extract_date and revision = $revision and state = 'accepted'
        """,
        {
            "source": delivery.source,
            "force": delivery.force,
            "slice": delivery.slice,
            "extract_date": delivery.extract_date,
            "revision": delivery.revision,
        },
    ).fetchone()
    if standing:
        raise UsageError(f"{name} cannot be accepted: meanwhile {_INSTEAD['EXTRACT_CONFLICT']}")


def _user() -> str:
    """Who decides, by the name that the system knows them by."""
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):  # a user without a name, as in a container
        return f"user {os.getuid()}"
