-- One row per force, measure, month, extract date and cause: how many crimes entered the measure's month or left it.
with transitions as (
  select * from {{ ref("int_crimes__transitions") }}
),

kinds as (
  select * from {{ ref("int_crimes__kinds") }}
),

entered as (
  select
    transitions.force,
    counting.measure,
    transitions.month,
    transitions.extract_date,
    transitions.crimes as change,
    case
      when transitions.was_counted is null then 'recorded_late'
      when not transitions.was_counted then 'reinstated'
      when transitions.previous_month <> transitions.month then 'date_changed_in'
      else 'reclassified_in'
    end as cause
  from transitions
  inner join kinds as counting on transitions.kind = counting.kind
  left join kinds as counted
    on transitions.previous_kind = counted.kind and counting.measure = counted.measure
  where
    transitions.is_counted
    and not (
      coalesce(transitions.was_counted, false)
      and transitions.previous_month = transitions.month
      and counted.measure is not null
    )
),

left_it as (
  select
    transitions.force,
    counted.measure,
    transitions.previous_month as month,
    transitions.extract_date,
    -transitions.crimes as change,
    case
      when not transitions.is_counted then 'cancelled'
      when transitions.previous_month <> transitions.month then 'date_changed_out'
      else 'reclassified_out'
    end as cause
  from transitions
  inner join kinds as counted on transitions.previous_kind = counted.kind
  left join kinds as counting
    on transitions.kind = counting.kind and counted.measure = counting.measure
  where
    transitions.was_counted
    and not (
      transitions.is_counted
      and transitions.previous_month = transitions.month
      and counting.measure is not null
    )
),

movements as (
  select * from entered
  union all by name
  select * from left_it
)

select
  force,
  measure,
  month,
  extract_date,
  cause,
  cast(sum(change) as bigint) as change
from movements
group by all
