-- One row per state of a recorded crime: what was known of it, from one extract until the next that changed it.
{{
  config(
    materialized="incremental",
    incremental_strategy="append",
    pre_hook="{{ delete_touched_records('crimes') }}"
  )
}}

with states as (
  {{ touched_versions("crimes") }}
),

-- The days on which some measure begins or ceases to count some kind of record.
boundaries as (
  select unnest([valid_from, valid_to + 1]) as day
  from {{ ref("measure_members") }}
),

turning_days as (
  select day
  from boundaries
  where day is not null
  group by day
),

-- What decides which measures a crime counts in, as one number: its kind.
kinds as (
  select
    states.*,
    (states.status = 'recorded') as is_counted,
    turning_days.day as counted_since,
    hash(
      states.class_code,
      states.sub_code,
      states.victim_type,
      states.method_tags,
      states.operation,
      turning_days.day
    ) as kind
  from states
  asof left join turning_days on states.recorded_at >= turning_days.day
)

select
  *,
  lag(month) over in_order as previous_month,
  lag(kind) over in_order as previous_kind,
  lag(is_counted) over in_order as was_counted
from kinds
window in_order as (partition by force, crime_number order by known_from)
