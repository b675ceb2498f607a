-- One row per source, force and month, from the first month that the source covers to its last.
with known_slices as (
  select
    source,
    force,
    cast(strptime(slice, '%Y-%m') as date) as month
  from {{ ref("deliveries") }}
  where state = 'loaded' and slice is not null and force is not null
  group by all
),

months as (
  select
    source,
    force,
    cast(unnest(generate_series(min(month), max(month), interval 1 month)) as date) as month
  from known_slices
  group by source, force
),

held as (
  select
    source,
    force,
    month,
    count_if(rows_began > 0) as deliveries,
    sum(rows_began - rows_ended) as row_count,
    min(extract_date) filter (where rows_began > 0) as first_extract,
    max(extract_date) filter (where rows_began > 0) as last_extract
  from {{ ref("source_movements") }}
  group by all
)

select
  months.source,
  months.force,
  months.month,
  if(known_slices.month is null, 'missing', 'complete') as state,
  cast(coalesce(held.deliveries, 0) as bigint) as deliveries,
  cast(coalesce(held.row_count, 0) as bigint) as rows,
  held.first_extract,
  held.last_extract
from months
left join known_slices
  on
    months.source = known_slices.source
    and months.force = known_slices.force
    and months.month = known_slices.month
left join held
  on months.source = held.source and months.force = held.force and months.month = held.month
order by months.source, months.force, months.month
