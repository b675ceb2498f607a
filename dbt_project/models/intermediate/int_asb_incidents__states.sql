-- One row per state of an anti-social behaviour incident: what was known of it, from one extract until the next change.
{{
  config(
    materialized="incremental",
    incremental_strategy="append",
    pre_hook="{{ delete_touched_records('asb_incidents') }}"
  )
}}

with versions as (
  {{ touched_versions("asb_incidents") }}
),

-- The category alone decides which measures an incident counts in.
kinds as (
  select
    versions.*,
    (versions.status <> 'cancelled') as is_counted,
    hash(versions.category) as kind
  from versions
)

select
  *,
  lag(month) over in_order as previous_month,
  lag(kind) over in_order as previous_kind,
  lag(is_counted) over in_order as was_counted
from kinds
window in_order as (partition by force, incident_number order by known_from)
