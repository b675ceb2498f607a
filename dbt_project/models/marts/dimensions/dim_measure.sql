-- One row per measure.
with members as (
  select
    measure,
    count(police_uk_category) > 0 as has_categories,
    count(class_code) + count(sub_code) + count(tag) + count(operation) + count(victim_type) > 0 as has_offences
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
  if(members.has_offences, ['crimes'], []) || if(members.has_categories, ['police_uk_street'], []) as sources
from {{ ref("measures") }} as measures
inner join members on measures.measure = members.measure
order by measures.theme, measures.measure
