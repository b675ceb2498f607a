-- One row per accepted row of an anti-social behaviour incidents file, typed.
with source as (
  select * from {{ source("records", "asb_incidents") }}
),

renamed as (
  select
    delivery_id,
    record_no,
    incident_number,
    status,
    created_at,
    occurred_at,
    category,
    qualifier,
    street,
    ward,
    premises,
    licensed_premises,
    easting,
    northing
  from source
)

select * from renamed
