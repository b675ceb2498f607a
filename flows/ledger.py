"""The ledger: what arrived, what became of it, what was checked, what was published.

Every fact here is written in the same transaction as the rows it speaks of. Times are UTC.
"""

from __future__ import annotations

from datetime import datetime

import duckdb

SCHEMA_VERSION = 2
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
  told boolean not null            -- whether what it found is in ledger.problems, put there by it or a later run
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
-- order of loading. `received` is NULL where the rows could not be read; it does not count rows that were erased.
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

-- The outbox, one row per message and channel. Of the channel it holds the kind and a mark by which it is found in the
-- settings: its URL holds secrets.
create table if not exists ledger.alerts (
  alert_id varchar not null,       -- the message carries it: who gets it twice can tell
  run_id varchar not null,
  created_at timestamp not null,
  recipient varchar not null,      -- everybody, escalation, the name of an owner
  channel varchar not null,        -- scheme of the URL
  channel_mark varchar,
  severity varchar not null,
  title varchar not null,
  body varchar not null,           -- as plain text
  digest varchar not null,         -- as JSON, of which the body for the channel is made
  state varchar not null,          -- queued, sending, sent, given up, no channel
  attempts integer not null,
  next_attempt_at timestamp,
  sent_at timestamp,
  error varchar                    -- why the last attempt failed, in our own words
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

-- Rows that left quarantine for `raw`: the rules they had broken, and when and by which run they were let go.
create table if not exists quarantine.replayed (
  source varchar not null,
  delivery_id bigint not null,
  record_no bigint not null,
  rules varchar[] not null,
  quarantined_at timestamp not null,
  run_id varchar not null,
  replayed_at timestamp not null
);

-- Decisions by a person that a file with too large a share of bad rows is loaded all the same, for what it is: the
-- identity says which content of which extract, so that a decision holds wherever and whenever that comes again.
create table if not exists ledger.decisions (
  delivery_id bigint not null,
  source varchar not null,
  force varchar not null,
  slice varchar,
  extract_date date not null,
  revision integer not null,
  content_hash varchar not null,
  file_name varchar not null,
  reason varchar not null,
  decided_by varchar not null,
  decided_at timestamp not null
);

-- One row per problem from when it began to when it ended; what is told once has ended when it begins.
create table if not exists ledger.problems (
  problem_id varchar not null,     -- a hash of kind, source, force and subject
  kind varchar not null,
  source varchar,
  force varchar,
  subject varchar not null,
  severity varchar not null,
  owner varchar not null,
  message varchar not null,
  done varchar not null,
  look varchar not null,
  names varchar[] not null,
  files bigint,
  rows bigint,
  since timestamp,
  lasting boolean not null,
  opened_at timestamp not null,
  told_at timestamp,
  told_severity varchar,
  told_rows bigint,
  escalated_at timestamp,
  ended_at timestamp,
  end_told boolean not null
);

create table if not exists ledger.silences (
  silence_id varchar not null,
  what varchar not null,           -- a rule, a source or a problem
  reason varchar not null,
  created_at timestamp not null,
  until date not null,             -- its last day
  lifted_at timestamp
);

-- When a run last began to look for deliveries, also one that found none; kept where `run_every_hours` is set.
create table if not exists ledger.last_look (looked_at timestamp not null);

-- Records that were erased. They are kept out of whatever arrives later; the mark is made with a key that is not here.
create table if not exists ledger.erasures (
  source varchar not null,
  mark varchar not null,           -- keyed hash of the record's key
  key_mark varchar not null,       -- keyed hash of nothing secret: tells whether a key is the one of the mark
  erased_at timestamp not null,
  finished_at timestamp            -- when no release and no free block of the warehouse held it any more
);

-- Rows of deliveries that were erased, or left out of one that came later: `received` does not count them any more.
create table if not exists ledger.erased_rows (
  delivery_id bigint not null,
  mark varchar not null,
  rows bigint not null
);
"""


_STEPS = {
    2: """
    alter table ledger.alerts rename to alerts_before;
    create table ledger.alerts (
      alert_id varchar not null,
      run_id varchar not null,
      created_at timestamp not null,
      recipient varchar not null,
      channel varchar not null,
      channel_mark varchar,
      severity varchar not null,
      title varchar not null,
      body varchar not null,
      digest varchar not null,
      state varchar not null,
      attempts integer not null,
      next_attempt_at timestamp,
      sent_at timestamp,
      error varchar
    );
    insert into ledger.alerts by name
    select
      md5(concat_ws('|', run_id, rowid)) as alert_id,
      run_id,
      created_at,
      'everybody' as recipient,
      channel,
      'warning' as severity,
      title,
      body,
      '{}' as digest,
      if(state = 'failed', 'given up', state) as state,
      1 as attempts,
      if(state = 'sent', created_at, null) as sent_at,
      if(state = 'failed', 'not delivered', null) as error
    from ledger.alerts_before
    order by rowid;
    drop table ledger.alerts_before;
    """,
}
"""Version → what brings a warehouse of the version before up to it. A step never changes again."""


def create(connection: duckdb.DuckDBPyConnection) -> None:
    """Make the ledger where it is missing, and bring one of an older layout up to this one, step by step."""
    tables = connection.execute("select count(*) from duckdb_tables() where schema_name = 'ledger'").fetchone()
    found = version(connection) if tables and tables[0] else SCHEMA_VERSION
    for step in range(found + 1, SCHEMA_VERSION + 1):
        connection.execute("begin")
        try:
            connection.execute(_STEPS[step])
            connection.execute("create table if not exists ledger.warehouse (version integer not null)")
            connection.execute("delete from ledger.warehouse")
            connection.execute("insert into ledger.warehouse values (?)", [step])
            connection.execute("commit")
        except duckdb.Error:
            connection.execute("rollback")
            raise
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


def note_look(connection: duckdb.DuckDBPyConnection, at: datetime) -> None:
    """Write when a run began to look for deliveries."""
    connection.execute("begin")
    connection.execute("delete from ledger.last_look")
    connection.execute("insert into ledger.last_look values (?)", [at])
    connection.execute("commit")
