-- One row per force, quarter of the financial year, breakdown and value: Prevent referrals, small numbers withheld.
select
  force,
  period_from,
  period_to,
  breakdown,
  value,
  referrals,
  disclosure
from {{ ref("int_prevent_referrals__published") }}
order by force, period_from, breakdown_no, value_no
