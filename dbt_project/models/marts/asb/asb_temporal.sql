-- One row per force, measure of the theme, month, weekday and hour with a record: when it happened, as known now.
{{ temporal("asb", forever()) }}
