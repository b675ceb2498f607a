-- One row per record_source, force, measure, month and extract date at which the measure's count moved.
with category_counts as (
  select * from {{ ref("int_street_crimes__category_counts") }}
),

category_movements as (
  select
    force,
    month,
    crime_type,
    known_from as extract_date,
    offences as change
  from category_counts
  union all
  select
    force,
    month,
    crime_type,
    known_to as extract_date,
    -offences as change
  from category_counts
  where known_to is not null
),

members as (
  select
    measure,
    police_uk_category,
    valid_from,
    valid_to
  from {{ ref("measure_members") }}
  where police_uk_category is not null
),

movements as (
  select
    'police_uk' as record_source,
    movements.force,
    members.measure,
    movements.month,
    movements.extract_date,
    cast(sum(movements.change) as bigint) as change
  from category_movements as movements
  inner join members
    on
      movements.crime_type = members.police_uk_category
      and movements.month >= coalesce(members.valid_from, movements.month)
      and movements.month <= coalesce(members.valid_to, movements.month)
  group by all
)

select
  record_source,
  force,
  measure,
  month,
  extract_date,
  change
from movements
where change <> 0
order by record_source, force, measure, month, extract_date
