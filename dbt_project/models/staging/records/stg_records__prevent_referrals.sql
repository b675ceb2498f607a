-- One row per accepted row of a Prevent referrals file, typed.
with source as (
  select * from {{ source("records", "prevent_referrals") }}
),

renamed as (
  select
    delivery_id,
    record_no,
    referral_ref,
    record_type,
    referred_on,
    sector,
    concern,
    city_based,
    outcome,
    transferred_to
  from source
)

select * from renamed
