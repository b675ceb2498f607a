{#-
  The states of the sources of changes: each row of a delivery is the whole state of one record from its extract on, and
  a record that an extract does not mention goes on as it was. What there is to know of such a source comes from its
  contract, see record_sources().

  touched_records: the records (force, record_key) of a source whose states must be made anew: those with a row in a
  delivery of an extract that has a delivery which is not yet in the states (a higher revision takes the rows of a lower
  one away), or all of them in a full refresh.
-#}
{% macro touched_records(from_source) -%}
  select distinct
    deliveries.force,
    records.{{ from_source.key }} as record_key
  from {{ source(from_source.system, from_source.source) }} as records
  inner join {{ source("ledger", "deliveries") }} as deliveries on records.delivery_id = deliveries.delivery_id
  where
    deliveries.source = '{{ from_source.source }}'
    {{ and_pending(from_source.source, "extract_date") }}
{%- endmacro %}

{#- Pre-hook of the spans: takes out the records that are about to be made anew. -#}
{% macro delete_touched_spans() -%}
  {% if is_incremental() -%}
  delete from {{ this }}
  where (source, force, record_key) in (
    {%- for from_source in record_sources() %}
    select
      '{{ from_source.source }}',
      touched.force,
      touched.record_key
    from ({{ touched_records(from_source) }}) as touched
    {{ "union all" if not loop.last }}
    {%- endfor %}
  )
  {%- endif %}
{%- endmacro %}

{#- Pre-hook of a model of one source's states, which has its key as a column: the same. -#}
{% macro delete_touched_records(name) -%}
  {% if is_incremental() -%}
  {%- set from_source = record_source(name) -%}
  delete from {{ this }} where (force, {{ from_source.key }}) in ({{ touched_records(from_source) }})
  {%- endif %}
{%- endmacro %}

{#- What the contract of a source of changes says. -#}
{% macro record_source(name) -%}
  {{ return(record_sources() | selectattr("source", "equalto", name) | first) }}
{%- endmacro %}

{#-
  One row per state of the touched records of a source, in columns source, force, record_key, delivery_id and record_no
  (of the row that began it), month, known_from and known_to.

  A row that equals the state before it in every column begins no state; nor does a copy of a row inside its file.
  Rows are compared, and put in order, by two hashes over all their columns: narrow, whatever a record holds.
-#}
{% macro record_spans(from_source) -%}
  {%- set records = source(from_source.system, from_source.source) %}
  with

  touched as (
    {{ touched_records(from_source) }}
  ),

  deliveries as (
    select
      delivery_id,
      force,
      extract_date
    from {{ ref("int_deliveries") }}
    where source = '{{ from_source.source }}' and state = 'loaded'
  ),

  received as (
    select
      deliveries.force,
      deliveries.extract_date,
      records.delivery_id,
      records.record_no,
      records.{{ from_source.key }} as record_key,
      cast(date_trunc('month', records.{{ from_source.counted_by }}) as date) as month,
      {
        'first': hash({% for column in from_source.columns %}records.{{ column }}{{ ", " if not loop.last }}{% endfor %}),
        'second': hash({% for column in from_source.columns | reverse %}records.{{ column }}, {% endfor %}1)
      } as content
    from {{ records }} as records
    inner join deliveries on records.delivery_id = deliveries.delivery_id
    {%- if is_incremental() %}
    semi join touched on deliveries.force = touched.force and records.{{ from_source.key }} = touched.record_key
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
      any_value(month) as month,
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
  )

  select
    '{{ from_source.source }}' as source,
    force,
    record_key,
    delivery_id,
    record_no,
    month,
    extract_date as known_from,
    lead(extract_date) over (partition by force, record_key order by extract_date) as known_to
  from compared
  where is_new
{%- endmacro %}

{#- The same of all sources. -#}
{% macro every_span() -%}
  {%- for from_source in record_sources() %}
  (
    {{ record_spans(from_source) }}
  )
  {{ "union all" if not loop.last }}
  {%- endfor %}
{%- endmacro %}

{#- One row per delivery with rows of a source of changes, in columns delivery_id and row_count. -#}
{% macro accepted_rows() -%}
  {%- for from_source in record_sources() %}
  select
    delivery_id,
    count(*) as row_count
  from {{ source(from_source.system, from_source.source) }}
  group by delivery_id
  {{ "union all" if not loop.last }}
  {%- endfor %}
{%- endmacro %}

{#- Every state of the records of a source: force, month, its columns, known_from and known_to. -#}
{% macro record_versions(name) -%}
  {%- set from_source = record_source(name) %}
  select
    spans.force,
    spans.month,
    records.* exclude (delivery_id, record_no),
    spans.known_from,
    spans.known_to
  from {{ ref("stg_" ~ from_source.system ~ "__" ~ name) }} as records
  inner join {{ ref("int_records__spans") }} as spans
    on records.delivery_id = spans.delivery_id and records.record_no = spans.record_no
  where spans.source = '{{ name }}'
{%- endmacro %}

{#- The spans of the touched records only: what a model of one source's states is to make anew. -#}
{% macro touched_spans(name) -%}
  {%- set from_source = record_source(name) -%}
  select spans.* exclude (source)
  from {{ ref("int_records__spans") }} as spans
  {%- if is_incremental() %}
  inner join ({{ touched_records(from_source) }}) as touched
    on spans.force = touched.force and spans.record_key = touched.record_key
  {%- endif %}
  where spans.source = '{{ name }}'
{%- endmacro %}

{#-
  States of a source, from a relation made of its spans that says what each counts as: with what the record counted as
  before, and all columns of the record that began the state. These are joined last, so that only narrow rows are sorted.
-#}
{% macro compared_states(name, states) -%}
  {%- set from_source = record_source(name) -%}
  select
    states.force,
    states.month,
    records.* exclude (delivery_id, record_no),
    states.* exclude (force, month, record_key, delivery_id, record_no)
  from {{ ref("stg_" ~ from_source.system ~ "__" ~ name) }} as records
  inner join (
    select
      *,
      lag(month) over in_order as previous_month,
      lag(kind) over in_order as previous_kind,
      lag(is_counted) over in_order as was_counted
    from {{ states }}
    window in_order as (partition by force, record_key order by known_from)
  ) as states
    on records.delivery_id = states.delivery_id and records.record_no = states.record_no
{%- endmacro %}

{#- The records of a source as last known: force, month and its columns. -#}
{% macro current_records(name) -%}
  select * exclude (known_from, known_to)
  from ({{ record_versions(name) }})
  where known_to is null
{%- endmacro %}
