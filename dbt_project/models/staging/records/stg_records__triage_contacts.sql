-- One row per accepted row of a triage contacts file, typed.
with source as (
  select * from {{ source("records", "triage_contacts") }}
),

renamed as (
  select
    delivery_id,
    record_no,
    contact_ref,
    contact_at,
    clinician_on_duty,
    s136_considered,
    s136_used,
    outcome
  from source
)

select * from renamed
