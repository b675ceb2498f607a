-- One row per force, programme and hub invited to: enforcement actions by the stage of the ladder.
select
  force,
  programme,
  hub_number,
  hub_month,
  {%- for stage in ["green", "yellow", "red", "blue", "cbo"] %}
    count(*) filter (where stage = '{{ stage }}') as {{ stage }}{{ "," if not loop.last }}
  {%- endfor %}
from {{ ref("enforcement_actions") }}
where hub_number is not null and hub_month is not null
group by force, programme, hub_number, hub_month
order by force, programme, hub_number, hub_month
