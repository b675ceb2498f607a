"""Load: from a validated scratch file into `raw`, `quarantine` and the ledger, in one transaction per source.

What becomes of each file is decided here. A file is rejected when it could not be read, when it claims an extract
that another delivery already stands for, or when too large a share of its rows breaks a critical rule. Of an accepted
file every row goes to `raw.<source>` or to quarantine, and the transaction is rolled back unless the sums prove it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb

from flows.contracts import MALFORMED, Column, Contract
from flows.errors import SaferCityError
from flows.warehouse import quoted


@dataclass(frozen=True)
class LoadedFile:
    """What became of one file. Counts are rows; `received` and `rejected` are None when the rows could not be read."""

    source: str
    force: str | None
    slice: str | None
    file_name: str
    path: str
    extract_date: date | None
    state: str
    received: int | None
    accepted: int
    quarantined: int
    rejected: int | None
    reason_code: str | None
    reason: str | None


@dataclass(frozen=True)
class FailedRule:
    """A rule that rows of this load broke, over all its files."""

    source: str
    code: str
    severity: str
    message: str
    owner: str
    files: int
    rows: int


@dataclass(frozen=True)
class Loaded:
    """What one source's load did."""

    source: str
    files: list[LoadedFile]
    failed_rules: list[FailedRule]


@dataclass(frozen=True)
class RejectedArchive:
    """An archive that cannot be trusted as a whole, so that nobody knows what it holds."""

    path: str
    file_name: str
    content_hash: str
    reason_code: str
    reason: str


ARCHIVE_SOURCE = "unknown"
"""What the ledger calls the source of an archive that was rejected as a whole."""

ONLY_LENGTH = "‹[0-9]+ characters›"
"""What stands in quarantine for a value of which only the length is kept, as a regular expression."""

_DIGITS = "[0-9TZ:/., \u00a0+-]*"


def reject_archives(
    archives: list[RejectedArchive], connection: duckdb.DuckDBPyConnection, run_id: str, started_at: str
) -> Loaded:
    """Write rejected archives to the ledger, each once; only those that were not there yet are among the files."""
    new = []
    for archive in archives:
        inserted = connection.execute(
            """
            insert into ledger.deliveries by name
            select
              (md5_number_lower(concat_ws('|', $source, $file_name, $content)) >> 1)::bigint as delivery_id,
              $source as source, $file_name as file_name, $path as path, $content as content_hash,
              1 as revision, '' as contract, $run_id as run_id, $started_at::timestamp as loaded_at,
              0 as accepted, 0 as quarantined, 'rejected' as state, $code as reason_code, $reason as reason
            where not exists (
              from ledger.deliveries where source = $source and file_name = $file_name and content_hash = $content
            )
            """,
            {
                "source": ARCHIVE_SOURCE,
                "file_name": archive.file_name,
                "path": archive.path,
                "content": archive.content_hash,
                "run_id": run_id,
                "started_at": started_at,
                "code": archive.reason_code,
                "reason": archive.reason,
            },
        ).fetchone()
        if inserted and inserted[0]:
            new.append(archive)
    files = [
        LoadedFile(
            ARCHIVE_SOURCE, None, None, archive.file_name, archive.path, None, "rejected",
            None, 0, 0, None, archive.reason_code, archive.reason,
        )
        for archive in new
    ]  # fmt: skip
    return Loaded(ARCHIVE_SOURCE, files, [])


def load(
    contract: Contract, connection: duckdb.DuckDBPyConnection, scratch: Path, run_id: str, started_at: str
) -> Loaded:
    """Load one source's scratch file in one transaction.

    Raises SaferCityError, and loads nothing, when the rows accepted, quarantined and rejected do not add up to those
    received.
    """
    connection.execute(f"attach {quoted(scratch)} as scratch (read_only)")
    try:
        connection.execute("begin")
        try:
            _judge(contract, connection)
            _record_deliveries(contract, connection, run_id, started_at)
            fill_raw(contract, connection, "anti join bad_rows on bad_rows.row_id = typed.row_id")
            _fill_quarantine(contract, connection, run_id, started_at)
            _record_rule_results(connection, run_id)
            _record_drift(connection)
            prove_the_sums(contract, connection)
            loaded = Loaded(contract.source, _files(connection), _failed_rules(contract, connection))
            connection.execute("commit")
        except duckdb.Error as error:
            connection.execute("rollback")
            # The text of the error may quote a value, so only its kind travels.
            raise SaferCityError(
                f"{contract.source}: loading failed ({type(error).__name__}); nothing of it was loaded"
            ) from None
        except BaseException:
            connection.execute("rollback")
            raise
        return loaded
    finally:
        connection.execute(
            "drop table if exists temp.judged; drop table if exists temp.bad_rows;"
            " drop table if exists temp.critical_rules; detach scratch"
        )


def find_bad_rows(connection: duckdb.DuckDBPyConnection) -> None:
    """Make the temp tables `critical_rules` (each with a place from 0) and `bad_rows`: row_id and the rules it breaks.

    The rules of a row are the bits of one number, so that memory stays bounded where every row breaks every rule.
    """
    connection.execute(
        """
        create or replace temp table critical_rules as
        select code, any_value(message) as message, (row_number() over (order by code) - 1)::integer as place
        from scratch.rule_results
        where severity = 'critical'
        group by code
        """
    )
    connection.execute(
        """
        create or replace temp table bad_rows as
        select failures.row_id, bit_or(1::hugeint << rule.place) as broken
        from scratch.failures as failures
        inner join critical_rules as rule using (code)
        group by failures.row_id
        """
    )


def reasons(connection: duckdb.DuckDBPyConnection) -> str:
    """SQL for two columns of a row of `bad_rows`: `rules`, the codes that it breaks in their order, and `messages`.

    The lists that they are picked from are written out: joined in as a row, they would be built for every row.
    """
    found = connection.execute("select code, message from critical_rules order by place").fetchall()
    return ", ".join(
        f"list_filter([{', '.join(quoted(text) for text in texts)}]::varchar[],"
        f" lambda text, place: ((bad_rows.broken >> (place - 1)::integer) & 1) = 1) as {name}"
        for name, texts in zip(("rules", "messages"), zip(*found, strict=True) if found else ((), ()), strict=True)
    )


def _judge(contract: Contract, connection: duckdb.DuckDBPyConnection) -> None:
    """Temp tables: `bad_rows` (rows that break a critical rule) and `judged` (one row per file with its fate)."""
    find_bad_rows(connection)
    connection.execute(
        """
        create or replace temp table judged as
        with quarantined as (
          select file_id, count(*) as row_count
          from (
            select typed.file_id from scratch.typed as typed semi join bad_rows using (row_id)
            union all
            select file_id from scratch.malformed
          )
          group by file_id
        ),
        counted as (
          select
            files.*,
            coalesce(quarantined.row_count, 0) as bad_count,
            concat_ws(
              '|', $source, files.force, files.slice, files.extract_date, files.revision, files.content_hash
            ) as identity,
            -- Files whose force or day is not known are told apart by their names: two empty files are two rejections.
            files.force is null or files.extract_date is null as is_told_apart_by_name,
            (md5_number_lower(concat_ws('|', identity, if(is_told_apart_by_name, file_name, null))) >> 1)::bigint
              as delivery_id
          from scratch.files as files
          left join quarantined using (file_id)
        ),
        explained as (
          select
            *,
            case
              when problem_code is not null then problem_code
              when bad_count >= $min_rows and bad_count > received * $max_share
                and delivery_id not in (select delivery_id from ledger.decisions)
                then 'TOO_MANY_BAD_ROWS'
            end as own_reason
          from counted
        ),
        -- Of files that claim the same extract with other content the first loaded stands; in one run, the first path.
        claims as (
          select
            file_id,
            row_number() over (
              partition by force, slice, extract_date, revision order by file_id
            ) as place
          from explained
          where own_reason is null
        ),
        decided as (
          select
            explained.*,
            case
              when explained.own_reason is not null then explained.own_reason
              when claims.place > 1 or exists (
                from ledger.deliveries as earlier
                where earlier.source = $source
                  and earlier.force is not distinct from explained.force
                  and earlier.slice is not distinct from explained.slice
                  and earlier.extract_date = explained.extract_date
                  and earlier.revision = explained.revision
                  and earlier.state = 'accepted'
              ) then 'EXTRACT_CONFLICT'
            end as reason_code
          from explained
          left join claims using (file_id)
        )
        from decided
        """,
        {
            "source": contract.source,
            "min_rows": contract.delivery.min_quarantined_rows,
            "max_share": contract.delivery.max_quarantined_share,
        },
    )


def _record_deliveries(contract: Contract, connection: duckdb.DuckDBPyConnection, run_id: str, started_at: str) -> None:
    # A file that was rejected under an earlier contract and is judged again replaces its old entry.
    again = """
        select earlier.delivery_id
        from ledger.deliveries as earlier
        semi join judged on
          judged.content_hash = earlier.content_hash
          and (
            not (earlier.force is null or earlier.extract_date is null) or judged.file_name = earlier.file_name
          )
          and judged.slice is not distinct from earlier.slice
          and judged.extract_date is not distinct from earlier.extract_date
          and judged.revision = earlier.revision
          and (judged.force = earlier.force or judged.force is null or earlier.force is null)
        where earlier.source = $source and earlier.state = 'rejected'
    """
    connection.execute(f"delete from ledger.rule_results where delivery_id in ({again})", {"source": contract.source})
    connection.execute(f"delete from ledger.drift where delivery_id in ({again})", {"source": contract.source})
    connection.execute(f"delete from ledger.deliveries where delivery_id in ({again})", {"source": contract.source})
    connection.execute(
        """
        insert into ledger.deliveries by name
        select
          delivery_id,
          $source as source,
          force,
          slice,
          file_name,
          concat_ws(' › ', path, member) as path,
          content_hash,
          extract_date,
          revision,
          $contract as contract,
          $run_id as run_id,
          $started_at::timestamp as loaded_at,
          received,
          if(reason_code is null, received - bad_count, 0) as accepted,
          if(reason_code is null, bad_count, 0) as quarantined,
          if(reason_code is null, 0, received) as rejected,
          if(reason_code is null, 'accepted', 'rejected') as state,
          reason_code,
          case reason_code
            when 'TOO_MANY_BAD_ROWS' then format(
              '{} of {} rows break a critical rule, more than {} %: the file as a whole cannot be trusted',
              bad_count, received, $max_percent
            )
            when 'EXTRACT_CONFLICT' then
              'another file with other content stands for the same extract; a correction needs a later extract date'
            else problem_message
          end as reason
        from judged
        """,
        {
            "source": contract.source,
            "contract": contract.fingerprint,
            "run_id": run_id,
            "started_at": started_at,
            "max_percent": f"{contract.delivery.max_quarantined_share * 100:g}",
        },
    )
    connection.execute(
        "insert into ledger.pending select $source, delivery_id from judged where reason_code is null",
        {"source": contract.source},
    )


def fill_raw(contract: Contract, connection: duckdb.DuckDBPyConnection, rows: str) -> None:
    """Insert rows of accepted files; a column that a warning rule makes NULL is NULL in the rows that fail it.

    `rows` is SQL that joins `typed` to what says which of its rows.
    """
    nulled_by: dict[str, list[str]] = {}
    for rule in contract.all_rules:
        for column in rule.nulls:
            nulled_by.setdefault(column, []).append(rule.code)
    columns, joins = [], []
    aliases: dict[tuple[str, ...], str] = {}
    for column in contract.loaded_columns:
        codes = tuple(sorted(nulled_by.get(column.name, ())))
        if not codes:
            columns.append(f"typed.{column.name}")
            continue
        if codes not in aliases:
            alias = aliases[codes] = f"nulled_{len(aliases)}"
            listed = ", ".join(f"'{code}'" for code in codes)
            joins.append(
                f"left join (select distinct row_id from scratch.failures where code in ({listed})) as {alias}"
                f" on {alias}.row_id = typed.row_id"
            )
        columns.append(f"if({aliases[codes]}.row_id is null, typed.{column.name}, null) as {column.name}")
    connection.execute(
        f"""
        insert into raw.{contract.source} by name
        select judged.delivery_id, typed.record_no, {", ".join(columns)}
        from scratch.typed as typed
        inner join judged on judged.file_id = typed.file_id and judged.reason_code is null
        {rows}
        {" ".join(joins)}
        order by typed.row_id
        """
    )


def _fill_quarantine(contract: Contract, connection: duckdb.DuckDBPyConnection, run_id: str, started_at: str) -> None:
    """Keep each bad row with its reasons and its columns, so that it can be replayed; see `_kept`."""
    connection.execute(
        f"""
        insert into quarantine.rows by name
        select
          $source as source,
          judged.delivery_id,
          typed.record_no,
          {reasons(connection)},
          {kept_record(contract)} as record,
          $run_id as run_id,
          $started_at::timestamp as quarantined_at
        from bad_rows
        inner join scratch.typed as typed using (row_id)
        inner join scratch.received as received using (row_id)
        inner join judged on judged.file_id = typed.file_id and judged.reason_code is null
        order by typed.row_id
        """,
        {"source": contract.source, "run_id": run_id, "started_at": started_at},
    )
    connection.execute(
        """
        insert into quarantine.rows by name
        select
          $source as source,
          judged.delivery_id,
          malformed.record_no,
          [$rule] as rules,
          ['the columns of the line cannot be told apart; the file needs a re-supply'] as messages,
          null as record,
          $run_id as run_id,
          $started_at::timestamp as quarantined_at
        from scratch.malformed as malformed
        inner join judged on judged.file_id = malformed.file_id and judged.reason_code is null
        order by judged.delivery_id, malformed.record_no
        """,
        {"source": contract.source, "rule": MALFORMED, "run_id": run_id, "started_at": started_at},
    )


def kept_record(contract: Contract) -> str:
    """SQL for what is kept of a bad row, of which `received`, `typed` and its `rules` are at hand; see `_kept`."""
    values = ", ".join(f"'{column.name}': {_kept(contract, column)}" for column in contract.loaded_columns)
    return f"map {{{values}}}"


def _kept(contract: Contract, column: Column) -> str:
    """SQL for what is kept of a value in a bad row: the text as received, or only its length.

    A value that is no code of its column may be a name that slipped in, so it must not travel: one that cannot be
    read as the type, is not in the list, or breaks a critical rule on this column alone. Of a number or a time that
    cannot be read digits and what stands between them are kept. Text is kept; who shows it has to hide it where it is
    at fault.
    """
    value = f"received.{column.name}"
    wrong = [] if column.as_given is None else [f"typed.{column.as_given} is not null"]
    if column.type == "code":
        codes = [
            f"'{rule.code}'"
            for rule in contract.rules
            if rule.severity == "critical" and rule.kwargs.get("column") == column.name
        ]
        wrong += [f"list_has_any(rules, [{', '.join(codes)}])"] if codes else []
    elif wrong and column.type not in ("text", "flag"):
        wrong = [f"{wrong[0]} and not regexp_full_match({value}, '{_DIGITS}')"]
    if not wrong:
        return value
    return f"if({' or '.join(wrong)}, '‹' || length({value}) || ' characters›', {value})"  # see ONLY_LENGTH


def _record_rule_results(connection: duckdb.DuckDBPyConnection, run_id: str) -> None:
    connection.execute(
        """
        insert into ledger.rule_results by name
        select
          judged.delivery_id,
          $run_id as run_id,
          results.code as rule,
          results.severity,
          results.dimension,
          results.message,
          results.owner,
          results.checked as rows_checked,
          results.failed as rows_failed
        from scratch.rule_results as results
        inner join judged using (file_id)
        """,
        {"run_id": run_id},
    )


def _record_drift(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute(
        """
        insert into ledger.drift by name
        select judged.delivery_id, drift.* exclude (file_id)
        from scratch.drift as drift
        inner join judged using (file_id)
        """
    )


def prove_the_sums(contract: Contract, connection: duckdb.DuckDBPyConnection) -> None:
    """Raises SaferCityError where the rows of a delivery in `judged` are not as many as the ledger says."""
    wrong = connection.execute(
        f"""
        with in_raw as (
          select delivery_id, count(*) as row_count from raw.{contract.source}
          where delivery_id in (select delivery_id from judged) group by delivery_id
        ),
        in_quarantine as (
          select delivery_id, count(*) as row_count from quarantine.rows
          where delivery_id in (select delivery_id from judged) group by delivery_id
        )
        select count(*), any_value(deliveries.file_name)
        from ledger.deliveries as deliveries
        semi join judged using (delivery_id)
        left join in_raw using (delivery_id)
        left join in_quarantine using (delivery_id)
        where deliveries.received <> deliveries.accepted + deliveries.quarantined + deliveries.rejected
          or deliveries.accepted <> coalesce(in_raw.row_count, 0)
          or deliveries.quarantined <> coalesce(in_quarantine.row_count, 0)
        """
    ).fetchone()
    assert wrong is not None
    if wrong[0]:
        raise SaferCityError(
            f"{contract.source}: the rows of {wrong[0]} file(s), such as {wrong[1]}, do not add up; nothing was loaded."
            " This is a fault of the program: please report it"
        )


def _files(connection: duckdb.DuckDBPyConnection) -> list[LoadedFile]:
    rows = connection.execute(
        """
        select
          deliveries.source, deliveries.force, deliveries.slice, deliveries.file_name, deliveries.path,
          deliveries.extract_date, deliveries.state, deliveries.received, deliveries.accepted,
          deliveries.quarantined, deliveries.rejected, deliveries.reason_code, deliveries.reason
        from ledger.deliveries as deliveries
        inner join judged using (delivery_id)
        order by judged.file_id
        """
    ).fetchall()
    return [LoadedFile(*row) for row in rows]


def _failed_rules(contract: Contract, connection: duckdb.DuckDBPyConnection) -> list[FailedRule]:
    rows = connection.execute(
        """
        select results.code, results.severity, any_value(results.message), any_value(results.owner),
          count(distinct results.file_id), sum(results.failed)::bigint
        from scratch.rule_results as results
        inner join judged on judged.file_id = results.file_id
        where results.failed > 0 and judged.reason_code is null
        group by results.code, results.severity
        order by if(results.severity = 'critical', 0, 1), sum(results.failed) desc, results.code
        """
    ).fetchall()
    return [FailedRule(contract.source, *row) for row in rows]
