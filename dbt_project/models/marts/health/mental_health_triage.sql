-- One row per force and month: contacts of the mental health triage service.
with contacts as (
  {{
    monthly_activity(
      "triage_contacts",
      "select *, true as any_contact from (" ~ current_records("triage_contacts") ~ ")",
      ["any_contact"],
      [
        ("contacts", "count(*)", "0"),
        ("s136_on_duty", "cast(count_if(s136_used and clinician_on_duty) as bigint)", "0"),
        ("s136_off_duty", "cast(count_if(s136_used and not clinician_on_duty) as bigint)", "0"),
        ("avoided", "cast(count_if(clinician_on_duty and s136_considered and not s136_used) as bigint)", "0")
      ]
    )
  }}
)

select
  force,
  month,
  contacts,
  s136_on_duty,
  s136_off_duty,
  s136_on_duty + s136_off_duty as s136_total,
  avoided,
  s136_on_duty + s136_off_duty + avoided as counterfactual_total,
  {{ percentage("avoided", "(avoided + s136_on_duty)") }} as avoided_pct
from contacts
order by force, month
