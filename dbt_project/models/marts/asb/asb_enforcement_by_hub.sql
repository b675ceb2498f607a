-- One row per force, programme and hub invited to: enforcement actions by the stage of the ladder.
select
  force,
  programme,
  hub_number,
  hub_month,
  count(*) filter (where stage = 'green') as green,
  count(*) filter (where stage = 'yellow') as yellow,
  count(*) filter (where stage = 'red') as red,
  count(*) filter (where stage = 'blue') as blue,
  count(*) filter (where stage = 'cbo') as cbo
from {{ ref("enforcement_actions") }}
where hub_number is not null and hub_month is not null
group by force, programme, hub_number, hub_month
order by force, programme, hub_number, hub_month
