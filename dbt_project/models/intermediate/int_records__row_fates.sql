-- One row per standing delivery of a source of changes: what its rows became.
{{ config(materialized="view") }}

with deliveries as (
  select
    delivery_id,
    source
  from {{ ref("int_deliveries") }}
  where
    state = 'loaded'
    and source in ('{{ record_sources() | map(attribute="source") | join("', '") }}')
),

accepted as (
  {% for from_source in record_sources() %}
  select
    delivery_id,
    count(*) as row_count
  from {{ source(from_source.system, from_source.source) }}
  group by delivery_id
  {{ "union all" if not loop.last }}
  {% endfor %}
),

began as (
  select
    delivery_id,
    count(*) as row_count
  from {{ ref("int_records__spans") }}
  group by delivery_id
)

select
  deliveries.delivery_id,
  coalesce(began.row_count, 0) as loaded,
  coalesce(accepted.row_count, 0) - coalesce(began.row_count, 0) as unchanged
from deliveries
left join accepted on deliveries.delivery_id = accepted.delivery_id
left join began on deliveries.delivery_id = began.delivery_id
