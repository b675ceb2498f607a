-- One row per standing delivery of a source of changes that has rows: what they became.
{{ config(materialized="view") }}

with deliveries as (
  select delivery_id
  from {{ ref("int_deliveries") }}
  where state = 'loaded'
),

accepted as (
  {{ accepted_rows() }}
),

began as (
  select
    delivery_id,
    count(*) as row_count
  from {{ ref("int_records__spans") }}
  group by delivery_id
)

select
  accepted.delivery_id,
  coalesce(began.row_count, 0) as loaded,
  accepted.row_count - coalesce(began.row_count, 0) as unchanged
from accepted
inner join deliveries on accepted.delivery_id = deliveries.delivery_id
left join began on accepted.delivery_id = began.delivery_id
