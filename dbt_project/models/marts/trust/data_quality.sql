-- One row per delivery and rule that looked at it.
with results as (
  select * from {{ source("ledger", "rule_results") }}
),

deliveries as (
  select * from {{ ref("int_deliveries") }}
)

select
  deliveries.source,
  deliveries.force,
  deliveries.slice,
  deliveries.file_name as file,
  deliveries.extract_date,
  results.run_id as run,
  results.rule,
  results.severity,
  results.dimension,
  results.message,
  results.owner,
  {{ unless_confidential("deliveries.source", "results.rows_checked") }} as rows_checked,
  {{ unless_confidential("deliveries.source", "results.rows_failed") }} as rows_failed,
  {{
    unless_confidential("deliveries.source", percentage("results.rows_failed", "results.rows_checked"))
  }} as failed_pct
from results
inner join deliveries on results.delivery_id = deliveries.delivery_id
order by deliveries.source, deliveries.force, deliveries.slice, deliveries.extract_date, results.rule
