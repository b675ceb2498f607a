-- One row per accepted delivery, measure of a rule of history and value, with how many of its rows have it.
-- A property of the delivery alone: made from raw, so that a rule which is added later finds the old deliveries too.
{{
  config(
    materialized="incremental",
    incremental_strategy="append",
    pre_hook="{{ delete_pending_deliveries() }}"
  )
}}

with profiles as (
  {{ every_profile() }}
)

select *
from profiles
where value is not null
