{#-
  The hours of the week in which records were committed, as movements: one row per force, measure, month, hour of the
  week and extract date, with what began to be known of it at that extract minus what ceased to be, and with `content`,
  which stands for the changes that the extract was made of. Built incrementally it is the extracts that are missing.

  A record weighs 1. Without an end, or with an end that is its start, all of it lies on the hour of its start; over
  more than 168 hours it is spread evenly over the week; else over clock hours in proportion to the time in each, on the
  wall clock. A record that has no start has one row, with weekday and hour NULL.
  Method: aoristic analysis (Ratcliffe), see docs/measures-and-charts.md.

  Weights are whole numbers of 10⁻¹², so that a sum does not depend on its order. Records that are counted alike, in the
  same month and at the same extract, are one group: what is spread over hours is narrow, and measures come in only when
  it has been added up.

  states: name of a model with columns force, month, kind, is_counted, known_from, known_to and `times`.
  kinds: relation with columns kind and measure.
  began, ended: the two times, worked out from `times`.
-#}
{% macro committed_hours(states, kinds, times, began, ended) -%}
  with changes as (
    {{ missing_changes(states, times) }}
  ),

  contents as (
    {{ extract_contents("changes", times) }}
  ),

  -- Kinds that the same measures count are one set.
  sets as (
    select
      kinds.kind,
      hash(list(kinds.measure order by kinds.measure)) as measure_set
    from {{ kinds }} as kinds
    inner join {{ ref("measures") }} as measures on kinds.measure = measures.measure
    where measures.theme <> 'all_crime'
    group by kinds.kind
  ),

  set_measures as (
    select
      sets.measure_set,
      kinds.measure
    from sets
    inner join {{ kinds }} as kinds on sets.kind = kinds.kind
    inner join {{ ref("measures") }} as measures on kinds.measure = measures.measure
    where measures.theme <> 'all_crime'
    group by all
  ),

  counted as (
    select
      hash(changes.force, changes.month, sets.measure_set, changes.extract_date) as record_group,
      changes.force,
      changes.month,
      sets.measure_set,
      changes.extract_date,
      changes.change,
      -- Seconds since a Monday, on the wall clock.
      cast(epoch({{ began }}) as bigint) + 62135596800 as began,
      cast(epoch(case when {{ ended }} > {{ began }} then {{ ended }} end) as bigint) + 62135596800 as ended
    from changes
    inner join sets on changes.kind = sets.kind
  ),

  record_groups as (
    select
      record_group,
      any_value(force) as force,
      any_value(month) as month,
      any_value(measure_set) as measure_set,
      any_value(extract_date) as extract_date
    from counted
    group by record_group
  ),

  pieces as (
    select
      record_group,
      change,
      began // 3600 as hour,
      if(began is null, 0, 1000000000000) as weight,
      if(began is null, 0, 1) as is_start
    from counted
    where ended is null
    union all
    select
      record_group,
      change,
      hour,
      (
        2000000000000 * (least(ended, (hour + 1) * 3600) - greatest(began, hour * 3600)) + (ended - began)
      ) // (2 * (ended - began)) as weight,
      if(hour * 3600 <= began, 1, 0) as is_start
    from (
      select
        *,
        unnest(range(began // 3600, (ended - 1) // 3600 + 1)) as hour
      from counted
      where ended - began <= 168 * 3600
    )
    union all
    select
      record_group,
      change,
      began // 3600 + step as hour,
      5952380952 as weight,
      if(step = 0, 1, 0) as is_start
    from counted
    cross join range(168) as steps (step)
    where ended - began > 168 * 3600
  ),

  cells as (
    select
      record_group,
      hour % 168 as hour_of_week,
      sum(change * weight) as weight,
      sum(change * is_start) as starts,
      sum(change) as pieces
    from pieces
    group by all
  ),

  movements as (
    select
      record_groups.force,
      set_measures.measure,
      record_groups.month,
      cast(cells.hour_of_week // 24 + 1 as integer) as weekday,
      cast(cells.hour_of_week % 24 as integer) as hour,
      record_groups.extract_date,
      cast(sum(cells.weight) as bigint) as weight,
      cast(sum(cells.starts) as bigint) as starts,
      cast(sum(cells.pieces) as bigint) as pieces
    from cells
    inner join record_groups on cells.record_group = record_groups.record_group
    inner join set_measures on record_groups.measure_set = set_measures.measure_set
    group by all
    having sum(cells.pieces) <> 0 or sum(cells.weight) <> 0 or sum(cells.starts) <> 0
  )

  select
    movements.*,
    contents.content
  from movements
  inner join contents on movements.force = contents.force and movements.extract_date = contents.extract_date
{%- endmacro %}
