"""Replay: rows that wait in quarantine are judged again, and those that pass now are loaded as if they never failed.

They are judged as they were received, by the contract and the reference data as they are now: from their file, where
the landing folder still holds one with the same content, and else from what quarantine keeps of them. A row of which a
value is kept only as its length cannot be judged without its file.

What passes goes to `raw.<source>` under its own delivery and record number. So it is known from its delivery's extract
date on, and nothing tells it from a row that was good at once. What was accepted is not looked at again: a rule that
has become stricter takes no row back.

The rule results of the deliveries that are judged again become those of the present contract, under the run that
loaded them. Of a critical rule the failed rows are those in quarantine, always.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb

from flows.contracts import Contract
from flows.errors import SaferCityError
from flows.stages.extract import Arrival
from flows.stages.load import ONLY_LENGTH, fill_raw, find_bad_rows, kept_record, prove_the_sums, reasons
from flows.warehouse import quoted


@dataclass(frozen=True)
class Waiting:
    """A delivery with rows in quarantine: what its file is known by."""

    delivery_id: int
    force: str | None
    slice: str | None
    extract_date: date | None
    revision: int
    content_hash: str | None

    def may_be(self, arrival: Arrival) -> bool:
        """Whether a file has the name that this delivery's file has. The content may name the force."""
        return arrival.problem is None and (
            (arrival.slice, arrival.extract_date, arrival.revision) == (self.slice, self.extract_date, self.revision)
            and arrival.force in (None, self.force)
        )


@dataclass(frozen=True)
class ReplayedFile:
    """What became of the rows of one file that were in quarantine. Counts are rows.

    `loaded` pass now; `still_bad` break a rule, or are malformed lines; `kept_in_part` cannot be judged without their
    file.
    """

    source: str
    force: str | None
    file_name: str
    extract_date: date | None
    loaded: int
    still_bad: int
    kept_in_part: int


def waiting(connection: duckdb.DuckDBPyConnection, source: str, rule: str | None = None) -> list[Waiting]:
    """The deliveries of a source that have rows in quarantine, or rows that break one rule."""
    rows = connection.execute(
        """
        select delivery_id, force, slice, extract_date, revision, content_hash
        from ledger.deliveries
        where source = $source and delivery_id in (
          select delivery_id from quarantine.rows
          where source = $source and ($rule is null or list_contains(rules, $rule))
        )
        order by delivery_id
        """,
        {"source": source, "rule": rule},
    ).fetchall()
    return [Waiting(*row) for row in rows]


def add_records(
    contract: Contract, connection: duckdb.DuckDBPyConnection, scratch: Path, deliveries: Collection[Waiting]
) -> None:
    """Complete a scratch file that holds the files which were found with the rows of those that were not.

    Adds the table `again`, one row per delivery: its file_id, and whether its whole file is there (`is_whole`) or only
    what quarantine keeps. To be called before the rows are validated: all bad rows of a file are there, as bad rows
    may contradict each other.
    """
    columns = contract.loaded_columns
    connection.execute(f"attach {quoted(scratch)} as scratch")
    try:
        connection.execute(
            """
            create or replace table scratch.again as
            with found as (
              select deliveries.delivery_id, min(files.file_id) as file_id
              from ledger.deliveries as deliveries
              inner join scratch.files as files
                on files.content_hash = deliveries.content_hash
                and files.slice is not distinct from deliveries.slice
                and files.extract_date = deliveries.extract_date
                and files.revision = deliveries.revision
                and coalesce(files.force = deliveries.force, true)
              where deliveries.delivery_id in (select unnest($deliveries)) and files.problem_code is null
              group by deliveries.delivery_id
            )
            select
              deliveries.delivery_id,
              found.file_id is not null as is_whole,
              coalesce(
                found.file_id,
                (select coalesce(max(file_id), 0) from scratch.files)
                  + row_number() over (partition by found.file_id is null order by deliveries.delivery_id)
              )::integer as file_id
            from ledger.deliveries as deliveries
            left join found using (delivery_id)
            where deliveries.delivery_id in (select unnest($deliveries))
            """,
            {"deliveries": [delivery.delivery_id for delivery in deliveries]},
        )
        connection.execute(
            """
            insert into scratch.files by name
            select
              again.file_id, deliveries.path, deliveries.file_name, deliveries.force, deliveries.slice,
              deliveries.extract_date, deliveries.revision, deliveries.content_hash, 0 as unknown_columns,
              (select count(*) from quarantine.rows where delivery_id = again.delivery_id) as received
            from scratch.again as again
            inner join ledger.deliveries as deliveries using (delivery_id)
            where not again.is_whole
            """
        )
        values = ", ".join(f"rows.record['{column.name}'] as {column.name}" for column in columns)
        connection.execute(
            f"""
            insert into scratch.received by name
            select
              again.file_id,
              rows.record_no,
              (select coalesce(max(row_id), -1) from scratch.received)
                + row_number() over (order by again.file_id, rows.record_no) as row_id,
              {values}
            from quarantine.rows as rows
            inner join scratch.again as again using (delivery_id)
            where not again.is_whole and rows.record is not null
            """
        )
    finally:
        connection.execute("detach scratch")


def replay(
    contract: Contract,
    connection: duckdb.DuckDBPyConnection,
    scratch: Path,
    run_id: str,
    started_at: str,
    *,
    rule: str | None = None,
    dry_run: bool = False,
) -> list[ReplayedFile]:
    """Move the rows of a validated scratch file that pass now from quarantine to raw, in one transaction.

    `rule`: only rows that were quarantined for it. `dry_run`: say what would be, and change nothing.
    Raises SaferCityError, and moves nothing, when the rows of a delivery do not add up.
    """
    connection.execute(f"attach {quoted(scratch)} as scratch (read_only)")
    try:
        connection.execute("begin")
        try:
            find_bad_rows(connection)
            _judge_again(contract, connection, rule)
            fill_raw(contract, connection, "semi join passing on passing.row_id = typed.row_id")
            _take_out_of_quarantine(contract, connection, run_id, started_at)
            _correct_the_ledger(contract, connection)
            _correct_rule_results(connection)
            prove_the_sums(contract, connection)
            files = _files(contract, connection)
            connection.execute("rollback" if dry_run else "commit")
        except duckdb.Error as error:
            connection.execute("rollback")
            # The text of the error may quote a value, so only its kind travels.
            raise SaferCityError(
                f"{contract.source}: the replay failed ({type(error).__name__}); nothing of it was loaded"
            ) from None
        except BaseException:
            connection.execute("rollback")
            raise
        return files
    finally:
        connection.execute(
            "drop table if exists temp.judged; drop table if exists temp.bad_rows;"
            " drop table if exists temp.critical_rules; drop table if exists temp.verdicts;"
            " drop table if exists temp.passing; detach scratch"
        )


def _judge_again(contract: Contract, connection: duckdb.DuckDBPyConnection, rule: str | None) -> None:
    """Temp tables: `verdicts` (one row per quarantined row that is looked at), `passing` (the rows that are to move),
    `judged` (the deliveries, as a load has them)."""
    connection.execute(
        f"""
        create or replace temp table verdicts as
        select
          rows.delivery_id,
          rows.record_no,
          typed.row_id,
          case
            when not again.is_whole
              and list_has_any(list_transform(map_values(rows.record), lambda value:
                regexp_full_match(value, '{ONLY_LENGTH}')), [true]) then 'kept in part'
            when typed.row_id is null or bad_rows.row_id is not null then 'still bad'
            else 'passes'
          end as verdict
        from quarantine.rows as rows
        inner join scratch.again as again using (delivery_id)
        left join scratch.typed as typed on typed.file_id = again.file_id and typed.record_no = rows.record_no
        left join bad_rows using (row_id)
        where rows.source = $source and ($rule is null or list_contains(rows.rules, $rule))
        """,
        {"source": contract.source, "rule": rule},
    )
    connection.execute(
        """
        create or replace temp table passing as
        select delivery_id, record_no, row_id from verdicts where verdict = 'passes'
        """
    )
    connection.execute(
        """
        create or replace temp table judged as
        select delivery_id, file_id, is_whole, null::varchar as reason_code from scratch.again
        """
    )


def _take_out_of_quarantine(
    contract: Contract, connection: duckdb.DuckDBPyConnection, run_id: str, started_at: str
) -> None:
    """Move the passing rows. Those that stay keep their age; their reasons, and so what is kept of them, are of now."""
    connection.execute(
        """
        insert into quarantine.replayed by name
        select source, delivery_id, record_no, rules, quarantined_at, $run_id as run_id,
          $started_at::timestamp as replayed_at
        from quarantine.rows as rows
        semi join passing using (delivery_id, record_no)
        order by delivery_id, record_no
        """,
        {"run_id": run_id, "started_at": started_at},
    )
    connection.execute(
        """
        delete from quarantine.rows as rows using passing
        where rows.delivery_id = passing.delivery_id and rows.record_no = passing.record_no
        """
    )
    connection.execute(
        f"""
        create or replace temp table staying as
        select verdicts.delivery_id, verdicts.record_no, {reasons(connection)},
          {kept_record(contract)} as record
        from verdicts
        inner join bad_rows using (row_id)
        inner join scratch.typed as typed using (row_id)
        inner join scratch.received as received using (row_id)
        where verdicts.verdict = 'still bad'
        """
    )
    connection.execute(
        """
        update quarantine.rows as rows
        set rules = staying.rules, messages = staying.messages, record = staying.record
        from staying
        where rows.delivery_id = staying.delivery_id and rows.record_no = staying.record_no
          and (rows.rules, rows.messages, rows.record)
            is distinct from (staying.rules, staying.messages, staying.record)
        """
    )
    connection.execute("drop table staying")


def _correct_the_ledger(contract: Contract, connection: duckdb.DuckDBPyConnection) -> None:
    """The rows that moved are accepted, and their deliveries have rows that are not yet in the states."""
    connection.execute(
        """
        update ledger.deliveries as deliveries
        set accepted = accepted + moved.row_count, quarantined = quarantined - moved.row_count
        from (select delivery_id, count(*) as row_count from passing group by delivery_id) as moved
        where deliveries.delivery_id = moved.delivery_id
        """
    )
    connection.execute(
        """
        insert into ledger.pending
        select distinct $source, delivery_id from passing
        where delivery_id not in (select delivery_id from ledger.pending)
        """,
        {"source": contract.source},
    )


def _correct_rule_results(connection: duckdb.DuckDBPyConnection) -> None:
    """Put the present contract's results in the place of those of the load.

    Where only the bad rows were there to judge, the rows that were checked, and those that a warning rule found, are
    as they were at the load; but if all of them were in quarantine, for the rule was critical then, they are counted.
    """
    connection.execute(
        """
        create or replace temp table results as
        with left_over as (
          select delivery_id, rule, count(*) as row_count
          from (select delivery_id, unnest(rules) as rule from quarantine.rows semi join judged using (delivery_id))
          group by all
        ),
        old as (
          select results.*, coalesce(left_over.row_count, 0) as in_quarantine
          from ledger.rule_results as results
          semi join judged using (delivery_id)
          left join left_over using (delivery_id, rule)
        ),
        new as (
          select judged.delivery_id, judged.is_whole, deliveries.run_id, results.*,
            coalesce(left_over.row_count, 0) as in_quarantine
          from scratch.rule_results as results
          inner join judged using (file_id)
          inner join ledger.deliveries as deliveries using (delivery_id)
          left join left_over on left_over.delivery_id = judged.delivery_id and left_over.rule = results.code
        )
        select
          new.delivery_id,
          new.run_id,
          new.code as rule,
          new.severity,
          new.dimension,
          new.message,
          new.owner,
          if(new.is_whole, new.checked, coalesce(old.rows_checked, new.checked)) as rows_checked,
          case
            when new.severity = 'critical' then new.in_quarantine
            when new.is_whole or old.rule is null or old.severity = 'critical' then new.failed
            else old.rows_failed
          end as rows_failed
        from new
        left join old on old.delivery_id = new.delivery_id and old.rule = new.code
        union all by name
        select * exclude (in_quarantine) replace (in_quarantine as rows_failed)
        from old
        where in_quarantine > 0 and (delivery_id, rule) not in (select (delivery_id, code) from new)
        """
    )
    connection.execute("delete from ledger.rule_results where delivery_id in (select delivery_id from judged)")
    connection.execute("insert into ledger.rule_results by name from results")
    connection.execute("drop table results")


def _files(contract: Contract, connection: duckdb.DuckDBPyConnection) -> list[ReplayedFile]:
    rows = connection.execute(
        """
        select
          deliveries.force, deliveries.file_name, deliveries.extract_date,
          count(*) filter (where verdict = 'passes'),
          count(*) filter (where verdict = 'still bad'),
          count(*) filter (where verdict = 'kept in part')
        from verdicts
        inner join ledger.deliveries as deliveries using (delivery_id)
        group by deliveries.force, deliveries.file_name, deliveries.extract_date, verdicts.delivery_id
        order by deliveries.force, deliveries.extract_date, deliveries.file_name, verdicts.delivery_id
        """
    ).fetchall()
    return [ReplayedFile(contract.source, *row) for row in rows]
