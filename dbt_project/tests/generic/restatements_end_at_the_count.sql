{#-
  The last restatement of a month is the count that the performance tables show, and no month lacks one: but a 0 before
  the force's first, of a month that the source had no record in, of any force, until the force's newest extract.
-#}
{% test restatements_end_at_the_count(model) %}
with last_restated as (
  select
    record_source,
    force,
    measure,
    month,
    max_by(offences, extract_date) as offences
  from {{ model }}
  group by all
),

counted as (
  {%- for theme in ["all_crime", "violence", "acquisitive_crime", "public_order", "asb"] %}
  select
    record_source,
    force,
    measure,
    month,
    offences
  from {{ ref(theme ~ "_performance") }}
  where coverage = 'complete'
  {%- if not loop.last %}
  union all
  {%- endif %}
  {%- endfor %}
)

select
  counted.force,
  counted.measure,
  counted.month
from counted
left join last_restated
  on
    counted.record_source = last_restated.record_source
    and counted.force = last_restated.force
    and counted.measure = last_restated.measure
    and counted.month = last_restated.month
where
  counted.offences is distinct from last_restated.offences
  and (
    counted.offences <> 0
    or exists (
      select 1
      from last_restated as earlier
      where
        earlier.record_source = counted.record_source
        and earlier.force = counted.force
        and earlier.month <= counted.month
    )
  )
{% endtest %}
