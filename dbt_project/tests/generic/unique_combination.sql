{#- No two rows share these columns. Only rows whose hash is not alone are compared as they are: narrow, and none as a rule. -#}
{% test unique_combination(model, columns) %}
{%- set key = columns | join(", ") %}
select {{ key }}
from {{ model }}
where hash({{ key }}) in (
  select hash({{ key }})
  from {{ model }}
  group by all
  having count(*) > 1
)
group by all
having count(*) > 1
{% endtest %}
