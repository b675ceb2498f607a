-- One row per row of a file, typed.
{%- set texts = [
  "crime_id", "reported_by", "falls_within", "location", "lsoa_code", "lsoa_name", "crime_type", "context"
] %}

with texts as (
  select
    file as file_id,
    row_no,
    file_month,
    extract_date as file_extract_date,
    {% for column in texts %}{{ read_text(column) }} as {{ column }}, {% endfor %}
    {{ read_text("last_outcome_category") }} as last_outcome,
    {{ read_text("month") }} as month_text,
    {{ read_text("longitude") }} as longitude_text,
    {{ read_text("latitude") }} as latitude_text
  from raw.police_uk_street
),

forces as (
  select
    file_id,
    arg_min(reported_by, (-row_count, reported_by)) as file_force
  from (select file_id, reported_by, count(*) as row_count from texts where reported_by is not null group by all)
  group by file_id
)

select
  texts.* exclude (month_text, longitude_text, latitude_text),
  forces.file_force,
  try_cast(month_text || '-01' as date) as month,
  if(month is null, month_text, null) as month__as_given,
  try_cast(longitude_text as double) as longitude,
  if(longitude is null, longitude_text, null) as longitude__as_given,
  try_cast(latitude_text as double) as latitude,
  if(latitude is null, latitude_text, null) as latitude__as_given
from texts
left join forces using (file_id)
