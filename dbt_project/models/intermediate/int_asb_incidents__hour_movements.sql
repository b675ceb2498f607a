-- One row per force, measure, month, hour of the week and extract date: how the incidents of that hour moved.
-- Made anew extract by extract, as int_crimes__hour_movements is.
{{
  config(
    materialized="incremental",
    incremental_strategy="append",
    pre_hook="{{ delete_changed_extracts('int_asb_incidents__states', ['occurred_at', 'created_at']) }}"
  )
}}

with changes as (
  {{ missing_changes("int_asb_incidents__states", ["occurred_at", "created_at"]) }}
),

contents as (
  {{ extract_contents("changes", ["occurred_at", "created_at"]) }}
),

movements as (
  {{
    committed_hours(
      "changes", ref("int_asb_incidents__kinds"), "coalesce(occurred_at, created_at)", "null::timestamp"
    )
  }}
)

select
  movements.*,
  contents.content
from movements
inner join contents on movements.force = contents.force and movements.extract_date = contents.extract_date
