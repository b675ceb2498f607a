{#- The causes of a restatement add up to its change. -#}
{% test causes_sum_to_change(model) %}
select
  force,
  measure,
  month,
  extract_date
from {{ model }}
where
  change is distinct from offences - previous_offences
  or change is distinct from
  recorded_late + reclassified_in + reclassified_out + cancelled + reinstated
  + date_changed_in + date_changed_out + resupplied
{% endtest %}
