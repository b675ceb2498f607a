-- One row per force, measure, month and extract date at which the count moved.
with turning_days as (
  select distinct day
  from (select unnest([valid_from, valid_to + 1]) as day from {{ ref("measure_members") }})
  where day is not null
),

kind_counts as (
  select
    states.force,
    states.class_code,
    states.sub_code,
    states.victim_type,
    states.method_tags,
    states.operation,
    turning_days.day,
    states.month,
    states.known_from,
    states.known_to,
    count(*) as records
  from {{ ref("states") }} as states
  asof left join turning_days on states.recorded_at >= turning_days.day
  where states.status = 'recorded'
  group by all
),

numbered as (
  select
    *,
    hash(class_code, sub_code, victim_type, method_tags, operation, day) as kind
  from kind_counts
),

kinds as (
  select distinct
    numbered.kind,
    numbered.class_code,
    numbered.sub_code,
    numbered.victim_type,
    list_transform(string_split(numbered.method_tags, ';'), lambda tag: trim(tag)) as tags,
    numbered.operation,
    numbered.day,
    offences.theme
  from numbered
  inner join {{ ref("offences") }} as offences
    on numbered.class_code = offences.class_code and offences.sub_code is null
),

members as (
  select
    members.*,
    measures.theme
  from {{ ref("measure_members") }} as members
  inner join {{ ref("measures") }} as measures using (measure)
  where members.police_uk_category is null and members.asb_category is null
),

counting as (
  select distinct
    kinds.kind,
    members.measure
  from kinds
  inner join members
    on members.class_code = kinds.class_code or (members.class_code is null and members.theme = kinds.theme)
  where
    (members.sub_code is null or members.sub_code = kinds.sub_code)
    and (members.victim_type is null or members.victim_type = kinds.victim_type)
    and (members.tag is null or list_contains(kinds.tags, members.tag))
    and (members.operation is null or members.operation = kinds.operation)
    and (members.valid_from is null or members.valid_from <= kinds.day)
    and (members.valid_to is null or kinds.day is null or kinds.day <= members.valid_to)
),

counted as (
  select
    numbered.force,
    counting.measure,
    numbered.month,
    numbered.known_from,
    numbered.known_to,
    sum(numbered.records) as records
  from numbered
  inner join counting on numbered.kind = counting.kind
  group by all
)

{{ movements("counted") }}
