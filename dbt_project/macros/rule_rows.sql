{#- The rules of quality_rules.sql as rows, for the models that judge by them. -#}
{% macro history_rule_rows() -%}
  {%- for rule in history_rules() %}
  select
    '{{ rule.source }}' as source,
    '{{ rule.code }}' as rule,
    '{{ rule.kind }}' as kind,
    '{{ rule.severity }}' as severity,
    '{{ rule.dimension }}' as dimension,
    {{ as_literal(rule.message) }} as message,
    {{ as_literal(rule.owner) }} as owner,
    {{ as_literal(rule.measure) }} as measure,
    {{ rule.value is not none }} as is_condition,
    {{ rule.is_open_data }} as is_open_data,
    {{ rule.before }} as deliveries_before,
    {{ rule.fewest }} as fewest_before,
    {{ rule.rows }} as least_rows,
    cast({{ rule.points }} as double) as least_points,
    cast({{ rule.least_pct if rule.least_pct is not none else "null" }} as double) as least_pct,
    cast({{ rule.most_pct if rule.most_pct is not none else "null" }} as double) as most_pct
  {{- " union all" if not loop.last }}
  {%- endfor %}
{%- endmacro %}

{% macro cross_source_rule_rows() -%}
  {%- for rule in cross_source_rules() %}
  select
    '{{ rule.source }}' as source,
    '{{ rule.code }}' as rule,
    '{{ rule.severity }}' as severity,
    '{{ rule.dimension }}' as dimension,
    {{ as_literal(rule.message) }} as message,
    {{ as_literal(rule.owner) }} as owner
  {{- " union all" if not loop.last }}
  {%- endfor %}
{%- endmacro %}
