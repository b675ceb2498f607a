-- One row per source, force, month and extract date at which rows of the month became known or ceased to be true.
with category_counts as (
  select * from {{ ref("int_street_crimes__category_counts") }}
),

spans as (
  select
    source,
    force,
    month,
    known_from,
    known_to
  from {{ ref("int_records__spans") }}
),

movements as (
  select
    'police_uk_street' as source,
    force,
    month,
    known_from as extract_date,
    offences as rows_began,
    0 as rows_ended
  from category_counts
  union all
  select
    'police_uk_street' as source,
    force,
    month,
    known_to as extract_date,
    0 as rows_began,
    offences as rows_ended
  from category_counts
  where known_to is not null
  union all
  select
    source,
    force,
    month,
    known_from as extract_date,
    1 as rows_began,
    0 as rows_ended
  from spans
  union all
  select
    source,
    force,
    month,
    known_to as extract_date,
    0 as rows_began,
    1 as rows_ended
  from spans
  where known_to is not null
)

select
  source,
  force,
  month,
  extract_date,
  cast(sum(rows_began) as bigint) as rows_began,
  cast(sum(rows_ended) as bigint) as rows_ended
from movements
group by all
