-- One row per category of anti-social behaviour, as a kind, and measure that counts it.
with kinds as (
  select
    kind,
    any_value(category) as category
  from {{ ref("int_asb_incidents__states") }}
  group by kind
),

members as (
  select
    members.measure,
    members.asb_category
  from {{ ref("measure_members") }} as members
  inner join {{ ref("measures") }} as measures on members.measure = measures.measure
  where measures.theme = 'asb' and members.police_uk_category is null
)

-- A member without a category counts every incident, whatever its category.
select distinct
  kinds.kind,
  members.measure
from kinds
inner join members on kinds.category = coalesce(members.asb_category, kinds.category)
