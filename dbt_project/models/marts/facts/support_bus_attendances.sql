-- One row per attendance of the support bus, as last known.
select *
from ({{ current_records("support_bus_attendances") }})
order by force, month, attendance_ref
