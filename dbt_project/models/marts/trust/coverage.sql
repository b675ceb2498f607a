-- One row per source, force and month, from the first month that the source covers to its last.
with months as (
  {{ covered_months(forever()) }}
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
  from {{ ref("int_source_movements") }}
  group by all
)

select
  months.source,
  months.force,
  months.month,
  months.coverage as state,
  {{ unless_confidential("months.source", "cast(coalesce(held.deliveries, 0) as bigint)") }} as deliveries,
  {{ unless_confidential("months.source", "cast(coalesce(held.row_count, 0) as bigint)") }} as rows,
  {{ unless_confidential("months.source", "held.first_extract") }} as first_extract,
  {{ unless_confidential("months.source", "held.last_extract") }} as last_extract
from months
left join held
  on months.source = held.source and months.force = held.force and months.month = held.month
order by months.source, months.force, months.month
