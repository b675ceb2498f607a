-- One row per force and month: how soon after their report crimes were recorded.
with months as (
  {{ theme_months("all_crime", forever()) }}
),

counts as (
  select
    crimes.force,
    crimes.month,
    count(*) as recorded,
    count_if(crimes.recorded_at - crimes.reported_at <= interval 24 hour) as recorded_within_24h,
    count_if(crimes.month > date_trunc('month', crimes.reported_at)) as recorded_later_month
  from {{ ref("crimes") }} as crimes
  inner join months on months.source = 'crimes' and crimes.force = months.force and crimes.month = months.month
  where months.coverage <> 'missing' and crimes.is_counted and crimes.reported_at is not null
  group by all
)

select
  force,
  month,
  recorded,
  cast(recorded_within_24h as bigint) as recorded_within_24h,
  {{ percentage("recorded_within_24h", "recorded") }} as share_pct,
  cast(recorded_later_month as bigint) as recorded_later_month,
  {{ percentage("recorded_later_month", "recorded") }} as later_month_pct
from counts
order by force, month
