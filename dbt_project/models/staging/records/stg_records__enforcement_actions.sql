-- One row per accepted row of an enforcement actions file, typed.
with source as (
  select * from {{ source("records", "enforcement_actions") }}
),

renamed as (
  select
    delivery_id,
    record_no,
    action_number,
    programme,
    person_ref,
    stage,
    instrument,
    issued_on,
    hub_number,
    hub_month,
    hub_attended,
    street,
    ward
  from source
)

select * from renamed
