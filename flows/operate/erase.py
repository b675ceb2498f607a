"""Erasure of one record: every row that was delivered of it, wherever the warehouse and the releases hold one.

Three steps, each of which can be done again: its rows leave raw and quarantine in one transaction, which also keeps it
out of whatever arrives later (`take_out`); states, marts and a release are made anew; then the releases from before
go, and the warehouse is compacted, so that no free block holds it (`finish`). A run that comes between makes the
release. What is not the warehouse's own is never changed: files of the landing folder, backups. These are named.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

import duckdb

from flows import audit_log, clock, erasures, ledger, releases, warehouse
from flows.contracts import BLANKS, MALFORMED, Contract
from flows.errors import SaferCityError, UsageError
from flows.operate import compact
from flows.settings import Paths, Settings
from flows.stages.load import prove_the_sums


@dataclass(frozen=True)
class Erased:
    """What was taken out: rows of raw and of quarantine, now or by an attempt before that did not come to its end.

    `files` are the files of the landing folder that held the record when they were read; `malformed` counts the lines
    of the source in quarantine that nobody can tell the record of.
    """

    source: str
    mark: str
    from_raw: int
    from_quarantine: int
    files: list[str]
    malformed: int


@dataclass(frozen=True)
class Finished:
    """The releases that went, what compaction did, and folders of backups from before that are still there."""

    releases: list[str]
    compacted: compact.Compacted
    backups: list[Path]


def require_possible(settings: Settings, contracts: dict[str, Contract], source: str, key: str, reason: str) -> str:
    """The mark of the record.

    Raises UsageError where the source has no contract or no key of one column, no key for marks is set, or the reason
    names the record.
    """
    if source not in contracts:
        raise UsageError(f"no contract for {source}; the sources are: {', '.join(contracts)}")
    keys = [column for column in contracts[source].columns if column.name in contracts[source].key]
    if len(keys) != 1 or keys[0].pseudonymised:
        raise UsageError(f"records of {source} are not told apart by one column that is loaded as it is")
    if not key.strip(BLANKS):
        raise UsageError("give the key of the record")
    if key.strip(BLANKS).casefold() in reason.casefold():
        raise UsageError("the reason is kept, so it must not name the record")
    if settings.hmac_key_bytes is None:
        raise UsageError(
            "an erased record is kept out by a keyed hash, and there is no key: set SAFERCITY_HMAC_KEY, and keep it set"
            " for every run from now on"
        )
    return erasures.mark(source, key, settings.hmac_key_bytes)


def take_out(settings: Settings, contract: Contract, key: str) -> Erased:
    """Take every row of a record out of raw and quarantine, in one transaction. The next build makes all states anew.

    Raises UsageError when the warehouse holds no row of it and none was ever erased, or when records were erased with
    another key; SaferCityError, with nothing changed, when the sums do not hold.
    """
    paths = settings.paths
    assert settings.hmac_key_bytes is not None
    key_mark = erasures.key_mark(settings.hmac_key_bytes)
    mark = erasures.mark(contract.source, key, settings.hmac_key_bytes)
    if not paths.warehouse.exists():
        raise UsageError(f"there is no warehouse in {paths.warehouse_dir}")
    with warehouse.writer_lock(paths, "erase"):
        warehouse.prepare(settings, {contract.source: contract})
        with warehouse.connect(settings) as connection:
            if connection.execute("from ledger.erasures where key_mark <> ? limit 1", [key_mark]).fetchone():
                raise UsageError(
                    "SAFERCITY_HMAC_KEY is not the key with which records were erased before; set that one"
                )
            connection.execute("begin")
            try:
                from_raw, from_quarantine = _take_out(contract, connection, key.strip(BLANKS), mark)
                _note(connection, contract.source, mark, key_mark, is_new=bool(from_raw + from_quarantine))
                prove_the_sums(contract, connection)
                connection.execute("commit")
            except duckdb.Error as error:
                connection.execute("rollback")
                # The text of the error may quote a value, so only its kind travels.
                raise SaferCityError(f"erasing failed ({type(error).__name__}); nothing was changed") from None
            except BaseException:
                connection.execute("rollback")
                raise
            finally:
                connection.execute("drop table if exists temp.judged; drop table if exists temp.gone")
            return Erased(
                contract.source,
                mark,
                from_raw,
                from_quarantine,
                _files(connection, mark),
                _malformed(connection, contract.source),
            )


def finish(settings: Settings, erased: Erased) -> Finished:
    """Remove the releases that may still hold the record, and compact the warehouse.

    Raises SaferCityError when no release has been made since the record was taken out.
    """
    paths = settings.paths
    with warehouse.writer_lock(paths, "erase"):
        with warehouse.connect(settings, read_only=True) as connection:
            digest = ledger.deliveries_digest(connection)
            is_built = connection.execute("from ledger.states").fetchone() is not None
        published = releases.current(paths)
        # Erasing changes the digest, so no release from before has this one.
        if not is_built or published is None or published.deliveries_digest != digest:
            raise SaferCityError("no release has been made since the record was taken out; erase it again to go on")
        gone = [release for release in releases.on_disk(paths) if release != published]
        for release in gone:
            shutil.rmtree(paths.releases / release.release_id)
        for left in (paths.scratch, paths.spill, paths.building):
            shutil.rmtree(left, ignore_errors=True)
        compacted = compact.compact(settings)
        with warehouse.connect(settings) as connection:
            connection.execute(
                "update ledger.erasures set finished_at = ? where (source, mark) = (?, ?)",
                [clock.now(), erased.source, erased.mark],
            )
        return Finished([release.release_id for release in gone], compacted, known_backups(paths))


def known_backups(paths: Paths) -> list[Path]:
    """The folders of backups that the audit log knows of and that can be seen from here."""
    folders = {
        Path(line.what.removeprefix("backup to "))
        for line in audit_log.read(paths)
        if line.act == "disclose" and line.what.startswith("backup to ")
    }
    return sorted(folder for folder in folders if folder.exists())


def _take_out(contract: Contract, connection: duckdb.DuckDBPyConnection, key: str, mark: str) -> tuple[int, int]:
    """Rows taken out of raw and of quarantine. Makes the temp table `judged`, the deliveries that had them."""
    [column] = contract.key
    connection.execute(
        f"""
        create or replace temp table gone as
        select delivery_id, record_no, false as was_bad, null::varchar[] as rules
        from raw.{contract.source}
        where {column} = $key
        union all
        select delivery_id, record_no, true, rules
        from quarantine.rows
        where source = $source and trim(record['{column}'], '{BLANKS}') = $key
        """,
        {"key": key, "source": contract.source},
    )
    connection.execute("create or replace temp table judged as select distinct delivery_id from gone")
    for table in (f"raw.{contract.source}", "quarantine.rows", "quarantine.replayed"):
        connection.execute(
            f"""
            delete from {table} as held using gone
            where held.delivery_id = gone.delivery_id and held.record_no = gone.record_no
            """
        )
    connection.execute(
        """
        update ledger.deliveries as deliveries
        set received = received - lost.row_count, accepted = accepted - (lost.row_count - lost.bad_count),
          quarantined = quarantined - lost.bad_count
        from (
          select delivery_id, count(*) as row_count, count_if(was_bad) as bad_count from gone group by delivery_id
        ) as lost
        where deliveries.delivery_id = lost.delivery_id
        """
    )
    # Of a critical rule the failed rows are those in quarantine, always.
    connection.execute(
        """
        update ledger.rule_results as results
        set rows_failed = rows_failed - lost.row_count
        from (
          select delivery_id, rule, count(*) as row_count
          from (select delivery_id, unnest(rules) as rule from gone)
          group by all
        ) as lost
        where results.delivery_id = lost.delivery_id and results.rule = lost.rule and results.severity = 'critical'
        """
    )
    connection.execute(
        "insert into ledger.erased_rows select delivery_id, $mark, count(*) from gone group by all", {"mark": mark}
    )
    row = connection.execute("select count(*) filter (not was_bad), count(*) filter (was_bad) from gone").fetchone()
    assert row is not None
    return row


def _note(connection: duckdb.DuckDBPyConnection, source: str, mark: str, key_mark: str, *, is_new: bool) -> None:
    """Write the record's mark, and have all states made anew; where nothing was found it must have been erased before.

    Nothing is made anew where that has been done since.
    """
    known = connection.execute(
        "select finished_at from ledger.erasures where (source, mark) = (?, ?)", [source, mark]
    ).fetchone()
    if not is_new:
        if known is None:
            raise UsageError(
                f"the warehouse holds no row of {source} with this key. It is compared as it stands in the column,"
                " upper and lower case included"
            )
        return
    connection.execute("delete from ledger.erasures where (source, mark) = (?, ?)", [source, mark])
    connection.execute("insert into ledger.erasures values (?, ?, ?, ?, null)", [source, mark, key_mark, clock.now()])
    connection.execute("delete from ledger.states")


def _files(connection: duckdb.DuckDBPyConnection, mark: str) -> list[str]:
    rows = connection.execute(
        "select distinct path from ledger.deliveries semi join ledger.erased_rows as erased"
        " on erased.delivery_id = deliveries.delivery_id and erased.mark = ? order by path",
        [mark],
    ).fetchall()
    return [path for (path,) in rows]


def _malformed(connection: duckdb.DuckDBPyConnection, source: str) -> int:
    row = connection.execute(
        "select count(*) from quarantine.rows where source = ? and list_contains(rules, ?)", [source, MALFORMED]
    ).fetchone()
    assert row is not None
    return row[0]
