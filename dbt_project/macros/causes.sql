{#- Why a record enters or leaves the count of a month, see restatements in docs/measures-and-charts.md. -#}
{% macro movement_causes() -%}
  {{ return([
    "recorded_late", "reclassified_in", "reclassified_out", "cancelled", "reinstated", "date_changed_in",
    "date_changed_out", "resupplied"
  ]) }}
{%- endmacro %}
