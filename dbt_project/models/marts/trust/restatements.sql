-- One row per measure and month at its first publication, and one each time a later extract moved its count.
with extracts as (
  select
    source,
    force,
    cast(strptime(slice, '%Y-%m') as date) as month,
    extract_date
  from {{ ref("deliveries") }}
  where state = 'loaded' and force is not null
  group by all
),

-- Of a source of changes: the first month of which it held a record, as known at each of its extracts.
first_months as (
  select
    moments.source,
    moments.extract_date,
    min(starts.month) as month
  from (
    select
      source,
      extract_date
    from extracts
    where month is null
    group by all
  ) as moments
  inner join {{ ref("source_starts") }} as starts
    on
      moments.source = starts.source
      and moments.extract_date >= starts.known_from
      and (starts.known_to is null or moments.extract_date < starts.known_to)
  group by all
),

publications as (
  select
    source,
    force,
    month,
    extract_date
  from extracts
  where month is not null
  union all
  select
    extracts.source,
    extracts.force,
    cast(unnest(generate_series(
      first_months.month,
      date_trunc('month', extracts.extract_date + 1) - interval 1 month,
      interval 1 month
    )) as date) as month,
    extracts.extract_date
  from extracts
  inner join first_months
    on extracts.source = first_months.source and extracts.extract_date = first_months.extract_date
  where extracts.month is null
),

first_publications as (
  select
    dim_source.source,
    dim_source.record_source,
    publications.force,
    publications.month,
    min(publications.extract_date) as extract_date
  from publications
  inner join {{ ref("dim_source") }} as dim_source on publications.source = dim_source.source
  group by all
),

-- First published: every measure, also at 0. Later: only where the count moved.
moments as (
  select
    first_publications.record_source,
    first_publications.force,
    dim_measure.measure,
    first_publications.month,
    first_publications.extract_date,
    true as first_published
  from first_publications
  inner join {{ ref("dim_measure") }} as dim_measure
    on list_contains(dim_measure.sources, first_publications.source)
  union all
  select
    movements.record_source,
    movements.force,
    movements.measure,
    movements.month,
    movements.extract_date,
    false as first_published
  from {{ ref("measure_movements") }} as movements
  inner join {{ ref("dim_measure") }} as dim_measure on movements.measure = dim_measure.measure
  inner join first_publications
    on
      movements.record_source = first_publications.record_source
      and movements.force = first_publications.force
      and movements.month = first_publications.month
      and movements.extract_date > first_publications.extract_date
      and list_contains(dim_measure.sources, first_publications.source)
),

-- The count at each of these moments is all that had moved by then, also before the month was published.
counted as (
  select
    moments.record_source,
    moments.force,
    moments.measure,
    moments.month,
    moments.extract_date,
    moments.first_published,
    cast(coalesce(sum(movements.change), 0) as bigint) as offences
  from moments
  left join {{ ref("measure_movements") }} as movements
    on
      moments.record_source = movements.record_source
      and moments.force = movements.force
      and moments.measure = movements.measure
      and moments.month = movements.month
      and moments.extract_date >= movements.extract_date
  group by all
)

select
  counted.record_source,
  counted.force,
  counted.measure,
  counted.month,
  counted.extract_date,
  counted.offences,
  if(counted.first_published, null, counted.offences - movements.change) as previous_offences,
  if(counted.first_published, null, movements.change) as change,
  {%- for cause in movement_causes() %}
    if(counted.first_published, null, movements.{{ cause }}) as {{ cause }},
  {%- endfor %}
  counted.first_published
from counted
left join {{ ref("measure_movements") }} as movements
  on
    counted.record_source = movements.record_source
    and counted.force = movements.force
    and counted.measure = movements.measure
    and counted.month = movements.month
    and counted.extract_date = movements.extract_date
order by counted.record_source, counted.force, counted.measure, counted.month, counted.extract_date
