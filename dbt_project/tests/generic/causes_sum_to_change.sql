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
  or change is distinct from {{ movement_causes() | join(" + ") }}
{% endtest %}
