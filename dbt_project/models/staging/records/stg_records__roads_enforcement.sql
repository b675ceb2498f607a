-- One row per accepted row of a roads enforcement file, typed.
with source as (
  select * from {{ source("records", "roads_enforcement") }}
),

renamed as (
  select
    delivery_id,
    record_no,
    notice_number,
    notice_type,
    offence,
    issued_at,
    street,
    ward,
    vehicle_class,
    operation,
    disposal
  from source
)

select * from renamed
