-- One row per force, month, kind, hour of the week and extract date: how the crimes committed in that hour moved.
with themed as (
  select distinct kinds.kind
  from {{ ref("int_crimes__kinds") }} as kinds
  inner join {{ ref("measures") }} as measures on kinds.measure = measures.measure
  where measures.theme <> 'all_crime'
),

counted as (
  select
    force,
    month,
    kind,
    known_from,
    known_to,
    committed_from,
    committed_to
  from {{ ref("int_crimes__states") }}
  where is_counted and kind in (select themed.kind from themed)
),

hours as (
  {{ committed_hours("counted", "committed_from", "committed_to") }}
)

select * from hours
