-- One row per delivery and way in which its shape differs from the contract of its source.
with ordered as (
  select
    *,
    -- The accepted delivery of the source and force before this one, by extract.
    last_value(case when state = 'loaded' then delivery_id end ignore nulls) over (
      partition by source, force order by extract_date, slice, revision, delivery_id
      rows between unbounded preceding and 1 preceding
    ) as delivery_before
  from {{ ref("int_deliveries") }}
),

drift as (
  select
    delivery_id,
    case when kind = 'not_supplied' then 'missing' else kind end as kind,
    kind = 'not_supplied' as is_allowed,
    column_name,
    found,
    row_count,
    record_no,
    suggestion
  from {{ source("ledger", "drift") }}
),

compared as (
  select
    ordered.source,
    ordered.force,
    ordered.slice,
    ordered.file_name as file,
    ordered.extract_date,
    ordered.revision,
    ordered.state,
    ordered.delivery_before,
    drift.kind,
    drift.is_allowed,
    drift.column_name,
    drift.found,
    drift.row_count,
    drift.record_no,
    drift.suggestion,
    not exists (
      select 1
      from drift as earlier
      where
        earlier.delivery_id = ordered.delivery_before
        and earlier.kind = drift.kind
        and earlier.column_name is not distinct from drift.column_name
        and earlier.found is not distinct from drift.found
    ) as is_new
  from drift
  inner join ordered on drift.delivery_id = ordered.delivery_id
)

select
  source,
  force,
  slice,
  file,
  extract_date,
  revision,
  state,
  kind,
  column_name,
  found,
  {{ unless_confidential("source", "row_count") }} as rows,
  {{ unless_confidential("source", "record_no") }} as record_no,
  is_new,
  suggestion
from compared
-- A column that the contract lets a file do without is news only where the delivery before had it.
where not is_allowed or (is_new and delivery_before is not null)
order by source, force, extract_date, slice, file, kind, column_name, found
