-- One row per delivery: a file, or a member of an archive, that a source sent.
select
  source,
  force,
  slice,
  file_name,
  content_hash,
  extract_date,
  revision,
  loaded_at,
  {%- for count in [
    "received", "accepted", "quarantined", "rejected", "loaded", "unchanged", "superseded_in_file"
  ] %}
    {{ unless_confidential("source", count) }} as {{ count }},
  {%- endfor %}
  state,
  reason_code,
  -- The words can hold a count of rows.
  {{ unless_confidential("source", "reason") }} as reason
from {{ ref("int_deliveries__row_fates") }}
order by source, force, slice, extract_date, file_name
