"""The marks by which an erased record is kept out: a keyed hash of its key, HMAC-SHA256.

Crime numbers can be guessed one after the other, so a hash without a key would tell them. The key is the one for
references to people; it stands in no file, and without it nobody can say which records were erased.
"""

from __future__ import annotations

import hashlib
import hmac

import duckdb

from flows.contracts import BLANKS, Contract
from flows.errors import UsageError
from flows.stages.extract.pseudonym import Pseudonyms

_NOTHING_SECRET = b"records that were erased"


def mark(source: str, key: str, hmac_key: bytes) -> str:
    """The mark of a record."""
    return hmac.new(hmac_key, f"{source}|{key.strip(BLANKS)}".encode(), hashlib.sha256).hexdigest()


def key_mark(hmac_key: bytes) -> str:
    """What tells whether another key is this one."""
    return hmac.new(hmac_key, _NOTHING_SECRET, hashlib.sha256).hexdigest()


def unfinished(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """The source of each record whose erasure did not come to its end."""
    try:
        rows = connection.execute("select source from ledger.erasures where finished_at is null order by source")
    except duckdb.CatalogException:  # of a program from before there were any
        return []
    return [source for (source,) in rows.fetchall()]


def find_erased(contract: Contract, connection: duckdb.DuckDBPyConnection, hmac_key: bytes | None) -> None:
    """Make the temp table `erased` (row_id, file_id, mark): the rows of `scratch.typed` whose record was erased.

    Raises UsageError where records of the source were erased and the key is not the one that they were marked with.
    """
    connection.execute("create or replace temp table erased (row_id bigint, file_id integer, mark varchar)")
    known = connection.execute(
        "select distinct key_mark from ledger.erasures where source = ?", [contract.source]
    ).fetchall()
    if not known:
        return
    if hmac_key is None or known != [(key_mark(hmac_key),)]:
        raise UsageError(
            f"records of {contract.source} were erased, and to keep them out takes the key that was set then:"
            " set SAFERCITY_HMAC_KEY to it"
        )
    [key] = contract.key
    connection.execute(
        f"""
        insert into erased
        with marked as (
          select row_id, file_id, {Pseudonyms.expression(f"'{contract.source}|' || {key}")} as mark
          from scratch.typed
        )
        from marked
        where mark in (select mark from ledger.erasures where source = $source)
        """,
        {"source": contract.source, **Pseudonyms.of(hmac_key).parameters},
    )
