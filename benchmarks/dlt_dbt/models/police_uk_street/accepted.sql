-- One row per row that counts, of a file that stands; a warning has made its column null.
with judged as (
  select *, {{ is_bad() }} as is_bad from {{ ref("typed") }} as typed
),

files as (
  select
    file_id,
    file_force,
    file_month,
    file_extract_date
  from judged
  where file_force is not null
  group by all
  having count_if(is_bad) < 10 or count_if(is_bad) <= 0.2 * count(*)
),

standing as (
  select file_id
  from files
  qualify row_number() over (partition by file_force, file_month, file_extract_date order by file_id) = 1
),

sound as (
  select
    *,
    coalesce(longitude between -9.0 and 2.1 and latitude between 49.5 and 61.1, false) as has_place
  from judged
  semi join standing using (file_id)
  where not is_bad
)

select
  sound.* replace (
    if(has_place, longitude, null) as longitude,
    if(has_place, latitude, null) as latitude,
    if(
      regexp_matches(lsoa_code, '^(([EW]01|S01|N[0-9]{2})[0-9]{6}|95[A-Z]{2}[0-9]{2}[A-Z][0-9])$'), lsoa_code, null
    ) as lsoa_code
  )
from sound
qualify crime_id is null or row_no = max(row_no) over (partition by file_id, crime_id)
