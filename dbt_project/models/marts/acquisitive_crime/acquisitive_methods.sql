-- One row per force, month and method with an offence: thefts by the way they were done.
with methods as (
  select distinct measures.measure
  from {{ ref("dim_measure") }} as measures
  inner join {{ ref("dim_measure_member") }} as members on measures.measure = members.measure
  where measures.theme = 'acquisitive_crime' and members.tag is not null
)

select
  performance.force,
  performance.month,
  performance.measure as method,
  performance.offences
from {{ ref("acquisitive_crime_performance") }} as performance
semi join methods on performance.measure = methods.measure
where performance.record_source = 'force' and performance.offences > 0
order by performance.force, performance.month, method
