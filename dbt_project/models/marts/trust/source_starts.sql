-- One row per source, force and span of knowledge: the first month of which a row was known then.
with months as (
  select
    source,
    force,
    month,
    extract_date,
    sum(rows_began - rows_ended) over in_order as row_count,
    lead(extract_date) over in_order as until_date
  from {{ ref("int_source_movements") }}
  window in_order as (partition by source, force, month order by extract_date)
),

held as (
  select * from months
  where row_count > 0
),

moments as (
  select
    source,
    force,
    extract_date
  from months
  group by all
),

firsts as (
  select
    moments.source,
    moments.force,
    moments.extract_date,
    min(held.month) as month
  from moments
  left join held
    on
      moments.source = held.source
      and moments.force = held.force
      and moments.extract_date >= held.extract_date
      and (held.until_date is null or moments.extract_date < held.until_date)
  group by all
),

compared as (
  select
    *,
    (month is distinct from lag(month) over in_order) as is_new
  from firsts
  window in_order as (partition by source, force order by extract_date)
),

spans as (
  select
    source,
    force,
    month,
    extract_date as known_from,
    lead(extract_date) over (partition by source, force order by extract_date) as known_to
  from compared
  where is_new
)

select
  source,
  force,
  month,
  known_from,
  known_to
from spans
where month is not null
order by source, force, known_from
