{#-
  Profile of the assaults of six months (measure assault_profile), as known at the end of a day.

  Grain: one row per force and window of six complete months, by the month of recording. Unit: offences; shares in
  percent with one decimal. Nights, the night-time economy and the committed date go by committed_from (its end for
  committed_before_window, where there is one). as_of: a SQL expression of type date.
  Stored in the release and run by DuckDB 1.x too, see `performance`.
-#}
{% macro violence_profile(as_of) %}
with months as (
  select
    source,
    force,
    month,
    coverage
  from ({{ theme_months("violence", as_of) }})
  where source = 'crimes' and coverage <> 'missing'
),

windows as (
  select
    force,
    cast(month - interval 5 month as date) as first_month,
    month as last_month
  from (
    select
      force,
      month,
      count(*) over (
        partition by force order by month range between interval 5 month preceding and current row
      ) as complete_months
    from months
    where coverage = 'complete'
  )
  where complete_months = 6
),

assaults as (
  select
    force,
    month,
    coalesce(committed_to, committed_from) as committed,
    extract('hour' from committed_from) >= 18 or extract('hour' from committed_from) < 6 as is_nte,
    -- A time after midnight belongs to the night of the day before.
    isodow(committed_from - interval 6 hour) as night_of,
    alcohol,
    domestic_abuse,
    drugs,
    circumstance
  from {{ ref("crime_versions") }} as versions
  where
    {{ known_on(as_of, "versions") }}
    and list_contains(measures, 'assault_profile')
),

profiles as (
  select
    windows.force,
    windows.first_month as window_from,
    windows.last_month,
    count(assaults.force) as offences,
    count(*) filter (where assaults.committed < windows.first_month) as committed_before_window,
    count(*) filter (where assaults.is_nte) as nte,
    count(*) filter (where assaults.is_nte and assaults.night_of in (4, 5, 6)) as thu_sat_nights,
    count(*) filter (where assaults.alcohol) as alcohol,
    count(*) filter (where assaults.domestic_abuse) as domestic_abuse,
    count(*) filter (where assaults.drugs) as drugs,
    {%- for circumstance in ["staff_victim", "domestic", "colleagues", "by_staff", "road_rage", "other"] %}
    count(*) filter (where assaults.circumstance = '{{ circumstance }}') as {{ circumstance }},
    {%- endfor %}
    count(assaults.force) filter (where assaults.circumstance is null) as not_classified
  from windows
  left join assaults
    on
      windows.force = assaults.force
      and assaults.month >= windows.first_month
      and assaults.month <= windows.last_month
  group by all
),

-- The six months before count only where each of them has arrived.
before as (
  select
    windows.force,
    windows.first_month,
    count(distinct months.month) as months_known,
    count(assaults.force) as offences
  from windows
  inner join months
    on
      windows.force = months.force
      and months.month >= windows.first_month - interval 6 month
      and months.month < windows.first_month
  left join assaults on months.force = assaults.force and months.month = assaults.month
  group by all
),

compared as (
  select
    profiles.*,
    case when before.months_known = 6 then before.offences end as previous_six_months
  from profiles
  left join before on profiles.force = before.force and profiles.window_from = before.first_month
)

select
  force,
  window_from,
  last_day(last_month) as window_to,
  offences,
  previous_six_months,
  {{ change_pct("offences", "previous_six_months") }} as change_pct,
  committed_before_window,
  nte,
  {{ percentage("nte", "offences") }} as nte_share_pct,
  thu_sat_nights,
  alcohol,
  domestic_abuse,
  drugs,
  staff_victim,
  domestic,
  colleagues,
  by_staff,
  road_rage,
  other,
  not_classified
from compared
order by force, window_from
{% endmacro %}
