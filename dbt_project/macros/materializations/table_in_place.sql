{#- A table that is made under its own name, in one transaction with the end of the one before it: nothing is swapped, set
    aside or cleared away. Where a contract says the columns, each is described without a look at the table. -#}
{% materialization table_in_place, adapter="duckdb", supported_languages=["sql"] %}
  {%- set existing = load_cached_relation(this) -%}
  {%- set relation = this.incorporate(type="table") -%}
  {{ run_hooks(pre_hooks) }}
  {%- call statement("main") -%}
    {%- if existing is not none %}
    drop {{ existing.type }} if exists {{ existing }};
    {%- endif %}
    {{ create_table_as(false, relation, compiled_code) }};
    {%- if config.get("contract").enforced %}
    {{ alter_relation_comment(relation, model.description) }}
    {%- for column in model.columns.values() %}
    comment on column {{ relation }}.{{ column.name }} is {{ duckdb_escape_comment(column.description) }};
    {%- endfor %}
    {%- endif %}
  {%- endcall -%}
  {{ run_hooks(post_hooks) }}
  {{ adapter.commit() }}
  {{ return({"relations": [relation]}) }}
{% endmaterialization %}
