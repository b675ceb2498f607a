-- One row per source, force, month and extract date at which rows of the month became known or ceased to be true.
with category_counts as (
  select * from {{ ref("int_street_crimes__category_counts") }}
),

transitions as (
  select * from {{ ref("int_crimes__transitions") }}
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
    'crimes' as source,
    force,
    month,
    extract_date,
    crimes as rows_began,
    0 as rows_ended
  from transitions
  union all
  select
    'crimes' as source,
    force,
    previous_month as month,
    extract_date,
    0 as rows_began,
    crimes as rows_ended
  from transitions
  where was_counted is not null
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
order by source, force, month, extract_date
