-- One row per source that the warehouse reads.
select
  source,
  system,
  record_source,
  kind,
  title,
  description,
  owner,
  cadence
from {{ source("ledger", "sources") }}
order by source
