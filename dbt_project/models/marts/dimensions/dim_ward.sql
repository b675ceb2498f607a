-- One row per ward of the City of London.
select
  ward,
  ward_code,
  official_name
from {{ ref("wards") }}
order by ward
