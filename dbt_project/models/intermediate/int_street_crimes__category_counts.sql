-- One row per force, month, category and span of knowledge: how many street crimes or incidents were known then.
select
  force,
  month,
  crime_type,
  known_from,
  known_to,
  count(*) as offences
from {{ ref("int_street_crimes__states") }}
group by all
