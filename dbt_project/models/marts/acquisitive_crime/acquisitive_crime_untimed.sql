-- One row per force, measure of the theme and month with a record that has no committed time, as known now.
{{ untimed("acquisitive_crime", forever()) }}
