-- One row per typed row, and whether it breaks a critical rule. Copies of a number in a file must be alike.
with repeated as (
  select file_id, crime_number from {{ ref("typed") }} where crime_number is not null group by all having count(*) > 1
),

versions as (
  select distinct * exclude (row_no, ward__as_given) from {{ ref("typed") }} semi join repeated using (file_id, crime_number)
),

conflicts as (
  select file_id, crime_number, true as is_conflict from versions group by all having count(*) > 1
)

select
  typed.*,
  coalesce(conflicts.is_conflict, false) as key_conflicts,
  {{ is_bad() }} as is_bad
from {{ ref("typed") }} as typed
left join conflicts using (file_id, crime_number)
