-- One row per force, month and kind of protest with an event: protests held.
with months as (
  {{ source_months("public_order_events") }}
),

events as (
  select events.*
  from ({{ current_records("public_order_events") }}) as events
  inner join months on events.force = months.force and events.month = months.month
  where months.coverage <> 'missing' and events.event_type in ('protest', 'counter_protest', 'march')
)

select
  force,
  month,
  event_type,
  count(*) as events,
  cast(sum(estimated_attendance) as bigint) as estimated_attendance,
  cast(coalesce(sum(arrests), 0) as bigint) as arrests
from events
group by force, month, event_type
order by force, month, event_type
