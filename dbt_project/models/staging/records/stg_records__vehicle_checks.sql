-- One row per accepted row of a vehicle checks file, typed.
with source as (
  select * from {{ source("records", "vehicle_checks") }}
),

renamed as (
  select
    delivery_id,
    record_no,
    check_ref,
    programme,
    operation_ref,
    checked_at,
    vehicle_class,
    licensing_authority,
    compliant,
    offences,
    reasons
  from source
)

select * from renamed
