-- One row per force, night, need and outcome with an attendance of the support bus.
with attendances as (
  {{ covered_records("support_bus_attendances") }}
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
