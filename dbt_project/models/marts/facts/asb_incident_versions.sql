-- One row per state of an anti-social behaviour incident: what the force's records said of it, from when until when.
with states as (
  select * from {{ ref("int_asb_incidents__states") }}
),

kinds as (
  select
    kind,
    list(measure order by measure) as measures
  from {{ ref("int_asb_incidents__kinds") }}
  group by kind
)

select
  states.force,
  states.month,
  states.incident_number,
  states.status,
  states.is_counted,
  states.category,
  -- What is not counted is in no measure.
  if(states.is_counted, kinds.measures, []) as measures,
  states.created_at,
  states.occurred_at,
  states.qualifier,
  states.street,
  states.ward,
  states.premises,
  states.licensed_premises,
  states.easting,
  states.northing,
  states.known_from,
  states.known_to
from states
left join kinds on states.kind = kinds.kind
order by states.force, states.month, states.category, states.incident_number, states.known_from
