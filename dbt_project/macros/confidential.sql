{#-
  A count in a released table, or NULL for a confidential source: its counts by month, delivery or rule would give away
  what the small-number rule withholds. Which sources are confidential is said in their contracts.
-#}
{% macro unless_confidential(source_column, count) -%}
  {%- set sources = record_sources() | selectattr("confidential") | map(attribute="source") | list -%}
  if({{ source_column }} in ('{{ sources | join("', '") }}'), null, {{ count }})
{%- endmacro %}
