-- One row per state of a recorded crime: what the force's records said of it, from one extract until the next change.
with states as (
  select * from {{ ref("int_crimes__states") }}
),

kinds as (
  select
    kind,
    list(measure order by measure) as measures
  from {{ ref("int_crimes__kinds") }}
  group by kind
),

classes as (
  select
    class_code,
    theme,
    offence_group,
    offence_subgroup
  from {{ ref("offences") }}
  where sub_code is null
)

select
  states.force,
  states.month,
  states.crime_number,
  states.status,
  states.is_counted,
  states.class_code,
  states.sub_code,
  states.offence,
  classes.theme,
  classes.offence_group,
  classes.offence_subgroup,
  -- What is not counted is in no measure.
  if(states.is_counted, kinds.measures, []) as measures,
  states.recorded_at,
  states.reported_at,
  states.committed_from,
  states.committed_to,
  states.street,
  states.ward,
  states.premises,
  states.premises_type,
  states.easting,
  states.northing,
  states.outcome_code,
  states.outcome_at,
  states.alcohol,
  states.domestic_abuse,
  states.drugs,
  states.victim_type,
  states.circumstance,
  states.method_tags,
  states.operation,
  states.known_from,
  states.known_to
from states
left join kinds on states.kind = kinds.kind
left join classes on states.class_code = classes.class_code
order by states.force, states.month, states.class_code, states.crime_number, states.known_from
