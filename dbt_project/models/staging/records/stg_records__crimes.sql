-- One row per accepted row of a crimes file, typed.
with source as (
  select * from {{ source("records", "crimes") }}
),

renamed as (
  select
    delivery_id,
    record_no,
    crime_number,
    status,
    class_code,
    sub_code,
    offence,
    recorded_at,
    reported_at,
    committed_from,
    committed_to,
    street,
    ward,
    premises,
    premises_type,
    easting,
    northing,
    outcome_code,
    outcome_at,
    alcohol,
    domestic_abuse,
    drugs,
    victim_type,
    circumstance,
    method_tags,
    operation
  from source
)

select * from renamed
