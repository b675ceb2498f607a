-- One row per row of a file, typed; the text of a value that could not be read stays beside it.
{%- set texts = ["offence", "street", "premises", "method_tags"] %}
{%- set reading = {
  "crime_number": read_code("crime_number"),
  "status": read_code("status"),
  "class_code": read_code("class_code"),
  "sub_code": read_code("sub_code"),
  "recorded_at": read_time("recorded_at"),
  "reported_at": read_time("reported_at"),
  "committed_from": read_time("committed_from"),
  "committed_to": read_time("committed_to"),
  "premises_type": read_code("premises_type"),
  "easting": read_whole("easting"),
  "northing": read_whole("northing"),
  "outcome_code": read_code("outcome_code"),
  "outcome_at": read_time("outcome_at"),
  "alcohol": read_flag("alcohol"),
  "domestic_abuse": read_flag("domestic_abuse"),
  "drugs": read_flag("drugs"),
  "victim_type": read_code("victim_type"),
  "circumstance": read_code("circumstance"),
  "operation": read_code("operation"),
} %}

with texts as (
  select
    file as file_id,
    row_no,
    extract_date as file_extract_date,
    {% for column in texts + ["ward"] + (reading | list) if column != "class_code" -%}
    {{ read_text(column) }} as {{ column }},
    {% endfor -%}
    regexp_replace({{ read_text("class_code") }}, '^([0-9]{1,3})/([0-9]{1,2})$', '\1.\2') as class_code
  from raw.crimes
),

spellings as (
  select distinct lower(unnest([ward, official_name])) as spelling, ward as listed_ward from {{ ref("wards") }}
),

read as (
  select
    texts.*,
    {% for column, value in reading.items() %}{{ value }} as {{ column }}__value,
    {% endfor -%}
    spellings.listed_ward
  from texts
  left join spellings on lower(texts.ward) = spellings.spelling
)

select
  file_id,
  row_no,
  file_extract_date,
  {{ texts | join(", ") }},
  {% for column in reading -%}
  {{ column }}__value as {{ column }},
  if({{ column }}__value is null, read.{{ column }}, null) as {{ column }}__as_given,
  {% endfor -%}
  listed_ward as ward,
  if(listed_ward is null, read.ward, null) as ward__as_given
from read
