-- One row per state of a street crime, from one publication that changed its slice until the next.
{%- set content = [
  "crime_id", "falls_within", "longitude", "latitude", "location", "lsoa_code", "lsoa_name", "crime_type",
  "last_outcome", "context"
] %}

with publications as (
  select
    file_id,
    file_force,
    file_month,
    file_extract_date,
    (count(*), sum(hash({{ content | join(", ") }}))) as content
  from {{ ref("accepted") }}
  group by all
),

changed as (
  select *
  from publications
  qualify
    content is distinct from lag(content) over (partition by file_force, file_month order by file_extract_date)
),

spans as (
  select
    file_id,
    file_extract_date as known_from,
    lead(file_extract_date) over (partition by file_force, file_month order by file_extract_date) as known_to
  from changed
)

select
  file_force as force,
  month,
  {{ content | join(", ") }},
  known_from,
  known_to
from {{ ref("accepted") }}
inner join spans using (file_id)
