-- One row per source, force, measure, month, hour of the week and extract date at which what is known of it moved.
select
  'crimes' as source,
  force,
  measure,
  month,
  weekday,
  hour,
  extract_date,
  weight,
  starts,
  pieces
from {{ ref("int_crimes__hour_movements") }}
order by source, measure, force, month, extract_date, weekday, hour
