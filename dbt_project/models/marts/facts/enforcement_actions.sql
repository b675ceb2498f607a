-- One row per action against anti-social behaviour, as last known.
select *
from ({{ current_records("enforcement_actions") }})
order by force, month, action_number
