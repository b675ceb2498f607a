-- One row per source, force, measure, month, hour of the week and extract date at which what is known of it moved.
with movements as (
  select
    'crimes' as source,
    *
  from {{ ref("int_crimes__hour_movements") }}
  union all by name
  select
    'asb_incidents' as source,
    *
  from {{ ref("int_asb_incidents__hour_movements") }}
)

select
  source,
  force,
  measure,
  month,
  weekday,
  hour,
  extract_date,
  weight,
  starts,
  pieces
from movements
order by source, measure, force, month, extract_date, weekday, hour
