-- acquisitive_crime_performance as it was known at the end of the day as_of.
{{
  config(
    materialized="table_function",
    parameters=["as_of"],
    persist_docs={"relation": false, "columns": false},
    contract={"enforced": false},
    post_hook="comment on macro table {{ this }} is '{{ model.description | replace(\"'\", \"''\") }}'"
  )
}}
{{ performance("acquisitive_crime", "cast(as_of as date)") }}
