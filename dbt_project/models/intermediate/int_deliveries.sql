-- One row per delivery in the ledger, with the state that all deliveries together give it.
{{ config(materialized="view") }}

with deliveries as (
  select * from {{ source("ledger", "deliveries") }}
),

-- A corrected re-supply replaces the lower revisions of the same extract, as if they had never come.
revisions as (
  select
    source,
    force,
    slice,
    extract_date,
    max(revision) as highest_revision
  from deliveries
  where state = 'accepted'
  group by all
),

judged as (
  select
    deliveries.* exclude (state),
    case
      when deliveries.state = 'rejected' then 'rejected'
      when deliveries.revision < revisions.highest_revision then 'superseded'
      else 'loaded'
    end as state
  from deliveries
  left join revisions
    on
      deliveries.source = revisions.source
      and deliveries.force is not distinct from revisions.force
      and deliveries.slice is not distinct from revisions.slice
      and deliveries.extract_date = revisions.extract_date
)

select * from judged
