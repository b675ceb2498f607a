-- One row per standing delivery of crimes: what its rows became.
{{ config(materialized="view") }}

{{ record_fates("crimes", "stg_records__crimes", "int_crimes__states") }}
