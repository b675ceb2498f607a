-- One row per force, month, programme and class of vehicle: vehicles checked.
with checks as (
  {{
    monthly_activity(
      "vehicle_checks",
      current_records("vehicle_checks"),
      ["programme", "vehicle_class"],
      [
        ("operations", "count(distinct operation_ref)", "0"),
        ("checks", "count(*)", "0"),
        ("non_compliant", "count_if(not compliant)", "0"),
        ("offences", "coalesce(sum(offences), 0)", "0")
      ]
    )
  }}
)

select
  force,
  month,
  programme,
  vehicle_class,
  operations,
  checks,
  cast(non_compliant as bigint) as non_compliant,
  {{ percentage("non_compliant", "checks") }} as non_compliant_pct,
  cast(offences as bigint) as offences,
  offences / nullif(checks, 0) as offences_per_check
from checks
order by force, month, programme, vehicle_class
