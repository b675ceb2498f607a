-- One row per vehicle checked, as last known.
select *
from ({{ current_records("vehicle_checks") }})
order by force, month, check_ref
