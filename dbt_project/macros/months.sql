{#-
  The months that each source covered as it was known at the end of a day, in columns record_source, source, force,
  month, coverage and has_begun (whether the month is not before the first one of which a row was known then).

  A `slice` source covers, for each force by itself, the months from its first slice to its last. A `changes` source
  covers the months from the first of which a record was known to the last that had ended by its newest extract, the
  same for each of its forces. Source: shared definitions of coverage in docs/measures-and-charts.md.

  as_of: a SQL expression of type date. Stored in the release and run by DuckDB 1.x too, see `performance`.
-#}
{% macro covered_months(as_of) -%}
  with

  known_extracts as (
    select
      source,
      force,
      slice,
      extract_date,
      bool_or(state = 'loaded') as is_accepted
    from {{ ref("deliveries") }}
    where force is not null and extract_date <= {{ as_of }}
    group by all
  ),

  known_slices as (
    select
      source,
      force,
      cast(strptime(slice, '%Y-%m') as date) as month
    from known_extracts
    where is_accepted and slice is not null
    group by all
  ),

  first_rows as (
    select
      starts.source,
      starts.force,
      starts.month
    from {{ ref("source_starts") }} as starts
    where {{ known_on(as_of, "starts") }}
  ),

  known_records as (
    select
      extracts.source,
      first_records.month as first_month,
      cast(date_trunc('month', max(extracts.extract_date) + 1) as date) as end_month
    from known_extracts as extracts
    inner join (
      select
        source,
        min(month) as month
      from first_rows
      group by source
    ) as first_records on extracts.source = first_records.source
    where extracts.is_accepted and extracts.slice is null
    group by all
  ),

  months as (
    select
      source,
      force,
      cast(unnest(generate_series(min(month), max(month), interval 1 month)) as date) as month
    from known_slices
    group by source, force
    union all
    select
      forces.source,
      forces.force,
      cast(
        unnest(generate_series(known_records.first_month, known_records.end_month - interval 1 month, interval 1 month))
        as date
      ) as month
    from (
      select
        source,
        force
      from known_extracts
      where is_accepted and slice is null
      group by all
    ) as forces
    inner join known_records on forces.source = known_records.source
  ),

  -- A month of a `changes` source is complete from the first accepted extract that is not before its last day …
  completions as (
    select
      months.source,
      months.force,
      months.month,
      min(extracts.extract_date) as extract_date
    from months
    inner join known_extracts as extracts
      on
        months.source = extracts.source
        and months.force = extracts.force
        and extracts.extract_date >= last_day(months.month)
    where extracts.is_accepted and extracts.slice is null
    group by all
  ),

  -- … and only partly so when an extract between its beginning and then was rejected.
  gaps as (
    select
      completions.source,
      completions.force,
      completions.month
    from completions
    inner join known_extracts as extracts
      on
        completions.source = extracts.source
        and completions.force = extracts.force
        and extracts.extract_date >= completions.month
        and extracts.extract_date <= completions.extract_date
    where not extracts.is_accepted
    group by all
  )

  select
    dim_source.record_source,
    months.source,
    months.force,
    months.month,
    case
      when gaps.month is not null then 'partial'
      when known_slices.month is not null or completions.month is not null then 'complete'
      else 'missing'
    end as coverage,
    coalesce(dim_source.kind = 'changes' or months.month >= first_rows.month, false) as has_begun
  from months
  inner join {{ ref("dim_source") }} as dim_source on months.source = dim_source.source
  left join known_slices
    on months.source = known_slices.source and months.force = known_slices.force and months.month = known_slices.month
  left join completions
    on months.source = completions.source and months.force = completions.force and months.month = completions.month
  left join gaps
    on months.source = gaps.source and months.force = gaps.force and months.month = gaps.month
  left join first_rows
    on months.source = first_rows.source and months.force = first_rows.force
{%- endmacro %}

{#-
  The same, but for one theme's sources, and only the months that its tables show: from the first with a row on.
  crimes and street crimes are counted in every theme but asb, which has incidents of its own.
-#}
{% macro theme_months(theme, as_of) -%}
  select
    months.record_source,
    months.source,
    months.force,
    months.month,
    months.coverage
  from ({{ covered_months(as_of) }}) as months
  where
    months.has_begun
    and months.source in (
      select unnest(dim_measure.sources)
      from {{ ref("dim_measure") }} as dim_measure
      where dim_measure.theme = '{{ theme }}'
    )
{%- endmacro %}
