-- Reconciliation: the rows that began a state are the rows of the versions table, and what is current is what is shown.
with ledger_side as (
  select coalesce(sum(loaded), 0) as row_count from {{ ref("deliveries") }}
  where source = 'police_uk_street'
),

versions_side as (
  select count(*) as row_count from {{ ref("street_crime_versions") }}
),

current_side as (
  select count(*) as row_count from {{ ref("street_crimes") }}
),

covered_side as (
  select coalesce(sum(rows), 0) as row_count from {{ ref("coverage") }}
  where source = 'police_uk_street'
)

select
  ledger_side.row_count as loaded,
  versions_side.row_count as versions,
  current_side.row_count as current_rows,
  covered_side.row_count as covered_rows
from ledger_side
cross join versions_side
cross join current_side
cross join covered_side
where ledger_side.row_count <> versions_side.row_count or current_side.row_count <> covered_side.row_count
