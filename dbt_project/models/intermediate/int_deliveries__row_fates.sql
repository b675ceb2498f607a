-- One row per delivery in the ledger: what became of its rows.
{{ config(materialized="view") }}

with row_fates as (
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
  from {{ ref("int_records__row_fates") }}
)

select
  deliveries.*,
  cast(coalesce(row_fates.loaded, 0) as bigint) as loaded,
  cast(coalesce(row_fates.unchanged, 0) as bigint) as unchanged,
  cast(coalesce(row_fates.superseded_in_file, 0) as bigint) as superseded_in_file
from {{ ref("int_deliveries") }} as deliveries
left join row_fates on deliveries.delivery_id = row_fates.delivery_id
