-- One row per measure.
with members as (
  select
    measure,
    count(police_uk_category) > 0 as reached_by_police_uk
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
  members.reached_by_police_uk
from {{ ref("measures") }} as measures
inner join members on measures.measure = members.measure
order by measures.theme, measures.measure
