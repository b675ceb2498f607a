{#- As of the newest extract date of any source, the table macro equals the table, row for row and both ways. -#}
{% test equals_as_of_now(model) %}
{%- set macro_name = (model | string | replace('"', '')) ~ "_as_of" %}
{%- set newest = "(select max(extract_date) from " ~ ref("deliveries") ~ " where state = 'loaded')" %}
with both_sides as (
  select
    *,
    1 as side
  from {{ model }}
  union all by name
  select
    *,
    -1 as side
  from {{ macro_name }}({{ newest }})
)

select * exclude (side)
from both_sides
group by all
having sum(side) <> 0
{% endtest %}
