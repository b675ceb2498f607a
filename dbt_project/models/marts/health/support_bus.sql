-- One row per force and night on which somebody attended the support bus.
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
  count(*) as attended,
  count(*) filter (where sex = 'male') as male,
  count(*) filter (where sex = 'female') as female
from attendances
group by force, deployed_on
order by force, deployed_on
