-- One row per record_source, force, measure and window of 7, 12 or 24 months up to the last month of asb_performance.
select
  record_source,
  force,
  measure,
  window_months,
  window_from,
  window_to,
  slope,
  p_value,
  mann_kendall_s,
  mann_kendall_p,
  dispersion,
  verdict
from {{ ref("int_asb_incidents__trends") }}
order by record_source, force, measure, window_months
