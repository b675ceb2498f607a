-- One row per force, measure, month, hour of the week and extract date: how the crimes committed in that hour moved.
-- An extract is made anew when its changes differ from those that it was made of, which `content` stands for.
{{
  config(
    materialized="incremental",
    incremental_strategy="append",
    pre_hook="{{ delete_changed_extracts('int_crimes__states', ['committed_from', 'committed_to']) }}"
  )
}}

with changes as (
  {{ missing_changes("int_crimes__states", ["committed_from", "committed_to"]) }}
),

contents as (
  {{ extract_contents("changes", ["committed_from", "committed_to"]) }}
),

movements as (
  {{ committed_hours("changes", ref("int_crimes__kinds"), "committed_from", "committed_to") }}
)

select
  movements.*,
  contents.content
from movements
inner join contents on movements.force = contents.force and movements.extract_date = contents.extract_date
