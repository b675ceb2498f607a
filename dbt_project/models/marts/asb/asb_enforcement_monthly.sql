-- One row per force, programme, month of issue, stage and instrument with an action.
with actions as (
  {{ covered_records("enforcement_actions") }}
)

select
  force,
  programme,
  month,
  stage,
  instrument,
  count(*) as actions,
  count(distinct person_ref) as people
from actions
group by force, programme, month, stage, instrument
order by force, programme, month, stage, instrument
