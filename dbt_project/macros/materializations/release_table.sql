{#- A table of a release. The file of a release is new for each build, so nothing is there to be replaced, kept or put
    back: the table is made under its name. The contract says every column, so each is described without a look at it. -#}
{% materialization release_table, adapter="duckdb", supported_languages=["sql"] %}
  {%- set relation = this.incorporate(type="table") -%}
  {{ run_hooks(pre_hooks) }}
  {%- call statement("main") -%}
    {{ create_table_as(false, relation, compiled_code) }};
    {{ alter_relation_comment(relation, model.description) }}
    {%- for column in model.columns.values() %}
    comment on column {{ relation }}.{{ column.name }} is {{ duckdb_escape_comment(column.description) }};
    {%- endfor %}
  {%- endcall -%}
  {{ run_hooks(post_hooks) }}
  {{ adapter.commit() }}
  {{ return({"relations": [relation]}) }}
{% endmaterialization %}
