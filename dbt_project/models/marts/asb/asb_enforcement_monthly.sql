-- One row per force, programme, month of issue, stage and instrument with an action.
with months as (
  {{ source_months("enforcement_actions") }}
)

select
  actions.force,
  actions.programme,
  actions.month,
  actions.stage,
  actions.instrument,
  count(*) as actions,
  count(distinct actions.person_ref) as people
from {{ ref("enforcement_actions") }} as actions
inner join months on actions.force = months.force and actions.month = months.month
where months.coverage <> 'missing'
group by actions.force, actions.programme, actions.month, actions.stage, actions.instrument
order by actions.force, actions.programme, actions.month, actions.stage, actions.instrument
