-- One row per notice issued to a road user, as last known.
select *
from ({{ current_records("roads_enforcement") }})
order by force, month, notice_number
