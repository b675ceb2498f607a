{#- A text as SQL writes it, or null. -#}
{% macro as_literal(text) -%}
  {%- if text is none -%} null {%- else -%} '{{ text | replace("'", "''") }}' {%- endif -%}
{%- endmacro %}

{#- Pre-hook of the profiles: takes out the deliveries that are about to be counted anew. -#}
{% macro delete_pending_deliveries() -%}
  {% if is_incremental() -%}
  delete from {{ this }} where delivery_id in (select delivery_id from {{ source("ledger", "pending") }})
  {%- endif %}
{%- endmacro %}

{#-
  What a rule of history counts of a row, as text: the value of a column, '‹other›' for one that no list names, so that
  nothing but listed values is kept; or whether the rule's condition holds.
-#}
{% macro profiled_value(rule) -%}
  {%- if rule.value -%}
    cast({{ rule.value }} as varchar)
  {%- elif rule["values"] -%}
    case
      when records.{{ rule.column }} is null then '‹blank›'
      when records.{{ rule.column }} in (
        {%- for value in rule["values"] %}{{ as_literal(value) }}{{ ", " if not loop.last }}{% endfor -%}
      ) then records.{{ rule.column }}
      else '‹other›'
    end
  {%- else -%}
    coalesce(cast(records.{{ rule.column }} as varchar), '‹blank›')
  {%- endif -%}
{%- endmacro %}

{#- Counts of rows by value of what the rules of history measure, each measure of a source once. -#}
{% macro every_profile() -%}
  {%- set measured = [] %}
  {%- for rule in history_rules() if rule.measure and (rule.source, rule.measure) not in measured %}
  {%- do measured.append((rule.source, rule.measure)) %}
  {{ "union all" if measured | length > 1 }}
  select
    delivery_id,
    '{{ rule.measure }}' as measure,
    {{ profiled_value(rule) }} as value,
    count(*) as row_count
  from {{ source(rule.system, rule.source) }} as records
  {%- if is_incremental() %}
  where delivery_id in (select delivery_id from {{ source("ledger", "pending") }})
  {%- endif %}
  group by all
  {%- endfor %}
{%- endmacro %}
