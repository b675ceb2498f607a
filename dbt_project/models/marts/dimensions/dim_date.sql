-- One row per day, from 2010 to the last year whose bank holidays are known.
with known_holidays as (
  select
    min(held_on) as first_known,
    max(held_on) as last_known
  from {{ ref("bank_holidays") }}
),

days as (
  select cast(day as date) as date
  from
    generate_series(
      timestamp '2010-01-01',
      (select make_timestamp(year(last_known), 12, 31, 0, 0, 0.0) from known_holidays),
      interval 1 day
    ) as series (day)
),

dated as (
  select
    date,
    {{ financial_year_start("date") }} as financial_year_from
  from days
)

select
  dated.date,
  cast(date_trunc('month', dated.date) as date) as month,
  cast(year(dated.date) as integer) as year,
  dated.financial_year_from,
  year(dated.financial_year_from) || '/' || right(cast(year(dated.financial_year_from) + 1 as varchar), 2)
    as financial_year,
  cast((month(dated.date) + 8) % 12 // 3 + 1 as integer) as financial_quarter,
  cast(isodow(dated.date) as integer) as weekday,
  dayname(dated.date) as weekday_name,
  if(dated.date < known_holidays.first_known, null, bank_holidays.held_on is not null) as is_bank_holiday,
  bank_holidays.title as bank_holiday
from dated
cross join known_holidays
left join {{ ref("bank_holidays") }} as bank_holidays on dated.date = bank_holidays.held_on
order by dated.date
