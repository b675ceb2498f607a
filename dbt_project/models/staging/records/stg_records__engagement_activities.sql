-- One row per accepted row of an engagement activities file, typed.
with source as (
  select * from {{ source("records", "engagement_activities") }}
),

renamed as (
  select
    delivery_id,
    record_no,
    activity_ref,
    programme,
    activity_type,
    started_on,
    days,
    hours,
    organisation,
    organisation_type,
    internal,
    location,
    attendance,
    attendance_basis,
    arrests,
    vehicles_seized,
    items_seized
  from source
)

select * from renamed
