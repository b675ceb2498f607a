-- One row per force, measure, month and extract date at which the count moved.
with counted as (
  select
    states.force,
    members.measure,
    states.month,
    states.known_from,
    states.known_to,
    count(*) as records
  from {{ ref("states") }} as states
  inner join {{ ref("measure_members") }} as members on states.crime_type = members.police_uk_category
  where
    states.month >= coalesce(members.valid_from, states.month) and states.month <= coalesce(members.valid_to, states.month)
  group by all
)

{{ movements("counted") }}
