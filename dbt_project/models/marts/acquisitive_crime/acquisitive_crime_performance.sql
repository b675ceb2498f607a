-- One row per record_source, force, measure of the theme and month, as known now.
{{ performance("acquisitive_crime", forever()) }}
