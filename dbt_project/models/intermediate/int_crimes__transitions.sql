-- One row per force, extract date and pair of what a crime was counted as before that extract and from it on, with the
-- number of crimes. was_counted is NULL for crimes that were not known before.
select
  force,
  known_from as extract_date,
  previous_month,
  previous_kind,
  was_counted,
  month,
  kind,
  is_counted,
  count(*) as crimes
from {{ ref("int_crimes__states") }}
group by all
