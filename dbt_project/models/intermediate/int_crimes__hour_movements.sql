-- One row per force, measure, month, hour of the week and extract date: how the crimes committed in that hour moved.
with counted as (
  select
    force,
    month,
    kind,
    known_from,
    known_to,
    committed_from,
    committed_to
  from {{ ref("int_crimes__states") }}
  where is_counted
),

movements as (
  {{ committed_hours("counted", ref("int_crimes__kinds"), "committed_from", "committed_to") }}
)

select * from movements
