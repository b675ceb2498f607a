-- One row per force, measure of the theme, month, weekday and hour with a record: when it was committed, as known now.
{{ temporal("violence", forever()) }}
