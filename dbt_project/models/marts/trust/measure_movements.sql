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

-- A publication of data.police.uk does not say why a count moved: the whole change is a re-supply.
movements as (
  select
    'police_uk' as record_source,
    movements.force,
    members.measure,
    movements.month,
    movements.extract_date,
    'resupplied' as cause,
    movements.change
  from category_movements as movements
  inner join members
    on
      movements.crime_type = members.police_uk_category
      and movements.month >= coalesce(members.valid_from, movements.month)
      and movements.month <= coalesce(members.valid_to, movements.month)
  union all
  select
    'force' as record_source,
    force,
    measure,
    month,
    extract_date,
    cause,
    change
  from {{ ref("int_crimes__measure_movements") }}
  union all
  select
    'force' as record_source,
    force,
    measure,
    month,
    extract_date,
    cause,
    change
  from {{ ref("int_asb_incidents__measure_movements") }}
)

select
  record_source,
  force,
  measure,
  month,
  extract_date,
  {%- for cause in movement_causes() %}
    cast(coalesce(sum(change) filter (where cause = '{{ cause }}'), 0) as bigint) as {{ cause }},
  {%- endfor %}
  cast(sum(change) as bigint) as change
from movements
group by record_source, force, measure, month, extract_date
having sum(change) <> 0
order by record_source, force, measure, month, extract_date
