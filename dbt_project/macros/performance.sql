{#- The value of a column a number of months before; the months of a measure have no gaps. -#}
{% macro earlier(column, months) -%}
  max({{ column }}) over (
        partition by record_source, force, measure
        order by month
        rows between {{ months }} preceding and {{ months }} preceding
      )
{%- endmacro %}

{#-
  Monthly performance of one theme as it was known at the end of a day: counts, comparators and control chart.

  Grain: one row per record_source, force, measure and month. The table of a theme is this macro without a cut-off,
  its table macro is this macro with one, so that both are the same by construction. It reads marts only.

  theme: a theme of dim_measure. as_of: a SQL expression of type date.
  The SQL of the table macro is stored in the release and must run on DuckDB 1.x too:
  no if(), no count_if(), no lambdas, no lag() over a number of rows.
  Definitions: docs/measures-and-charts.md.
-#}
{% macro performance(theme, as_of) %}
with

theme_measures as (
  select
    measure,
    label,
    sources
  from {{ ref("dim_measure") }}
  where theme = '{{ theme }}'
),

covered_months as (
  {{ theme_months(theme, as_of) }}
),

known_counts as (
  select
    record_source,
    force,
    measure,
    month,
    sum(change) as offences
  from {{ ref("measure_movements") }}
  where extract_date <= {{ as_of }} and measure in (select theme_measures.measure from theme_measures)
  group by all
),

-- Every measure has a row for every month: 0 where nothing is counted, NULL where the month did not arrive.
counts as (
  select
    covered_months.record_source,
    covered_months.force,
    theme_measures.measure,
    theme_measures.label as measure_label,
    covered_months.month,
    {{ financial_year_start("covered_months.month") }} as financial_year,
    covered_months.coverage,
    case
      when covered_months.coverage <> 'missing' then cast(coalesce(known_counts.offences, 0) as bigint)
    end as offences
  from covered_months
  inner join theme_measures on list_contains(theme_measures.sources, covered_months.source)
  left join known_counts
    on
      covered_months.record_source = known_counts.record_source
      and covered_months.force = known_counts.force
      and theme_measures.measure = known_counts.measure
      and covered_months.month = known_counts.month
),

-- A sum stands only where every month that it needs has a count.
sums as (
  select
    *,
    lag(offences) over by_month as previous_month,
    case
      when count(offences) over year_to_date = datediff('month', financial_year, month) + 1
        then cast(sum(offences) over year_to_date as bigint)
    end as fytd,
    case
      when count(offences) over last_12 = 12 then cast(sum(offences) over last_12 as bigint)
    end as rolling_12,
    [
      {%- for months in [12, 24, 36, 48, 60] %}
      {{ earlier("offences", months) }}{{ "," if not loop.last }}
      {%- endfor %}
    ] as five_years
  from counts
  window
    by_month as (partition by record_source, force, measure order by month),
    year_to_date as (
      partition by record_source, force, measure, financial_year
      order by month
      rows between unbounded preceding and current row
    ),
    last_12 as (
      partition by record_source, force, measure order by month rows between 11 preceding and current row
    )
),

comparisons as (
  select
    *,
    {{ earlier("fytd", 12) }} as fytd_previous,
    {{ earlier("rolling_12", 12) }} as rolling_12_previous,
    -- Lists leave out what is NULL.
    list_avg(five_years) as five_year_average,
    cast(list_count(five_years) as integer) as five_year_years,
    offences > list_avg(five_years) as is_above_average,
    -- For the chart: what the last months looked like, whatever the lines are.
    count(offences) over last_7 = 7 as has_7,
    min(offences) over last_7 as lowest_of_7,
    max(offences) over last_7 as highest_of_7,
    count(*) filter (where offences > previous_month) over last_6 = 6 as rose_6_times,
    count(*) filter (where offences < previous_month) over last_6 = 6 as fell_6_times,
    count(offences) over last_3 = 3 as has_3,
    min(offences) over last_3 as lowest_of_3,
    max(offences) over last_3 as highest_of_3,
    max(offences) over two_before as highest_of_2_before,
    min(offences) over two_before as lowest_of_2_before
  from sums
  window
    last_7 as (partition by record_source, force, measure order by month rows between 6 preceding and current row),
    last_6 as (partition by record_source, force, measure order by month rows between 5 preceding and current row),
    last_3 as (partition by record_source, force, measure order by month rows between 2 preceding and current row),
    two_before as (
      partition by record_source, force, measure order by month rows between 2 preceding and 1 preceding
    )
),

-- Months above the average in a row: each month that is not (or can't be judged) starts a new count.
runs as (
  select
    *,
    count(*) filter (where is_above_average is not true) over (
      partition by record_source, force, measure order by month rows between unbounded preceding and current row
    ) as run_number
  from comparisons
),

above_average as (
  select
    *,
    case
      when is_above_average then cast(
        count(*) filter (where is_above_average) over (
          partition by record_source, force, measure, run_number
          order by month
          rows between unbounded preceding and current row
        ) as integer
      )
      when not is_above_average then 0
    end as above_five_year_run
  from runs
),

-- The control chart's baseline: the 24 months before the financial year, the same for each month of that year.
baselines as (
  select
    years.record_source,
    years.force,
    years.measure,
    years.financial_year,
    min(baseline.month) filter (where baseline.offences is not null) as baseline_from,
    max(baseline.month) filter (where baseline.offences is not null) as baseline_to,
    cast(count(baseline.offences) as integer) as baseline_months,
    avg(baseline.offences) as mean_offences,
    avg(abs(baseline.offences - baseline.previous_month)) filter (
      where baseline.month > years.financial_year - interval 24 month
    ) as mean_moving_range
  from (
    select
      record_source,
      force,
      measure,
      financial_year
    from counts
    group by all
  ) as years
  left join sums as baseline
    on
      years.record_source = baseline.record_source
      and years.force = baseline.force
      and years.measure = baseline.measure
      and baseline.month >= years.financial_year - interval 24 month
      and baseline.month < years.financial_year
  group by all
),

-- No line without a moving range. The lower limit is floored, the line that "near" is judged by is not. Rounded, so
-- that a count which lies exactly on a line is not found beyond it by the last bit of a double.
lines as (
  select
    * exclude (mean_offences, mean_moving_range),
    case when mean_moving_range is not null then mean_offences end as centre_line,
    case
      when mean_moving_range is not null
        then round(greatest(0, mean_offences - 2.66 * mean_moving_range), 9)
    end as lower_limit,
    round(mean_offences + 2.66 * mean_moving_range, 9) as upper_limit,
    round(mean_offences - 2.66 * mean_moving_range * 2 / 3, 9) as near_lower_line,
    round(mean_offences + 2.66 * mean_moving_range * 2 / 3, 9) as near_upper_line
  from baselines
)

select
  months.record_source,
  months.force,
  months.measure,
  months.measure_label,
  months.month,
  months.coverage,
  months.offences,
  months.previous_month,
  months.offences - months.previous_month as change,
  {{ change_pct("months.offences", "months.previous_month") }} as change_pct,
  2 * (sqrt(months.offences) - sqrt(months.previous_month)) as change_z,
  case
    when months.previous_month < 5 then 'no_percentage'
    when months.previous_month < 20 then 'small_base'
  end as base_note,
  months.fytd,
  months.fytd_previous,
  {{ change_pct("months.fytd", "months.fytd_previous") }} as fytd_change_pct,
  months.rolling_12,
  months.rolling_12_previous,
  {{ change_pct("months.rolling_12", "months.rolling_12_previous") }} as rolling_12_change_pct,
  months.five_year_average,
  months.five_year_years,
  months.above_five_year_run,
  lines.baseline_from,
  lines.baseline_to,
  lines.baseline_months,
  case
    when lines.centre_line is null then 'none'
    when lines.baseline_months < 12 then 'trial'
  end as limits_note,
  lines.centre_line,
  lines.lower_limit,
  lines.upper_limit,
  case
    when months.offences is null then null
    when months.offences > lines.upper_limit then 'above_limit'
    when months.offences < lines.lower_limit then 'below_limit'
    when months.has_7 and months.lowest_of_7 > lines.centre_line then 'run_above'
    when months.has_7 and months.highest_of_7 < lines.centre_line then 'run_below'
    when months.rose_6_times then 'trend_up'
    when months.fell_6_times then 'trend_down'
    when
      months.has_3
      and months.lowest_of_3 > lines.centre_line
      and months.offences > lines.near_upper_line
      and months.highest_of_2_before > lines.near_upper_line
      then 'near_upper'
    when
      months.has_3
      and months.highest_of_3 < lines.centre_line
      and months.offences < lines.near_lower_line
      and months.lowest_of_2_before < lines.near_lower_line
      then 'near_lower'
  end as signal
from above_average as months
inner join lines
  on
    months.record_source = lines.record_source
    and months.force = lines.force
    and months.measure = lines.measure
    and months.financial_year = lines.financial_year
order by months.record_source, months.force, months.measure, months.month
{% endmacro %}
