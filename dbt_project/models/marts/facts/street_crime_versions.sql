-- One row per state of a street crime or incident: what data.police.uk said of it, from one publication to the next.
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
  context,
  known_from,
  known_to
from {{ ref("int_street_crimes__states") }}
order by force, month
