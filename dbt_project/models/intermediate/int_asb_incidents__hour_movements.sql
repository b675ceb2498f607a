-- One row per force, measure, month, hour of the week and extract date: how the incidents of that hour moved.
with counted as (
  select
    force,
    month,
    kind,
    known_from,
    known_to,
    coalesce(occurred_at, created_at) as occurred_at
  from {{ ref("int_asb_incidents__states") }}
  where is_counted
),

movements as (
  {{ committed_hours("counted", ref("int_asb_incidents__kinds"), "occurred_at", "null::timestamp") }}
)

select * from movements
