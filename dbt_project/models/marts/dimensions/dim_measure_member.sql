-- One row per measure and kind of record that it counts.
select
  measure,
  class_code,
  sub_code,
  victim_type,
  tag,
  operation,
  police_uk_category,
  asb_category,
  valid_from,
  valid_to
from {{ ref("measure_members") }}
order by all
