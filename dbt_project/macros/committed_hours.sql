{#-
  The hours of the week in which records were committed, as movements: one row per force, month, kind, hour of the week
  and extract date, with what began to be known of it at that extract minus what ceased to be.

  A record weighs 1. Without an end, or with an end that is its start, all of it lies on the hour of its start; over
  more than 168 hours it is spread evenly over the week; else over clock hours in proportion to the time in each, on the
  wall clock. Weights are exact decimals, so that a sum does not depend on its order. A record that has no start has
  one row, with weekday and hour NULL. Method: aoristic analysis (Ratcliffe), see docs/measures-and-charts.md.

  states: relation with columns force, month, kind, known_from, known_to and the two times.
-#}
{% macro committed_hours(states, began, ended) -%}
  with

  spans as (
    select
      force,
      month,
      kind,
      known_from,
      known_to,
      {{ began }} as began,
      case when {{ ended }} > {{ began }} then {{ ended }} end as ended
    from {{ states }}
  ),

  pieces as (
    select
      force,
      month,
      kind,
      known_from,
      known_to,
      began as hour,
      cast(began is not null as integer) as weight,
      cast(began is not null as integer) as is_start
    from spans
    where ended is null
    union all
    select
      force,
      month,
      kind,
      known_from,
      known_to,
      hour,
      cast(
        epoch(least(ended, hour + interval 1 hour) - greatest(began, hour)) / epoch(ended - began) as decimal(18, 15)
      ) as weight,
      cast(hour <= began as integer) as is_start
    from (
      select
        *,
        unnest(generate_series(date_trunc('hour', began), ended - interval 1 second, interval 1 hour)) as hour
      from spans
      where ended - began <= interval 168 hour
    )
    union all
    select
      force,
      month,
      kind,
      known_from,
      known_to,
      began + to_hours(step) as hour,
      cast(1 / 168 as decimal(18, 15)) as weight,
      cast(step = 0 as integer) as is_start
    from spans
    cross join generate_series(0, 167) as steps (step)
    where ended - began > interval 168 hour
  ),

  cells as (
    select
      force,
      month,
      kind,
      cast(isodow(hour) as integer) as weekday,
      cast(hour(hour) as integer) as hour,
      known_from,
      known_to,
      sum(weight) as weight,
      sum(is_start) as starts,
      count(*) as pieces
    from pieces
    group by all
  ),

  movements as (
    select
      * exclude (known_from, known_to),
      known_from as extract_date
    from cells
    union all
    select
      * exclude (known_from, known_to) replace (-weight as weight, -starts as starts, -pieces as pieces),
      known_to as extract_date
    from cells
    where known_to is not null
  )

  select
    force,
    month,
    kind,
    weekday,
    hour,
    extract_date,
    sum(weight) as weight,
    cast(sum(starts) as bigint) as starts,
    cast(sum(pieces) as bigint) as pieces
  from movements
  group by all
  having count(*) > 0 and (sum(pieces) <> 0 or sum(weight) <> 0 or sum(starts) <> 0)
{%- endmacro %}
