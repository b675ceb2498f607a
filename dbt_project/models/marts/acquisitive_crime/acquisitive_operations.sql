-- One row per force, month and operation with an offence: acquisitive crimes that an operation is named on.
with months as (
  {{ theme_months("acquisitive_crime", forever()) }}
)

select
  crimes.force,
  crimes.month,
  crimes.operation,
  count(*) as offences
from {{ ref("crimes") }} as crimes
inner join months on months.source = 'crimes' and crimes.force = months.force and crimes.month = months.month
where
  months.coverage <> 'missing'
  and crimes.operation is not null
  and list_contains(crimes.measures, 'acquisitive_crime')
group by all
order by crimes.force, crimes.month, crimes.operation
