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
)

{{ compared_states("asb_incidents", "kinds") }}
