-- One row per anti-social behaviour incident as last known, whatever its status.
select * exclude (known_from, known_to)
from {{ ref("asb_incident_versions") }}
where known_to is null
order by force, month, category, incident_number
