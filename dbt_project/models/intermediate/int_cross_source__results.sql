-- One row per cross-source rule and force that it could judge: what was compared, and what was found.
-- Made anew as a whole from the records and counts as they stand. What a rule means, and who must act, is in
-- expectations/cross_source/rules.yml.
with rules as (
  {{ cross_source_rule_rows() }}
),

extracts as (
  select
    source,
    force,
    slice,
    extract_date,
    run_id
  from {{ ref("int_deliveries") }}
  where state = 'loaded' and force is not null
),

-- The force's own counts and those of data.police.uk, month by month. Neither is added to the other. The months are
-- compared as of the newest publication, or of the force's first extract of the whole month where that came later: then
-- what was recorded, reclassified or cancelled since is in neither.
months as (
  select
    published.force,
    counted.measure,
    counted.source,
    cast(strptime(published.slice, '%Y-%m') as date) as month,
    max(published.extract_date) as published_on,
    greatest(
      max(published.extract_date),
      min(own.extract_date) filter (
        where own.extract_date >= last_day(cast(strptime(published.slice, '%Y-%m') as date))
      )
    ) as compared_on,
    max(own.extract_date) filter (
      where own.extract_date >= last_day(cast(strptime(published.slice, '%Y-%m') as date))
    ) as last_own
  from extracts as published
  inner join (values ('crimes', 'all_crime'), ('asb_incidents', 'asb')) as counted (source, measure) on true
  inner join extracts as own on counted.source = own.source and published.force = own.force
  where published.source = 'police_uk_street'
  group by all
),

own_counts_begin as (
  select
    force,
    measure,
    min(month) as month
  from {{ ref("measure_movements") }}
  where record_source = 'force'
  group by all
),

counts as (
  select
    months.source,
    months.force,
    months.month,
    coalesce(sum(movements.change) filter (where movements.record_source = 'police_uk'), 0) as of_police_uk,
    coalesce(
      sum(movements.change) filter (
        where movements.record_source = 'force' and movements.extract_date <= months.compared_on
      ),
      0
    ) as of_force
  from months
  inner join own_counts_begin as begins
    on months.force = begins.force and months.measure = begins.measure and months.month >= begins.month
  left join {{ ref("measure_movements") }} as movements
    on months.force = movements.force and months.measure = movements.measure and months.month = movements.month
  where months.last_own is not null
  group by all
),

-- The newest 24 months that can be compared: what is older has been seen, and nobody will mend it.
differences as (
  select
    source,
    force,
    month,
    of_force,
    of_police_uk,
    abs(of_force - of_police_uk) > 0.25 * greatest(of_force, of_police_uk)
    and 2 * abs(sqrt(of_force) - sqrt(of_police_uk)) >= 3 as has_failed
  from counts
  qualify row_number() over (partition by source, force order by month desc) <= 24
),

compared_counts as (
  select
    case source
      when 'crimes' then 'CRIMES_DIFFER_FROM_POLICE_UK'
      else 'ASB_DIFFERS_FROM_POLICE_UK'
    end as rule,
    force,
    count(*) as rows_checked,
    count(*) filter (where has_failed) as rows_failed,
    format(
      '{:d} of the last {:d} months differ; in {} the force has {:d} and data.police.uk {:d}',
      count(*) filter (where has_failed),
      count(*),
      strftime(max(month) filter (where has_failed), '%Y-%m'),
      cast(max_by(of_force, month) filter (where has_failed) as bigint),
      cast(max_by(of_police_uk, month) filter (where has_failed) as bigint)
    ) as finding
  from differences
  group by all
),

actions as (
  {{ current_records("enforcement_actions") }}
),

notices as (
  select
    notices.force,
    not exists (
      select 1
      from actions as warnings
      where
        warnings.force = notices.force
        and warnings.person_ref = notices.person_ref
        and warnings.instrument = 'cpw'
        and warnings.issued_on < notices.issued_on
    ) as has_failed
  from actions as notices
  where notices.instrument = 'cpn' and notices.person_ref is not null
),

warned_notices as (
  select
    'CPN_NEVER_WARNED' as rule,
    force,
    count(*) as rows_checked,
    count(*) filter (where has_failed) as rows_failed,
    format('{:d} of {:d} notices', count(*) filter (where has_failed), count(*)) as finding
  from notices
  group by all
),

placed_crimes as (
  select
    force,
    recorded_at,
    struct_pack(class_code, sub_code, committed_from, committed_to, street, premises, easting, northing) as crime
  from {{ ref("int_crimes__states") }}
  where
    known_to is null
    and status = 'recorded'
    and committed_from is not null
    and (street is not null or easting is not null)
),

-- Few agree with any other in everything but when it was recorded. Neighbours in time are looked for among these alone.
repeated as (
  select hash(force, crime) as force_and_crime
  from placed_crimes
  group by all
  having count(*) > 1
),

alike as (
  select
    force,
    least(
      recorded_at - lag(recorded_at) over same,
      lead(recorded_at) over same - recorded_at
    ) <= interval 24 hour as has_failed
  from placed_crimes
  where hash(force, crime) in (select repeated.force_and_crime from repeated)
  window same as (partition by force, crime order by recorded_at)
),

twice as (
  select
    force,
    count(*) as crimes
  from alike
  where has_failed
  group by force
),

possible_duplicates as (
  select
    'CRIME_POSSIBLY_TWICE' as rule,
    placed_crimes.force,
    count(*) as rows_checked,
    coalesce(any_value(twice.crimes), 0) as rows_failed,
    format('{:d} of {:d} crimes with a time and a place', any_value(twice.crimes), count(*)) as finding
  from placed_crimes
  left join twice on placed_crimes.force = twice.force
  group by placed_crimes.force
),

results as (
  select * from compared_counts
  union all
  select * from warned_notices
  union all
  select * from possible_duplicates
),

newest_extracts as (
  select
    source,
    force,
    max(extract_date) as extract_date,
    max_by(run_id, extract_date) as run_id
  from extracts
  group by all
)

select
  rules.*,
  results.force,
  newest_extracts.extract_date,
  newest_extracts.run_id,
  results.rows_checked,
  results.rows_failed,
  case when results.rows_failed > 0 then results.finding end as finding
from results
inner join rules on results.rule = rules.rule
inner join newest_extracts on rules.source = newest_extracts.source and results.force = newest_extracts.force
