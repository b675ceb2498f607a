-- One row per recorded crime as last known, whatever its status.
select * exclude (known_from, known_to)
from {{ ref("crime_versions") }}
where known_to is null
order by force, month, class_code, crime_number
