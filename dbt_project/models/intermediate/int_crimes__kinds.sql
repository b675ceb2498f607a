-- One row per kind of crime (whatever decides which measures a crime counts in) and measure that counts it.
with kinds as (
  select
    kind,
    any_value(class_code) as class_code,
    any_value(sub_code) as sub_code,
    any_value(victim_type) as victim_type,
    list_transform(string_split(any_value(method_tags), ';'), lambda tag: trim(tag)) as tags,
    any_value(operation) as operation,
    any_value(counted_since) as counted_since
  from {{ ref("int_crimes__states") }}
  group by kind
),

themed as (
  select
    kinds.*,
    offences.theme
  from kinds
  inner join {{ ref("offences") }} as offences
    on kinds.class_code = offences.class_code and offences.sub_code is null
),

members as (
  select
    members.measure,
    measures.theme as member_theme,
    members.class_code as member_class_code,
    members.sub_code as member_sub_code,
    members.victim_type as member_victim_type,
    members.tag as member_tag,
    members.operation as member_operation,
    members.valid_from,
    members.valid_to
  from {{ ref("measure_members") }} as members
  inner join {{ ref("measures") }} as measures on members.measure = measures.measure
  where members.police_uk_category is null and members.asb_category is null
),

-- A member that names no class counts under every class of its measure's theme, and under no other.
candidates as (
  select
    themed.*,
    members.*
  from themed
  inner join members on themed.class_code = members.member_class_code
  union all
  select
    themed.*,
    members.*
  from themed
  inner join members on themed.theme = members.member_theme
  where members.member_class_code is null
)

select distinct
  kind,
  measure
from candidates
where
  (member_sub_code is null or member_sub_code = sub_code)
  and (member_victim_type is null or member_victim_type = victim_type)
  and (member_tag is null or list_contains(tags, member_tag))
  and (member_operation is null or member_operation = operation)
  and (valid_from is null or valid_from <= counted_since)
  and (valid_to is null or counted_since is null or counted_since <= valid_to)
