-- One row per row of a street file that a later row of the same file with the same Crime ID replaces.
{{
  config(
    materialized="incremental",
    incremental_strategy="append",
    pre_hook="{{ delete_pending_slices('police_uk_street') }}"
  )
}}

with deliveries as (
  {{ standing_deliveries("police_uk_street") }}
),

street as (
  select
    deliveries.delivery_id,
    deliveries.force,
    deliveries.slice,
    rows.record_no,
    rows.crime_id
  from {{ ref("stg_police_uk__street") }} as rows
  inner join deliveries on rows.delivery_id = deliveries.delivery_id
  where rows.crime_id is not null
),

-- Found on hashes first: grouping by the 64 characters themselves costs several times as much.
repeated as (
  select
    delivery_id,
    hash(crime_id) as crime_hash
  from street
  group by all
  having count(*) > 1
),

last_rows as (
  select
    street.delivery_id,
    street.force,
    street.slice,
    street.record_no,
    max(street.record_no) over (partition by street.delivery_id, street.crime_id) as last_record_no
  from street
  inner join repeated
    on street.delivery_id = repeated.delivery_id and hash(street.crime_id) = repeated.crime_hash
)

select
  delivery_id,
  force,
  slice,
  record_no
from last_rows
where record_no < last_record_no
