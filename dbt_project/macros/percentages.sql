{#-
  part ÷ whole × 100, rounded to one decimal, half away from zero; NULL when the whole is 0 or NULL.
  Whole-number arithmetic throughout: a double would put some halves on the wrong side.
-#}
{% macro percentage(part, whole) -%}
  sign({{ part }}) * ((2000 * abs({{ part }}) + {{ whole }}) // nullif(2 * {{ whole }}, 0)) / 10
{%- endmacro %}

{#- Change from old to new as a percentage of old, rounded as above. -#}
{% macro change_pct(new, old) -%}
  {{ percentage("(" ~ new ~ " - " ~ old ~ ")", old) }}
{%- endmacro %}
