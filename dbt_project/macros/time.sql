{#- First day of the financial year (1 April to 31 March) that a date lies in. -#}
{% macro financial_year_start(day) -%}
  make_date(year({{ day }}) - cast(month({{ day }}) < 4 as integer), 4, 1)
{%- endmacro %}

{#- Whether a state was known at the end of a day. -#}
{% macro known_on(as_of, state) -%}
  {{ state }}.known_from <= {{ as_of }} and ({{ state }}.known_to is null or {{ state }}.known_to > {{ as_of }})
{%- endmacro %}

{#- The end of time: what "no cut-off" means to a macro that takes an as-of date. -#}
{% macro forever() -%}
  date '9999-12-31'
{%- endmacro %}
