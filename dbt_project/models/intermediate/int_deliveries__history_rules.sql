-- One row per rule of history, as the contracts give it.
{{ config(materialized="view") }}

{{ history_rule_rows() }}
