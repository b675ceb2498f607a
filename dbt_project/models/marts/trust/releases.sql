-- One row per release published before this one; publishing adds the row of the release itself.
select
  release_id,
  published_at,
  code_version,
  marking,
  rows_per_table
from {{ source("ledger", "releases") }}
order by published_at
