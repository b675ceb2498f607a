-- One row per delivery: a file, or a member of an archive, that a source sent.
with deliveries as (
  select * from {{ ref("int_deliveries") }}
),

row_fates as (
  select
    delivery_id,
    loaded,
    unchanged,
    superseded_in_file
  from {{ ref("int_street_crimes__deliveries") }}
  union all
  select
    delivery_id,
    loaded,
    unchanged,
    0 as superseded_in_file
  from {{ ref("int_records__deliveries") }}
)

select
  deliveries.source,
  deliveries.force,
  deliveries.slice,
  deliveries.file_name,
  deliveries.content_hash,
  deliveries.extract_date,
  deliveries.revision,
  deliveries.loaded_at,
  deliveries.received,
  deliveries.accepted,
  deliveries.quarantined,
  deliveries.rejected,
  cast(coalesce(row_fates.loaded, 0) as bigint) as loaded,
  cast(coalesce(row_fates.unchanged, 0) as bigint) as unchanged,
  cast(coalesce(row_fates.superseded_in_file, 0) as bigint) as superseded_in_file,
  deliveries.state,
  deliveries.reason_code,
  deliveries.reason
from deliveries
left join row_fates on deliveries.delivery_id = row_fates.delivery_id
order by deliveries.source, deliveries.force, deliveries.slice, deliveries.extract_date, deliveries.file_name
