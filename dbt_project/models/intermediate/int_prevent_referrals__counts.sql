-- One row per force, quarter, breakdown and value: referrals and reports, as last known. Not to be released.
{%- set accepted = record_source("prevent_referrals")["values"] %}
{%- set breakdowns = [
  ("all", "'all'", ["all"]),
  ("sector", "coalesce(sector, 'not_recorded')", accepted.sector + ["not_recorded"]),
  ("concern", "coalesce(concern, 'not_recorded')", accepted.concern + ["not_recorded"]),
  ("outcome", "coalesce(outcome, 'not_recorded')", accepted.outcome + ["not_recorded"]),
  (
    "city_based",
    "case city_based when true then 'yes' when false then 'no' else 'not_recorded' end",
    ["yes", "no", "not_recorded"],
  ),
  ("record_type", "record_type", accepted.record_type),
] %}
with

months as (
  {{ source_months("prevent_referrals") }}
),

-- The last quarter is one whose last month has ended; the first may begin before the source does, and counts.
quarters as (
  select
    force,
    cast(date_trunc('quarter', month) as date) as period_from,
    bool_or(coverage = 'missing') as is_missing
  from months
  group by force, period_from
  having max(month) = period_from + interval 2 month
),

referrals as (
  {{ current_records("prevent_referrals") }}
),

-- What each referral is in each breakdown.
in_breakdowns as (
  select
    force,
    cast(date_trunc('quarter', month) as date) as period_from,
    unnest([
      {%- for breakdown, value, _ in breakdowns %}
        struct_pack(breakdown := '{{ breakdown }}', value := {{ value }}){{ "," if not loop.last }}
      {%- endfor %}
    ], recursive := true)
  from referrals
),

counted as (
  select
    force,
    period_from,
    breakdown,
    value,
    count(*) as referrals
  from in_breakdowns
  group by all
),

-- Every value has a row, in the order of the contract.
breakdown_values as (
  select unnest([
    {%- for breakdown, _, of_breakdown in breakdowns %}
      {%- set breakdown_no, is_last = loop.index, loop.last %}
      {%- for value in of_breakdown %}
        struct_pack(
          breakdown := '{{ breakdown }}',
          breakdown_no := {{ breakdown_no }},
          value := '{{ value }}',
          value_no := {{ loop.index }}
        ){{ "," if not (is_last and loop.last) }}
      {%- endfor %}
    {%- endfor %}
  ], recursive := true)
)

select
  quarters.force,
  quarters.period_from,
  last_day(quarters.period_from + interval 2 month) as period_to,
  breakdown_values.breakdown,
  breakdown_values.breakdown_no,
  breakdown_values.value,
  breakdown_values.value_no,
  case when not quarters.is_missing then coalesce(counted.referrals, 0) end as referrals
from quarters
cross join breakdown_values
left join counted
  on
    quarters.force = counted.force
    and quarters.period_from = counted.period_from
    and breakdown_values.breakdown = counted.breakdown
    and breakdown_values.value = counted.value
