-- One row per accepted row of a public order events file, typed.
with source as (
  select * from {{ source("records", "public_order_events") }}
),

renamed as (
  select
    delivery_id,
    record_no,
    event_ref,
    held_on,
    event_type,
    title,
    location,
    street,
    ward,
    estimated_attendance,
    arrests
  from source
)

select * from renamed
