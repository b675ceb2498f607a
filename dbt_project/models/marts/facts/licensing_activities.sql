-- One row per licensing activity, as last known.
select *
from ({{ current_records("licensing_activities") }})
order by force, month, activity_ref
