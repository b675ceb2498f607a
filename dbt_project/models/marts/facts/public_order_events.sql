-- One row per public order event, as last known.
select *
from ({{ current_records("public_order_events") }})
order by force, month, event_ref
