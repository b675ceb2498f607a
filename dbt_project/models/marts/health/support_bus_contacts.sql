-- One row per force, night, need and outcome with an attendance of the support bus.
with months as (
  {{ source_months("support_bus_attendances") }}
),

attendances as (
  select attendances.*
  from ({{ current_records("support_bus_attendances") }}) as attendances
  inner join months on attendances.force = months.force and attendances.month = months.month
  where months.coverage <> 'missing'
)

select
  force,
  deployed_on,
  need,
  outcome,
  count(*) as attendances,
  cast(sum(minutes_with_service) as bigint) as minutes_with_service
from attendances
group by force, deployed_on, need, outcome
order by force, deployed_on, need, outcome
