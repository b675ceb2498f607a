{#- As of the newest extract date of any source, the table macro equals the table, row for row and both ways. -#}
{% test equals_as_of_now(model) %}
{%- set macro_name = (model | string | replace('"', '')) ~ "_as_of" %}
{%- set newest = "(select max(extract_date) from " ~ ref("deliveries") ~ " where state = 'loaded')" %}
with now_table as (
  select * from {{ model }}
),

now_macro as (
  select * from {{ macro_name }}({{ newest }})
)

(select * from now_table except all select * from now_macro)
union all
(select * from now_macro except all select * from now_table)
{% endtest %}
