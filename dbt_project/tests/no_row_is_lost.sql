-- Reconciliation: the rows that began a state are the rows of the versions table, and what is current is what is shown.
with ledger_side as (
  select
    source,
    sum(loaded) as row_count
  from {{ ref("deliveries") }}
  group by source
),

moved as (
  select
    source,
    sum(rows_began) as began,
    sum(rows_began - rows_ended) as standing
  from {{ ref("source_movements") }}
  group by source
),

facts as (
  select
    'police_uk_street' as source,
    (select count(*) from {{ ref("street_crime_versions") }}) as versions,
    (select count(*) from {{ ref("street_crimes") }}) as current_rows
  union all
  select
    'crimes' as source,
    (select count(*) from {{ ref("crime_versions") }}) as versions,
    (select count(*) from {{ ref("crimes") }}) as current_rows
)

select
  facts.source,
  ledger_side.row_count as loaded,
  facts.versions,
  facts.current_rows,
  moved.began,
  moved.standing
from facts
left join ledger_side on facts.source = ledger_side.source
left join moved on facts.source = moved.source
where
  coalesce(ledger_side.row_count, 0) <> facts.versions
  or coalesce(moved.began, 0) <> facts.versions
  or coalesce(moved.standing, 0) <> facts.current_rows
