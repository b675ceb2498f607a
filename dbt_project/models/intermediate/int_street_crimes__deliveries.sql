-- One row per standing delivery of street crimes: what its rows became, and the span in which they are the truth.
{{
  config(
    materialized="incremental",
    incremental_strategy="append",
    pre_hook="{{ delete_pending_slices('police_uk_street') }}"
  )
}}

{%- set compared = [
  "crime_id", "falls_within", "longitude", "latitude", "location", "lsoa_code", "lsoa_name", "crime_type",
  "last_outcome", "context"
] %}

with deliveries as (
  {{ standing_deliveries("police_uk_street") }}
),

-- Two digests of the rows that stand, which do not depend on their order: sums of two hashes over every column.
contents as (
  select
    rows.delivery_id,
    count(*) as row_count,
    sum(hash({{ compared | join(", ") }})) as digest,
    sum(hash({{ compared | reverse | join(", ") }}, 1)) as second_digest
  from {{ ref("stg_police_uk__street") }} as rows
  semi join deliveries on rows.delivery_id = deliveries.delivery_id
  anti join {{ ref("int_street_crimes__superseded") }} as superseded
    on rows.delivery_id = superseded.delivery_id and rows.record_no = superseded.record_no
  group by rows.delivery_id
),

superseded_rows as (
  select
    delivery_id,
    count(*) as row_count
  from {{ ref("int_street_crimes__superseded") }}
  group by delivery_id
),

in_order as (
  select
    deliveries.delivery_id,
    deliveries.force,
    deliveries.slice,
    deliveries.extract_date,
    coalesce(contents.row_count, 0) as row_count,
    coalesce(superseded_rows.row_count, 0) as superseded_in_file,
    struct_pack(
      row_count := coalesce(contents.row_count, 0), digest := contents.digest, second := contents.second_digest
    ) as content
  from deliveries
  left join contents on deliveries.delivery_id = contents.delivery_id
  left join superseded_rows on deliveries.delivery_id = superseded_rows.delivery_id
),

-- A publication with the content of the one before it changes nothing and begins no state.
judged as (
  select
    *,
    (content is distinct from lag(content) over in_slice) as is_new
  from in_order
  window in_slice as (partition by force, slice order by extract_date)
),

spans as (
  select
    delivery_id,
    lead(extract_date) over (partition by force, slice order by extract_date) as known_to
  from judged
  where is_new
)

select
  judged.delivery_id,
  judged.force,
  judged.slice,
  judged.is_new,
  if(judged.is_new, judged.row_count, 0) as loaded,
  if(judged.is_new, 0, judged.row_count) as unchanged,
  judged.superseded_in_file,
  if(judged.is_new, judged.extract_date, null) as known_from,
  spans.known_to
from judged
left join spans on judged.delivery_id = spans.delivery_id
