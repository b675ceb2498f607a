{#-
  What the extracts of a source changed, counted states alone: one row per state that began to be known at an extract
  (`change` is 1) or ceased to be (-1), in columns force, extract_date, change, month, kind and `columns`.

  A new extract adds its own changes and leaves those of all others as they are. So what sums changes up by extract needs
  to be made anew only for extracts whose changes are not those that it was made of.
-#}
{% macro state_changes(states, columns) -%}
  {%- for extract_date, change in [("known_from", 1), ("known_to", -1)] %}
  select
    force,
    {{ extract_date }} as extract_date,
    {{ change }} as change,
    month,
    kind,
    {{ columns | join(",\n    ") }}
  from {{ ref(states) }}
  where is_counted and {{ extract_date }} is not null
  {{ "union all" if not loop.last }}
  {%- endfor %}
{%- endmacro %}

{#- One row per extract, with `content`: a number that differs where any of its changes does. -#}
{% macro extract_contents(changes, columns) -%}
  {%- set compared = ["change", "month", "kind"] + columns -%}
  select
    force,
    extract_date,
    hash(count(*), sum(hash({{ compared | join(", ") }})), bit_xor(hash({{ compared | reverse | join(", ") }}))) as content
  from {{ changes }}
  group by force, extract_date
{%- endmacro %}

{#- Pre-hook of a model with columns force, extract_date and content: takes out the extracts that have changed since. -#}
{% macro delete_changed_extracts(states, columns) -%}
  {% if is_incremental() -%}
  delete from {{ this }} as made
  where not exists (
    select 1
    from ({{ extract_contents("(" ~ state_changes(states, columns) ~ ")", columns) }}) as contents
    where
      made.force = contents.force
      and made.extract_date = contents.extract_date
      and made.content = contents.content
  )
  {%- endif %}
{%- endmacro %}

{#- The changes of the extracts that such a model does not have. -#}
{% macro missing_changes(states, columns) -%}
  select *
  from ({{ state_changes(states, columns) }}) as changes
  {%- if is_incremental() %}
  where (force, extract_date) not in (
    select
      made.force,
      made.extract_date
    from {{ this }} as made
  )
  {%- endif %}
{%- endmacro %}
