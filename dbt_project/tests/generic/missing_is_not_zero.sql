{#- A month has a count exactly when it arrived. -#}
{% test missing_is_not_zero(model) %}
select
  force,
  measure,
  month
from {{ model }}
where (coverage = 'missing') <> (offences is null)
{% endtest %}
