-- One row per state of a recorded crime: what was known of it, from one extract until the next that changed it.
--
-- What a crime is counted as, and was before, is worked out on narrow rows; what else a record holds is joined to them
-- at the end and held nowhere meanwhile. So millions of crimes need little memory.
{{
  config(
    materialized="incremental",
    incremental_strategy="append",
    pre_hook="{{ delete_touched_records('crimes') }}"
  )
}}

with spans as (
  {{ touched_spans("crimes") }}
),

records as (
  select * from {{ ref("stg_records__crimes") }}
),

-- The days on which some measure begins or ceases to count some kind of record.
boundaries as (
  select unnest([valid_from, valid_to + 1]) as day
  from {{ ref("measure_members") }}
),

turning_days as (
  select list(distinct day) as days
  from boundaries
),

dated as (
  select
    spans.*,
    (records.status = 'recorded') as is_counted,
    list_max(list_filter(turning_days.days, lambda day: day <= records.recorded_at)) as counted_since, -- noqa: RF02
    records.class_code,
    records.sub_code,
    records.victim_type,
    records.method_tags,
    records.operation
  from records
  inner join spans on records.delivery_id = spans.delivery_id and records.record_no = spans.record_no
  cross join turning_days
),

-- What decides which measures a crime counts in, as one number: its kind.
kinds as (
  select
    force,
    month,
    record_key,
    delivery_id,
    record_no,
    known_from,
    known_to,
    is_counted,
    counted_since,
    hash(class_code, sub_code, victim_type, method_tags, operation, counted_since) as kind
  from dated
)

{{ compared_states("crimes", "kinds") }}
