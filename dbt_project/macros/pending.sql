{#-
  Narrows the deliveries of a source to those that share force and `column` with a delivery which is not yet in the
  states; in a full refresh all of them stay. For the end of a `where`.
-#}
{% macro and_pending(source_name, column) -%}
  {% if is_incremental() -%}
  and (deliveries.force, deliveries.{{ column }}) in (
      select
        fresh.force,
        fresh.{{ column }}
      from {{ source("ledger", "pending") }} as pending
      inner join {{ source("ledger", "deliveries") }} as fresh on pending.delivery_id = fresh.delivery_id
      where pending.source = '{{ source_name }}'
    )
  {%- endif %}
{%- endmacro %}
