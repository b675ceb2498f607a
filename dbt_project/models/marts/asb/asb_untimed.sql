-- One row per force, measure of the theme and month with a record that has no time, as known now.
{{ untimed("asb", forever()) }}
