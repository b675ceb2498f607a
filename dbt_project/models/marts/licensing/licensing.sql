-- One row per force, month, activity type and reason: licensing activities.
select *
from ({{
  monthly_activity(
    "licensing_activities",
    current_records("licensing_activities"),
    ["activity_type", "reason"],
    [
      ("activities", "count(*)", "0"),
      ("risk_assessed", "count(*) filter (where risk_assessed)", "0"),
      ("distinct_premises", "count(distinct premises)", "0")
    ]
  )
}})
order by force, month, activity_type, reason
