-- One row per force and month: violent crimes and anti-social behaviour linked to licensed premises.
with crime_months as (
  {{ source_months("crimes") }}
),

asb_months as (
  {{ source_months("asb_incidents") }}
),

months as (
  select
    force,
    month
  from crime_months
  union
  select
    force,
    month
  from asb_months
),

crimes as (
  select
    force,
    month,
    count(*) as violent_crimes
  from {{ ref("crimes") }}
  where premises_type = 'licensed' and list_contains(measures, 'violence')
  group by force, month
),

incidents as (
  select
    force,
    month,
    count(*) as asb_incidents
  from {{ ref("asb_incidents") }}
  where licensed_premises and is_counted
  group by force, month
)

select
  months.force,
  months.month,
  if(crime_months.coverage <> 'missing', coalesce(crimes.violent_crimes, 0), null) as violent_crimes,
  if(asb_months.coverage <> 'missing', coalesce(incidents.asb_incidents, 0), null) as asb_incidents
from months
left join crime_months on months.force = crime_months.force and months.month = crime_months.month
left join asb_months on months.force = asb_months.force and months.month = asb_months.month
left join crimes on months.force = crimes.force and months.month = crimes.month
left join incidents on months.force = incidents.force and months.month = incidents.month
order by months.force, months.month
