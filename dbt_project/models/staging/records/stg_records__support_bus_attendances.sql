-- One row per accepted row of a support bus attendances file, typed.
with source as (
  select * from {{ source("records", "support_bus_attendances") }}
),

renamed as (
  select
    delivery_id,
    record_no,
    attendance_ref,
    deployed_on,
    sex,
    need,
    outcome,
    minutes_with_service
  from source
)

select * from renamed
