{#-
  Where the offences of a theme happened, as known at the end of a day.

  Grain: one row per record_source, force, measure, month, place_type and place with a record. share_pct is of all
  offences of the measure and month, also those without a place. as_of: a SQL expression of type date.
  Stored in the release and run by DuckDB 1.x too, see `performance`.
-#}
{% macro hotspots(theme, as_of) %}
with months as (
  {{ theme_months(theme, as_of) }}
),

theme_measures as (
  select measure from {{ ref("dim_measure") }} where theme = '{{ theme }}'
),

counted_records as (
  select
    versions.force,
    versions.month,
    unnest(versions.measures) as measure,
    versions.ward,
    versions.street,
    versions.premises
  from {{ ref("asb_incident_versions" if theme == "asb" else "crime_versions") }} as versions
  where {{ known_on(as_of, "versions") }}
),

records as (
  select * from counted_records
  where measure in (select theme_measures.measure from theme_measures)
),

street_crimes as (
  select
    versions.force,
    versions.month,
    members.measure,
    case
      when versions.location <> 'No Location'
        then nullif(trim(regexp_replace(versions.location, '^On or near( |$)', '')), '')
    end as street,
    versions.lsoa_code as lsoa
  from {{ ref("street_crime_versions") }} as versions
  inner join {{ ref("dim_measure_member") }} as members
    on
      versions.crime_type = members.police_uk_category
      and versions.month >= coalesce(members.valid_from, versions.month)
      and versions.month <= coalesce(members.valid_to, versions.month)
  where
    {{ known_on(as_of, "versions") }}
    and members.measure in (select theme_measures.measure from theme_measures)
),

places as (
  {%- set force_source = "asb_incidents" if theme == "asb" else "crimes" %}
  {%- for source, records, place_type in [
    (force_source, "records", "ward"),
    (force_source, "records", "street"),
    (force_source, "records", "premises"),
    ("police_uk_street", "street_crimes", "street"),
    ("police_uk_street", "street_crimes", "lsoa"),
  ] %}
  select
    '{{ source }}' as source,
    force,
    measure,
    month,
    '{{ place_type }}' as place_type,
    {{ place_type }} as place,
    count(*) as offences
  from {{ records }}
  where {{ place_type }} is not null
  group by all
  {{- " union all" if not loop.last }}
  {%- endfor %}
),

totals as (
  select
    record_source,
    force,
    measure,
    month,
    cast(sum(change) as bigint) as offences
  from {{ ref("measure_movements") }}
  where extract_date <= {{ as_of }}
  group by all
)

select
  months.record_source,
  places.force,
  places.measure,
  places.month,
  places.place_type,
  places.place,
  places.offences,
  {{ percentage("places.offences", "totals.offences") }} as share_pct,
  cast(
    dense_rank() over (
      partition by months.record_source, places.force, places.measure, places.month, places.place_type
      order by places.offences desc
    ) as integer
  ) as rank,
  cast(
    count(*) filter (where places.offences >= 2) over (
      partition by months.record_source, places.force, places.measure, places.place_type, places.place
      order by places.month
      range between interval 2 month preceding and current row
    ) as integer
  ) as repeat_months
from places
inner join months
  on places.source = months.source and places.force = months.force and places.month = months.month
inner join totals
  on
    months.record_source = totals.record_source
    and places.force = totals.force
    and places.measure = totals.measure
    and places.month = totals.month
where months.coverage <> 'missing'
order by months.record_source, places.force, places.measure, places.month, places.place_type, rank, places.place
{% endmacro %}
