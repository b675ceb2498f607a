-- One row per force, month, notice type and offence: notices issued.
select *
from ({{
  monthly_activity(
    "roads_enforcement",
    current_records("roads_enforcement"),
    ["notice_type", "offence"],
    [("notices", "count(*)", "0")]
  )
}})
order by force, month, notice_type, offence
