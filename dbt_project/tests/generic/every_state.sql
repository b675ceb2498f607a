{#- The table has every state of a source's records, or every current one: no row of the source is lost on its way. -#}
{% test every_state(model, of_source, current_only=false) %}
with known as (
  select coalesce(sum({{ "rows_began - rows_ended" if current_only else "rows_began" }}), 0) as row_count
  from {{ ref("int_source_movements") }}
  where source = '{{ of_source }}'
),

shown as (
  select count(*) as row_count
  from {{ model }}
)

select
  known.row_count as known_rows,
  shown.row_count as shown_rows
from known
cross join shown
where known.row_count <> shown.row_count
{% endtest %}
