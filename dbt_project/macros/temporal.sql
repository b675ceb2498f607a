{#-
  When the offences of a theme were committed, as known at the end of a day.

  Grain: one row per force, measure, month, weekday and hour with a record; month is that of the record, weekday and
  hour are of the committed time. Unit of offences: records, in parts where a record spans several hours.
  as_of: a SQL expression of type date. Stored in the release and run by DuckDB 1.x too, see `performance`.
-#}
{% macro temporal(theme, as_of) %}
with months as (
  {{ theme_months(theme, as_of) }}
),

names as (
  select ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'] as weekday_names
),

cells as (
  select
    source,
    force,
    measure,
    month,
    weekday,
    hour,
    sum(weight) as weight,
    sum(starts) as starts
  from {{ ref("hour_movements") }}
  where
    extract_date <= {{ as_of }}
    and hour is not null
    and measure in (select dim_measure.measure from {{ ref("dim_measure") }} as dim_measure where theme = '{{ theme }}')
  group by all
  having sum(pieces) > 0
)

select
  cells.force,
  cells.measure,
  cells.month,
  cells.weekday,
  names.weekday_names[cells.weekday] as weekday_name,
  cells.hour,
  cells.hour >= 18 or cells.hour < 6 as is_nte,
  case
    when cells.hour >= 18 then names.weekday_names[cells.weekday]
    when cells.hour < 6 then names.weekday_names[case when cells.weekday = 1 then 7 else cells.weekday - 1 end]
  end as night_of,
  round(cast(cells.weight as double) / 1000000000000, 11) as offences,
  cast(cells.starts as bigint) as offences_by_start
from cells
inner join months
  on cells.source = months.source and cells.force = months.force and cells.month = months.month
cross join names
where months.coverage <> 'missing'
order by cells.force, cells.measure, cells.month, cells.weekday, cells.hour
{% endmacro %}

{#-
  How many offences of a theme have no committed time, as known at the end of a day: those that `temporal` leaves out.

  Grain: one row per force, measure and month with such a record. as_of: as in `temporal`.
-#}
{% macro untimed(theme, as_of) %}
with months as (
  {{ theme_months(theme, as_of) }}
),

counts as (
  select
    source,
    force,
    measure,
    month,
    sum(pieces) as untimed
  from {{ ref("hour_movements") }}
  where
    extract_date <= {{ as_of }}
    and hour is null
    and measure in (select dim_measure.measure from {{ ref("dim_measure") }} as dim_measure where theme = '{{ theme }}')
  group by all
  having sum(pieces) > 0
)

select
  counts.force,
  counts.measure,
  counts.month,
  cast(counts.untimed as bigint) as untimed
from counts
inner join months
  on counts.source = months.source and counts.force = months.force and counts.month = months.month
where months.coverage <> 'missing'
order by counts.force, counts.measure, counts.month
{% endmacro %}
