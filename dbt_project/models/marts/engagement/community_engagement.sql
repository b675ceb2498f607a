-- One row per force, month, programme and activity type: activities held and what came of them.
select *
from ({{
  monthly_activity(
    "engagement_activities",
    current_records("engagement_activities"),
    ["programme", "activity_type"],
    [
      ("activities", "count(*)", "0"),
      ("days", "cast(sum(coalesce(days, 1)) as bigint)", "0"),
      ("attendance", "cast(sum(attendance) as bigint)", "0"),
      ("attendance_is_minimum", "bool_or(attendance is null or coalesce(attendance_basis = 'at_least', false))", "false"),
      ("arrests", "cast(coalesce(sum(arrests), 0) as bigint)", "0"),
      ("vehicles_seized", "cast(coalesce(sum(vehicles_seized), 0) as bigint)", "0"),
      ("items_seized", "cast(coalesce(sum(items_seized), 0) as bigint)", "0")
    ]
  )
}})
order by force, month, programme, activity_type
