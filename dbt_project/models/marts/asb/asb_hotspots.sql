-- One row per record_source, force, measure of the theme, month, place_type and place with a record, as known now.
{{ hotspots("asb", forever()) }}
