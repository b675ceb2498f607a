-- One row per state of an anti-social behaviour incident: what was known of it, from one extract until the next change.
--
-- Worked out on narrow rows, as the states of crimes are.
{{
  config(
    materialized="incremental",
    incremental_strategy="append",
    pre_hook="{{ delete_touched_records('asb_incidents') }}"
  )
}}

with spans as (
  {{ touched_spans("asb_incidents") }}
),

records as (
  select * from {{ ref("stg_records__asb_incidents") }}
),

-- The category alone decides which measures an incident counts in.
kinds as (
  select
    spans.*,
    (records.status <> 'cancelled') as is_counted,
    hash(records.category) as kind
  from records
  inner join spans on records.delivery_id = spans.delivery_id and records.record_no = spans.record_no
),

compared as (
  select
    *,
    lag(month) over in_order as previous_month,
    lag(kind) over in_order as previous_kind,
    lag(is_counted) over in_order as was_counted
  from kinds
  window in_order as (partition by force, record_key order by known_from)
)

{{ with_their_records("asb_incidents", "compared") }}
