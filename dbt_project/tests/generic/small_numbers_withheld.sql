{#- Every count has the label that it is published under, no count of 1 to 4 is in sight, and only those withheld are NULL. -#}
{% test small_numbers_withheld(model) %}
select
  force,
  period_from,
  breakdown,
  value
from {{ model }}
where
  case disclosure
    when 'published' then referrals is null or referrals < 5
    when 'zero' then referrals is distinct from 0
    else referrals is not null
  end
{% endtest %}
