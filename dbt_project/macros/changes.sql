{#-
  The states of a `changes` source: each row of a delivery is the whole state of one record from its extract on.

  touched_records: the records (force, key) whose states must be made anew: those with a row in a delivery of an extract
  that has a delivery which is not yet in the states (a higher revision takes the rows of a lower one away), or all of
  them in a full refresh.
-#}
{% macro touched_records(source_name, staging, key) -%}
  select distinct
    deliveries.force,
    records.{{ key }}
  from {{ staging }} as records
  inner join {{ source("ledger", "deliveries") }} as deliveries on records.delivery_id = deliveries.delivery_id
  where
    deliveries.source = '{{ source_name }}'
    {{ and_pending(source_name, "extract_date") }}
{%- endmacro %}

{#- Pre-hook of an incremental model of states: takes out the records that are about to be made anew. -#}
{% macro delete_touched_records(source_name, staging, key) -%}
  {% if is_incremental() -%}
  delete from {{ this }} where (force, {{ key }}) in ({{ touched_records(source_name, ref(staging), key) }})
  {%- endif %}
{%- endmacro %}

{#-
  One row per state of the touched records, in columns force, every column of the staging model, known_from and known_to.

  A row that equals the state before it in every column begins no state; nor does a copy of a row inside its file.
  Rows are compared, and put in order, by two hashes over all their columns: narrow, whatever a record holds.
-#}
{% macro record_states(source_name, staging, key, columns) -%}
  with

  touched as (
    {{ touched_records(source_name, ref(staging), key) }}
  ),

  deliveries as (
    select
      delivery_id,
      force,
      extract_date
    from {{ ref("int_deliveries") }}
    where source = '{{ source_name }}' and state = 'loaded'
  ),

  received as (
    select
      deliveries.force,
      deliveries.extract_date,
      records.delivery_id,
      records.record_no,
      records.{{ key }} as record_key,
      {
        'first': hash({% for column in columns %}records.{{ column }}{{ ", " if not loop.last }}{% endfor %}),
        'second': hash({% for column in columns | reverse %}records.{{ column }}, {% endfor %}1)
      } as content
    from {{ ref(staging) }} as records
    inner join deliveries on records.delivery_id = deliveries.delivery_id
    {%- if is_incremental() %}
    semi join touched on deliveries.force = touched.force and records.{{ key }} = touched.{{ key }}
    {%- endif %}
  ),

  -- One delivery stands for each extract, and the copies of a record in it are equal.
  extracts as (
    select
      force,
      record_key,
      extract_date,
      any_value(delivery_id) as delivery_id,
      min(record_no) as record_no,
      any_value(content) as content
    from received
    group by all
  ),

  compared as (
    select
      *,
      (content is distinct from lag(content) over in_order) as is_new
    from extracts
    window in_order as (partition by force, record_key order by extract_date)
  ),

  spans as (
    select
      delivery_id,
      record_no,
      force,
      extract_date as known_from,
      lead(extract_date) over (partition by force, record_key order by extract_date) as known_to
    from compared
    where is_new
  )

  select
    spans.force,
    records.*,
    spans.known_from,
    spans.known_to
  from {{ ref(staging) }} as records
  inner join spans on records.delivery_id = spans.delivery_id and records.record_no = spans.record_no
{%- endmacro %}

{#- One row per standing delivery, in columns delivery_id, loaded (rows that began a state) and unchanged. -#}
{% macro record_fates(source_name, staging, states) -%}
  with

  deliveries as (
    select delivery_id from {{ ref("int_deliveries") }} where source = '{{ source_name }}' and state = 'loaded'
  ),

  accepted as (
    select
      delivery_id,
      count(*) as row_count
    from {{ ref(staging) }}
    group by delivery_id
  ),

  began as (
    select
      delivery_id,
      count(*) as row_count
    from {{ ref(states) }}
    group by delivery_id
  )

  select
    deliveries.delivery_id,
    coalesce(began.row_count, 0) as loaded,
    coalesce(accepted.row_count, 0) - coalesce(began.row_count, 0) as unchanged
  from deliveries
  left join accepted on deliveries.delivery_id = accepted.delivery_id
  left join began on deliveries.delivery_id = began.delivery_id
{%- endmacro %}
