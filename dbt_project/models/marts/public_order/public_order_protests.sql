-- One row per force, month and kind of protest with an event: protests held.
with events as (
  {{ covered_records("public_order_events") }}
)

select
  force,
  month,
  event_type,
  count(*) as events,
  cast(sum(estimated_attendance) as bigint) as estimated_attendance,
  cast(coalesce(sum(arrests), 0) as bigint) as arrests
from events
where event_type in ('protest', 'counter_protest', 'march')
group by force, month, event_type
order by force, month, event_type
