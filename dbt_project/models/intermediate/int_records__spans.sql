-- One row per state of a record of a source of changes: which row of which delivery it is, and when it was known.
{{
  config(
    materialized="incremental",
    incremental_strategy="append",
    pre_hook="{{ delete_touched_spans() }}"
  )
}}

with spans as (
  {{ every_span() }}
)

select * from spans
