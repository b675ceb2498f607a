-- One row per street crime or incident as last published.
select
  force,
  month,
  crime_id,
  falls_within,
  longitude,
  latitude,
  location,
  lsoa_code,
  lsoa_name,
  crime_type,
  last_outcome,
  context
from {{ ref("street_crime_versions") }}
where known_to is null
