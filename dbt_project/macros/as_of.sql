{#-
  Makes a model a table macro of one parameter, as_of, instead of a table.

  dbt can neither comment on a macro nor enforce a contract on it: its description is set here, and a test holds it
  against its table row for row.
-#}
{% macro as_of_macro() -%}
  {{
    config(
      materialized="table_function",
      parameters=["as_of"],
      persist_docs={"relation": false, "columns": false},
      contract={"enforced": false},
      post_hook="comment on macro table {{ this }} is '{{ model.description | replace(\"'\", \"''\") }}'"
    )
  }}
{%- endmacro %}
