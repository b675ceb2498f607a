-- One row per Home Office offence class (sub_code NULL) and per class and sub-code.
select
  class_code,
  sub_code,
  title,
  offence_group,
  offence_subgroup,
  police_uk_category,
  theme,
  victim_or_state,
  recordable,
  valid_from,
  valid_to,
  verification
from {{ ref("offences") }}
order by class_code, sub_code
