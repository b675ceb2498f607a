-- One row per source, force, measure, month, hour of the week and extract date at which what is known of it moved.
with crimes as (
  select
    'crimes' as source,
    hours.force,
    kinds.measure,
    hours.month,
    hours.weekday,
    hours.hour,
    hours.extract_date,
    cast(sum(hours.weight) as decimal(38, 15)) as weight,
    cast(sum(hours.starts) as bigint) as starts,
    cast(sum(hours.pieces) as bigint) as pieces
  from {{ ref("int_crimes__hours") }} as hours
  inner join {{ ref("int_crimes__kinds") }} as kinds on hours.kind = kinds.kind
  inner join {{ ref("measures") }} as measures on kinds.measure = measures.measure
  where measures.theme <> 'all_crime'
  group by all
)

select *
from crimes
order by source, force, measure, month, extract_date, weekday, hour
