{#- A column's text without spaces around it; null when blank. -#}
{% macro read_text(column) -%} nullif(trim({{ column }}), '') {%- endmacro %}

{% macro read_time(column) -%}
  try_strptime(
    {{ column }},
    ['%Y-%m-%d %H:%M', '%Y-%m-%d %H:%M:%S', '%Y-%m-%dT%H:%M', '%Y-%m-%dT%H:%M:%S', '%d/%m/%Y %H:%M']
  )
{%- endmacro %}

{% macro read_whole(column) -%}
  case when regexp_full_match({{ column }}, '[+-]?[0-9]+([.]0+)?') then try_cast({{ column }} as bigint) end
{%- endmacro %}

{% macro read_flag(column) -%}
  case
    when lower({{ column }}) in ('y', 'true', '1') then true
    when lower({{ column }}) in ('n', 'false', '0') then false
  end
{%- endmacro %}

{% macro read_code(column) -%}
  case when not regexp_matches({{ column }}, '\s') then {{ column }} end
{%- endmacro %}
