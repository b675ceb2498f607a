-- One row per force, month, activity type, kind of organisation and whether it was internal: Prevent activities held.
select *
from ({{
  monthly_activity(
    "engagement_activities",
    "select * from (" ~ current_records("engagement_activities") ~ ") where programme = 'prevent'",
    ["activity_type", "organisation_type", "internal"],
    [
      ("activities", "count(*)", "0"),
      ("days", "cast(sum(coalesce(days, 1)) as bigint)", "0"),
      ("attendance", "cast(sum(attendance) as bigint)", "0"),
      ("attendance_is_minimum", "bool_or(attendance is null or coalesce(attendance_basis = 'at_least', false))", "false")
    ]
  )
}})
order by force, month, activity_type, organisation_type, internal
