-- One row per accepted row of a street file, in the project's names.
with source as (
  select * from {{ source("police_uk", "police_uk_street") }}
),

renamed as (
  select
    delivery_id,
    record_no,
    reported_by as force,
    month,
    crime_id,
    falls_within,
    longitude,
    latitude,
    location,
    lsoa_code,
    lsoa_name,
    crime_type,
    last_outcome,
    context
  from source
)

select * from renamed
