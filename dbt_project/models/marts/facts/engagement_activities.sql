-- One row per engagement activity, planned ones too, as last known.
select *
from ({{ current_records("engagement_activities") }})
order by force, month, activity_ref
