"""The ledger: what arrived, what became of it, what was checked, what was published.

Every fact here is written in the same transaction as the rows it speaks of. Times are UTC.
"""

from __future__ import annotations

import duckdb

SCHEMA_VERSION = 1
"""The version of the warehouse's layout. One that an older program made is brought up to it, step by step, by `create`;
one that a newer program made is refused."""

_DDL = """
create schema if not exists raw;
create schema if not exists quarantine;
create schema if not exists ledger;

-- One row: the version of the layout.
create table if not exists ledger.warehouse (version integer not null);

create table if not exists ledger.runs (
  run_id varchar primary key,
  started_at timestamp not null,
  ended_at timestamp,
  command varchar not null,
  code_version varchar not null,
  state varchar not null,          -- running, done, failed, killed
  message varchar,
  told boolean not null            -- whether its digest has gone out, its own or a later run's
);

-- One row per file of a landing folder as it was last looked at. `settled` is false when something in it matched
-- no contract or was rejected: it is looked at again when a contract changes.
create table if not exists ledger.files (
  path varchar primary key,
  size bigint not null,
  mtime_ns bigint not null,
  settled boolean not null,
  again_on date,                   -- the day on which an extract date in it no longer lies in the future
  contracts varchar not null
);

-- Files that match no contract, as they were named to people, once.
create table if not exists ledger.unmatched (
  landing varchar not null,
  name varchar not null,
  run_id varchar not null          -- the run that found it
);

-- One row per delivery. `delivery_id` is a hash of what makes it that delivery, so that it does not depend on the
-- order of loading. `received` is NULL where the rows could not be read.
create table if not exists ledger.deliveries (
  delivery_id bigint not null,
  source varchar not null,
  force varchar,
  slice varchar,
  file_name varchar not null,
  path varchar not null,
  content_hash varchar,
  extract_date date,
  revision integer not null,
  contract varchar not null,
  run_id varchar not null,
  loaded_at timestamp not null,
  received bigint,
  accepted bigint not null,
  quarantined bigint not null,
  rejected bigint,
  state varchar not null,          -- accepted, rejected
  reason_code varchar,
  reason varchar
);

-- Deliveries whose rows are not yet in the states.
create table if not exists ledger.pending (source varchar not null, delivery_id bigint not null);

-- One row per delivery and rule that looked at it.
create table if not exists ledger.rule_results (
  delivery_id bigint not null,
  run_id varchar not null,
  rule varchar not null,
  severity varchar not null,
  dimension varchar not null,
  message varchar not null,
  owner varchar not null,
  rows_checked bigint not null,
  rows_failed bigint not null
);

-- One row per quarantined row. `record` holds its columns as text, never the personal ones; NULL for a malformed line.
create table if not exists quarantine.rows (
  source varchar not null,
  delivery_id bigint not null,
  record_no bigint not null,
  rules varchar[] not null,
  messages varchar[] not null,
  record map(varchar, varchar),
  run_id varchar not null,
  quarantined_at timestamp not null
);

-- The contracts as the warehouse knows them: one row per source.
create table if not exists ledger.sources (
  source varchar not null,
  system varchar not null,
  record_source varchar not null,
  kind varchar not null,           -- slice, changes
  title varchar not null,
  description varchar not null,
  owner varchar not null,
  cadence varchar not null
);

-- The fingerprint of the code that the states were made by; empty while they are being made anew.
create table if not exists ledger.states (fingerprint varchar not null);

create table if not exists ledger.releases (
  release_id varchar primary key,
  published_at timestamp not null,
  code_version varchar not null,
  marking varchar not null,
  rows_per_table map(varchar, bigint) not null,
  fingerprint varchar not null,
  deliveries_digest varchar not null
);

create table if not exists ledger.alerts (
  run_id varchar not null,
  created_at timestamp not null,
  channel varchar not null,        -- scheme of the URL only: an Apprise URL holds secrets
  title varchar not null,
  body varchar not null,
  state varchar not null           -- sent, failed
);

-- One row per delivery and difference from its contract: a property of the delivery and the contract alone.
create table if not exists ledger.drift (
  delivery_id bigint not null,
  kind varchar not null,           -- new, missing, renamed, retyped, new_value; not_supplied: missing, as is allowed
  column_name varchar,             -- the contract's; NULL for a new column
  found varchar,                   -- a header, a type or a value; its length where it must not travel
  row_count bigint,                -- rows at fault; NULL for what the header shows
  record_no bigint,                -- the first of them, for a value
  suggestion varchar               -- YAML for the contract, if it is right
);
"""


def create(connection: duckdb.DuckDBPyConnection) -> None:
    """Make the ledger where it is missing."""
    connection.execute(_DDL)
    connection.execute(
        "insert into ledger.warehouse select ? where not exists (from ledger.warehouse)", [SCHEMA_VERSION]
    )


def version(connection: duckdb.DuckDBPyConnection) -> int:
    """The version of the layout that a warehouse has. One that says none is of the first."""
    try:
        found = connection.execute("select version from ledger.warehouse").fetchone()
    except duckdb.CatalogException:
        return 1
    return found[0] if found else 1


def deliveries_digest(connection: duckdb.DuckDBPyConnection) -> str:
    """A value that changes when the set of deliveries, or what was accepted of one, does; not with their order."""
    row = connection.execute(
        """
        select count(*) || '-' || coalesce(bit_xor(hash(delivery_id, accepted, quarantined, state)), 0)
        from ledger.deliveries
        """
    ).fetchone()
    assert row is not None
    return row[0]
