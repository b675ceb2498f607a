{#-
  The months of a source of changes that an activity table shows: from its first record to the last month that had
  ended by its newest extract, for each force, in columns force, month and coverage. See covered_months.
-#}
{% macro source_months(name) -%}
  select
    force,
    month,
    coverage
  from ({{ covered_months(forever()) }})
  where source = '{{ name }}'
{%- endmacro %}

{#-
  The records of a source as last known, of the months that it covers and that arrived: what an activity table counts.
  What lies after the last complete month, planned activities too, is not among them.
-#}
{% macro covered_records(name) -%}
  select records.*
  from ({{ current_records(name) }}) as records
  inner join ({{ source_months(name) }}) as months
    on records.force = months.force and records.month = months.month
  where months.coverage <> 'missing'
{%- endmacro %}

{#-
  Monthly activity of a source: each combination of keys that occurs has a row in every month of the source.

  records: a relation of current records with force, month and the keys. keys: names of its columns. figures: list of
  (name, aggregate, what a month without a record has): SQL expressions.
  A month that did not arrive has NULL in every figure, never 0.
-#}
{% macro monthly_activity(name, records, keys, figures) -%}
  with

  months as (
    {{ source_months(name) }}
  ),

  records as (
    select records.*
    from ({{ records }}) as records
    inner join months on records.force = months.force and records.month = months.month
  ),

  occurring as (
    select distinct
      force,
      {{ keys | join(",\n      ") }}
    from records
  ),

  counted as (
    select
      force,
      month,
      {%- for key in keys %}
      {{ key }},
      {%- endfor %}
      {%- for figure, aggregate, _ in figures %}
      {{ aggregate }} as {{ figure }}{{ "," if not loop.last }}
      {%- endfor %}
    from records
    group by all
  )

  select
    months.force,
    months.month,
    {%- for key in keys %}
    occurring.{{ key }},
    {%- endfor %}
    {%- for figure, _, without in figures %}
    case
      when months.coverage = 'missing' then null
      when counted.month is null then {{ without }}
      else counted.{{ figure }}
    end as {{ figure }}{{ "," if not loop.last }}
    {%- endfor %}
  from months
  inner join occurring on months.force = occurring.force
  left join counted
    on
      months.force = counted.force
      and months.month = counted.month
      {%- for key in keys %}
      and occurring.{{ key }} is not distinct from counted.{{ key }}
      {%- endfor %}
{%- endmacro %}
