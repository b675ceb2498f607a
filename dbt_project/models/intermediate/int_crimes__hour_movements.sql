-- One row per force, measure, month, hour of the week and extract date: how the crimes committed in that hour moved.
-- An extract is made anew when its changes differ from those that it was made of, which `content` stands for.
{{
  config(
    materialized="incremental",
    incremental_strategy="append",
    pre_hook="{{ delete_changed_extracts('int_crimes__states', ['committed_from', 'committed_to']) }}"
  )
}}

{{
  committed_hours(
    "int_crimes__states", ref("int_crimes__kinds"), ["committed_from", "committed_to"], "committed_from", "committed_to"
  )
}}
