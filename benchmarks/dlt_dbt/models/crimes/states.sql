-- One row per state of a crime, from one extract until the next that changed it.
{%- set content = [
  "crime_number", "status", "class_code", "sub_code", "offence", "recorded_at", "reported_at", "committed_from",
  "committed_to", "street", "ward", "premises", "premises_type", "easting", "northing", "outcome_code", "outcome_at",
  "alcohol", "domestic_abuse", "drugs", "victim_type", "circumstance", "method_tags", "operation"
] %}

with standing as (
  select file_id
  from {{ ref("judged") }}
  group by file_id
  having count_if(is_bad or key_conflicts) < 10 or count_if(is_bad or key_conflicts) <= 0.2 * count(*)
),

extracts as (
  select distinct on (crime_number, file_extract_date)
    {{ content | join(", ") }},
    file_extract_date as known_from
  from {{ ref("judged") }}
  semi join standing using (file_id)
  where not is_bad and not key_conflicts
  order by crime_number, file_extract_date, row_no
),

changed as (
  select *
  from extracts
  qualify hash({{ content | join(", ") }}) is distinct from
    lag(hash({{ content | join(", ") }})) over (partition by crime_number order by known_from)
)

select
  '{{ var("force") }}' as force,
  cast(date_trunc('month', recorded_at) as date) as month,
  *,
  lead(known_from) over (partition by crime_number order by known_from) as known_to
from changed
