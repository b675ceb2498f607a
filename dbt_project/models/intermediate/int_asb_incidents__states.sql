-- One row per state of an anti-social behaviour incident: what was known of it, from one extract until the next change.
{{
  config(
    materialized="incremental",
    incremental_strategy="append",
    pre_hook="{{ delete_touched_records('asb_incidents') }}"
  )
}}

with touched as (
  {{ touched_records(record_source("asb_incidents")) }}
),

versions as (
  {{ record_versions("asb_incidents") }}
),

-- The category alone decides which measures an incident counts in.
kinds as (
  select
    versions.*,
    (versions.status <> 'cancelled') as is_counted,
    hash(versions.category) as kind
  from versions
  {%- if is_incremental() %}
  semi join touched on versions.force = touched.force and versions.incident_number = touched.record_key
  {%- endif %}
)

select
  *,
  lag(month) over in_order as previous_month,
  lag(kind) over in_order as previous_kind,
  lag(is_counted) over in_order as was_counted
from kinds
window in_order as (partition by force, incident_number order by known_from)
