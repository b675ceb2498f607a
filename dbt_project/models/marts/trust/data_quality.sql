-- One row per delivery and rule that looked at it, and one per cross-source rule and force.
with deliveries as (
  select * from {{ ref("int_deliveries") }}
),

of_deliveries as (
  select
    delivery_id,
    run_id,
    rule,
    severity,
    dimension,
    message,
    owner,
    rows_checked,
    rows_failed
  from {{ source("ledger", "rule_results") }}
  union all
  select
    delivery_id,
    null as run_id,
    rule,
    severity,
    dimension,
    case when rows_failed > 0 then finding else message end as message,
    owner,
    rows_checked,
    rows_failed
  from {{ ref("int_deliveries__history_results") }}
),

results as (
  select
    deliveries.source,
    deliveries.force,
    deliveries.slice,
    deliveries.file_name as file,
    deliveries.extract_date,
    coalesce(of_deliveries.run_id, deliveries.run_id) as run,
    of_deliveries.rule,
    of_deliveries.severity,
    of_deliveries.dimension,
    of_deliveries.message,
    of_deliveries.owner,
    of_deliveries.rows_checked,
    of_deliveries.rows_failed
  from of_deliveries
  inner join deliveries on of_deliveries.delivery_id = deliveries.delivery_id
  union all
  select
    source,
    force,
    null as slice,
    null as file,
    extract_date,
    run_id as run,
    rule,
    severity,
    dimension,
    case when rows_failed > 0 then message || ': ' || finding else message end as message,
    owner,
    rows_checked,
    rows_failed
  from {{ ref("int_cross_source__results") }}
)

select
  source,
  force,
  slice,
  file,
  extract_date,
  run,
  rule,
  severity,
  dimension,
  message,
  owner,
  {{ unless_confidential("source", "rows_checked") }} as rows_checked,
  {{ unless_confidential("source", "rows_failed") }} as rows_failed,
  {{ unless_confidential("source", percentage("rows_failed", "rows_checked")) }} as failed_pct
from results
order by source, force, slice, extract_date, rule
