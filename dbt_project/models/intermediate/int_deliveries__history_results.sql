-- One row per standing delivery and rule of history that could judge it: what was looked at, and what was found.
-- Made anew as a whole from the deliveries there are, so that the order in which they came does not matter.
with rules as (
  select * from {{ ref("int_deliveries__history_rules") }}
),

-- Of a slice that was published more than once the newest publication stands.
standing as (
  select
    delivery_id,
    source,
    force,
    slice,
    extract_date,
    received,
    case
      when slice is null
        then extract_date - lag(extract_date) over (partition by source, force, slice order by extract_date)
      else 1
    end as days
  from {{ ref("int_deliveries") }}
  where state = 'loaded' and force is not null
  qualify slice is null or row_number() over (partition by source, force, slice order by extract_date desc) = 1
),

totals as (
  select
    delivery_id,
    measure,
    sum(row_count) as row_count
  from {{ ref("int_deliveries__profiles") }}
  group by all
),

-- A share of few rows says nothing, so such deliveries are not in the series of shares at all. Changes gather from one
-- extract to the next: their volume is by the day, and the first extract, which brings the past, has none.
looked_at as (
  select
    rules.*,
    standing.delivery_id,
    standing.force,
    standing.days,
    coalesce(totals.row_count, standing.received) as total,
    row_number() over (
      partition by rules.source, rules.rule, standing.force order by standing.slice, standing.extract_date
    ) as place
  from rules
  inner join standing on rules.source = standing.source
  left join totals on standing.delivery_id = totals.delivery_id and rules.measure = totals.measure
  where
    (rules.kind = 'volume' and standing.days is not null)
    or totals.row_count >= case when rules.kind in ('share_jumps', 'share_outside') then rules.least_rows else 1 end
),

-- Every value that a force has ever had, in each of its deliveries: 0 rows where it is absent.
values_of_forces as (
  select distinct
    looked_at.source,
    looked_at.rule,
    looked_at.force,
    coalesce(profiles.value, 'rows') as value
  from looked_at
  left join {{ ref("int_deliveries__profiles") }} as profiles
    on looked_at.delivery_id = profiles.delivery_id and looked_at.measure = profiles.measure
  where
    looked_at.kind = 'volume'
    or (looked_at.is_condition and profiles.value = 'true')
    or (looked_at.kind = 'share_jumps' and not looked_at.is_condition)
    or (looked_at.kind in ('category_vanishes', 'category_appears') and not starts_with(profiles.value, '‹'))
    -- A condition that holds for no row has a share too.
  union
  select distinct
    source,
    rule,
    force,
    'true' as value
  from looked_at
  where is_condition
),

counts as (
  select
    looked_at.*,
    values_of_forces.value,
    case when looked_at.kind = 'volume' then looked_at.total else coalesce(profiles.row_count, 0) end as row_count
  from looked_at
  inner join values_of_forces
    on
      looked_at.source = values_of_forces.source
      and looked_at.rule = values_of_forces.rule
      and looked_at.force = values_of_forces.force
  left join {{ ref("int_deliveries__profiles") }} as profiles
    on
      looked_at.delivery_id = profiles.delivery_id
      and looked_at.measure = profiles.measure
      and values_of_forces.value = profiles.value
),

-- Rounded, so that equal deliveries give equal limits whatever the order they are summed in.
measured as (
  select
    *,
    round(case when kind = 'volume' then row_count / days else 100.0 * row_count / total end, 6) as figure
  from counts
),

moved as (
  select
    *,
    abs(figure - lag(figure) over (partition by source, rule, force, value order by place)) as move
  from measured
),

-- Natural process limits of an XmR chart over the deliveries before, see the macro `performance`. How many deliveries
-- are looked back on differs from rule to rule; the linter's dialect knows such frames with numbers only.
compared as (
  select
    *,
    count(*) over before as points,
    avg(figure) over before as centre,
    2.66 * avg(move) over moves_before as half_width,
    count(*) filter (where row_count > 0) over before as points_with_rows,
    coalesce(sum(row_count) over before, 0) as rows_before,
    coalesce(sum(total) over before, 0) as total_before
  from moved
  window
    before as (
      partition by source, rule, force, value order by place
      rows between deliveries_before preceding and 1 preceding  -- noqa: PRS
    ),
    moves_before as (
      partition by source, rule, force, value order by place
      rows between deliveries_before - 1 preceding and 1 preceding  -- noqa: PRS
    )
),

limits as (
  select
    *,
    round(greatest(0, centre - half_width), 6) as lower_limit,
    round(case when kind = 'volume' then centre + half_width else least(100, centre + half_width) end, 6)
      as upper_limit,
    round(case when kind = 'volume' then 100 * abs(figure - centre) / centre else abs(figure - centre) end, 6)
      as points_moved,
    case
      when kind = 'share_outside' then true
      when kind in ('category_vanishes', 'category_appears') then points = deliveries_before
      else points >= fewest_before
    end as is_judged
  from compared
),

-- The name of a value is told of open data only.
judged as (
  select
    *,
    case kind
      when 'share_outside' then coalesce(figure < least_pct, false) or coalesce(figure > most_pct, false)
      when 'category_appears' then points_with_rows = 0 and row_count >= least_rows
      when 'category_vanishes'
        then
          row_count = 0
          and points_with_rows = points
          and rows_before >= least_rows
          and rows_before * total >= 5 * total_before
      when 'volume'
        then
          (figure < lower_limit or figure > upper_limit)
          and points_moved >= least_points
          and greatest(figure, centre) * days >= least_rows
      else (figure < lower_limit or figure > upper_limit) and points_moved >= least_points
    end as has_failed,
    case when is_open_data then value else 'A value of ' || measure end as told_value
  from limits
  where is_judged
),

said as (
  select
    *,
    case kind
      when 'volume'
        then
          format(
            '{:d} rows; {:.0f} to {:.0f} were to be expected from the {:d} deliveries before it',
            cast(row_count as bigint), ceil(lower_limit * days), floor(upper_limit * days), points
          )
      when 'share_outside'
        then
          format(
            '{:.1f} % of {:d} rows, and at {} {:.0f} % is the limit',
            figure,
            cast(total as bigint),
            case when figure < least_pct then 'least' else 'most' end,
            case when figure < least_pct then least_pct else most_pct end
          )
      when 'category_vanishes'
        then
          format(
            '{} has no row, and had {:d} in the {:d} deliveries before it',
            told_value, cast(rows_before as bigint), points
          )
      when 'category_appears'
        then
          format(
            '{} has {:d} rows, and had none in the {:d} deliveries before it',
            told_value, cast(row_count as bigint), points
          )
      else
        format(
          '{}{:.1f} % of the rows; {:.1f} to {:.1f} % were to be expected from the {:d} deliveries before it',
          case when is_condition then '' else told_value || ': ' end, figure, lower_limit, upper_limit, points
        )
    end as sentence
  from judged
)

select
  delivery_id,
  rule,
  severity,
  dimension,
  message,
  owner,
  count(*) as rows_checked,
  count(*) filter (where has_failed) as rows_failed,
  string_agg(sentence, '; ' order by sentence) filter (where has_failed) as finding
from said
group by all
