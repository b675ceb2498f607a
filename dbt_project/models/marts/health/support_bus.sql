-- One row per force and night on which somebody attended the support bus.
with attendances as (
  {{ covered_records("support_bus_attendances") }}
)

select
  force,
  deployed_on,
  count(*) as attended,
  count(*) filter (where sex = 'male') as male,
  count(*) filter (where sex = 'female') as female
from attendances
group by force, deployed_on
order by force, deployed_on
