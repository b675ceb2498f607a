-- One row per measure.
with members as (
  select
    measure,
    count(*) > count(police_uk_category) as is_of_force,
    count(police_uk_category) > 0 as is_of_police_uk
  from {{ ref("measure_members") }}
  group by measure
)

select
  measures.measure,
  measures.theme,
  measures.label,
  measures.version,
  measures.definition,
  measures.note,
  if(members.is_of_force, [if(measures.theme = 'asb', 'asb_incidents', 'crimes')], [])
  || if(members.is_of_police_uk, ['police_uk_street'], []) as sources
from {{ ref("measures") }} as measures
inner join members on measures.measure = members.measure
order by measures.theme, measures.measure
