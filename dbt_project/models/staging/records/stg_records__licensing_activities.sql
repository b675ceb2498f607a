-- One row per accepted row of a licensing activities file, typed.
with source as (
  select * from {{ source("records", "licensing_activities") }}
),

renamed as (
  select
    delivery_id,
    record_no,
    activity_ref,
    activity_type,
    held_on,
    premises,
    ward,
    risk_assessed,
    reason
  from source
)

select * from renamed
