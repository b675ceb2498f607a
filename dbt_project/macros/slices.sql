{#-
  The states of a `slice` source: each delivery is the whole truth for its slice.

  pending_slices: the slices (force, slice) whose states must be made anew: those that a delivery which is not yet in
  the states belongs to, or all of them in a full refresh.
-#}
{% macro pending_slices(source_name) -%}
  select distinct deliveries.force, deliveries.slice
  from {{ source("ledger", "deliveries") }} as deliveries
  where
    deliveries.source = '{{ source_name }}'
    and deliveries.state = 'accepted'
    {{ and_pending(source_name, "slice") }}
{%- endmacro %}

{#- Pre-hook of an incremental model of states: takes out the slices that are about to be made anew. -#}
{% macro delete_pending_slices(source_name) -%}
  {% if is_incremental() -%}
  delete from {{ this }} where (force, slice) in ({{ pending_slices(source_name) }})
  {%- endif %}
{%- endmacro %}

{#-
  One row per delivery of the pending slices that stands (its file accepted, no higher revision), in columns
  delivery_id, force, slice, extract_date.
-#}
{% macro standing_deliveries(source_name) -%}
  select
    deliveries.delivery_id,
    deliveries.force,
    deliveries.slice,
    deliveries.extract_date
  from {{ ref("int_deliveries") }} as deliveries
  inner join ({{ pending_slices(source_name) }}) as touched
    on deliveries.force = touched.force and deliveries.slice = touched.slice
  where deliveries.source = '{{ source_name }}' and deliveries.state = 'loaded'
{%- endmacro %}
