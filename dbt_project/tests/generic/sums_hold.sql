{#- Every received row is accounted for: received = accepted + quarantined + rejected, and accepted splits in three. -#}
{% test sums_hold(model) %}
select file_name
from {{ model }}
where
  received <> accepted + quarantined + rejected
  or accepted <> if(state = 'superseded', accepted, loaded + unchanged + superseded_in_file)
{% endtest %}
