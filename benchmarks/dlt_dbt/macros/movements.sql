{#- By how much each measure and month moved at each extract. counted: force, measure, month, known_from, known_to, records. -#}
{% macro movements(counted) -%}
  select force, measure, month, extract_date, sum(change)::bigint as change
  from (
    select force, measure, month, known_from as extract_date, records as change from {{ counted }}
    union all
    select force, measure, month, known_to, -records from {{ counted }} where known_to is not null
  )
  group by all
  having sum(change) <> 0
{%- endmacro %}
