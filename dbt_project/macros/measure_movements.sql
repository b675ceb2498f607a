{#-
  What the records of a source were counted as before each extract and from it on: one row per force, extract date and
  pair of month, kind and whether counted, with the number of records. was_counted is NULL for records not known before.

  states: relation with columns force, known_from, month, kind, is_counted and, of the state before, previous_month,
  previous_kind and was_counted.
-#}
{% macro record_transitions(states) -%}
  select
    force,
    known_from as extract_date,
    previous_month,
    previous_kind,
    was_counted,
    month,
    kind,
    is_counted,
    count(*) as records
  from {{ states }}
  group by all
{%- endmacro %}

{#-
  How many records entered the month of a measure or left it: one row per force, measure, month, extract date and cause.
  Each record that enters or leaves has one cause, the first that applies; leaving is negative.

  transitions: as record_transitions gives them. kinds: relation with columns kind and measure.
-#}
{% macro measure_movements(transitions, kinds) -%}
  with transitions as (
    select * from {{ transitions }}
  ),

  kinds as (
    select * from {{ kinds }}
  ),

  entered as (
    select
      transitions.force,
      counting.measure,
      transitions.month,
      transitions.extract_date,
      transitions.records as change,
      case
        when transitions.was_counted is null then 'recorded_late'
        when not transitions.was_counted then 'reinstated'
        when transitions.previous_month <> transitions.month then 'date_changed_in'
        else 'reclassified_in'
      end as cause
    from transitions
    inner join kinds as counting on transitions.kind = counting.kind
    left join kinds as counted
      on transitions.previous_kind = counted.kind and counting.measure = counted.measure
    where
      transitions.is_counted
      and not (
        coalesce(transitions.was_counted, false)
        and transitions.previous_month = transitions.month
        and counted.measure is not null
      )
  ),

  left_it as (
    select
      transitions.force,
      counted.measure,
      transitions.previous_month as month,
      transitions.extract_date,
      -transitions.records as change,
      case
        when not transitions.is_counted then 'cancelled'
        when transitions.previous_month <> transitions.month then 'date_changed_out'
        else 'reclassified_out'
      end as cause
    from transitions
    inner join kinds as counted on transitions.previous_kind = counted.kind
    left join kinds as counting
      on transitions.kind = counting.kind and counted.measure = counting.measure
    where
      transitions.was_counted
      and not (
        transitions.is_counted
        and transitions.previous_month = transitions.month
        and counting.measure is not null
      )
  ),

  movements as (
    select * from entered
    union all by name
    select * from left_it
  )

  select
    force,
    measure,
    month,
    extract_date,
    cause,
    cast(sum(change) as bigint) as change
  from movements
  group by all
{%- endmacro %}
