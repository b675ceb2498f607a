-- One row per state of a street crime or incident: what was known of it, from one publication until the next.
{{
  config(
    materialized="incremental",
    incremental_strategy="append",
    pre_hook="{{ delete_pending_slices('police_uk_street') }}"
  )
}}

with touched as (
  {{ pending_slices("police_uk_street") }}
),

deliveries as (
  select deliveries.*
  from {{ ref("int_street_crimes__deliveries") }} as deliveries
  semi join touched on deliveries.force = touched.force and deliveries.slice = touched.slice
  where deliveries.is_new
),

states as (
  select
    deliveries.slice,
    rows.*,
    deliveries.known_from,
    deliveries.known_to
  from {{ ref("stg_police_uk__street") }} as rows
  inner join deliveries on rows.delivery_id = deliveries.delivery_id
  anti join {{ ref("int_street_crimes__superseded") }} as superseded
    on rows.delivery_id = superseded.delivery_id and rows.record_no = superseded.record_no
)

select * from states
