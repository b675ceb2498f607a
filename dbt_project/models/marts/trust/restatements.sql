-- One row per measure and month at its first publication, and one each time a later extract moved its count.
with extracts as (
  select
    source,
    force,
    cast(strptime(slice, '%Y-%m') as date) as month,
    extract_date
  from {{ ref("deliveries") }}
  where state = 'loaded' and slice is not null and force is not null
  group by all
),

first_extracts as (
  select
    dim_source.record_source,
    extracts.force,
    extracts.month,
    min(extracts.extract_date) as extract_date
  from extracts
  inner join {{ ref("dim_source") }} as dim_source on extracts.source = dim_source.source
  group by all
),

-- First published: every measure, also at 0. Later: only where the count moved.
moments as (
  select
    first_extracts.record_source,
    first_extracts.force,
    dim_measure.measure,
    first_extracts.month,
    first_extracts.extract_date,
    true as first_published
  from first_extracts
  inner join {{ ref("dim_measure") }} as dim_measure
    on first_extracts.record_source <> 'police_uk' or dim_measure.reached_by_police_uk
  union all
  select
    movements.record_source,
    movements.force,
    movements.measure,
    movements.month,
    movements.extract_date,
    false as first_published
  from {{ ref("measure_movements") }} as movements
  inner join first_extracts
    on
      movements.record_source = first_extracts.record_source
      and movements.force = first_extracts.force
      and movements.month = first_extracts.month
      and movements.extract_date > first_extracts.extract_date
),

moved as (
  select
    moments.*,
    coalesce(movements.change, 0) as moved_by,
    cast(
      sum(coalesce(movements.change, 0)) over (
        partition by moments.record_source, moments.force, moments.measure, moments.month
        order by moments.extract_date
      ) as bigint
    ) as offences
  from moments
  left join {{ ref("measure_movements") }} as movements
    on
      moments.record_source = movements.record_source
      and moments.force = movements.force
      and moments.measure = movements.measure
      and moments.month = movements.month
      and moments.extract_date = movements.extract_date
)

select
  record_source,
  force,
  measure,
  month,
  extract_date,
  offences,
  if(first_published, null, offences - moved_by) as previous_offences,
  if(first_published, null, moved_by) as change,
  -- A publication of data.police.uk does not say why: the whole change is a re-supply.
  cast(if(first_published, null, 0) as bigint) as recorded_late,
  cast(if(first_published, null, 0) as bigint) as reclassified_in,
  cast(if(first_published, null, 0) as bigint) as reclassified_out,
  cast(if(first_published, null, 0) as bigint) as cancelled,
  cast(if(first_published, null, 0) as bigint) as reinstated,
  cast(if(first_published, null, 0) as bigint) as date_changed_in,
  cast(if(first_published, null, 0) as bigint) as date_changed_out,
  if(first_published, null, moved_by) as resupplied,
  first_published
from moved
order by record_source, force, measure, month, extract_date
