-- One row per force, measure, month, hour of the week and extract date: how the incidents of that hour moved.
-- Made anew extract by extract, as int_crimes__hour_movements is.
{{
  config(
    materialized="incremental",
    incremental_strategy="append",
    pre_hook="{{ delete_changed_extracts('int_asb_incidents__states', ['occurred_at', 'created_at']) }}"
  )
}}

{{
  committed_hours(
    "int_asb_incidents__states",
    ref("int_asb_incidents__kinds"),
    ["occurred_at", "created_at"],
    "coalesce(occurred_at, created_at)",
    "null::timestamp"
  )
}}
