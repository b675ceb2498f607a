-- asb_hotspots as it was known at the end of the day as_of.
{{ as_of_macro() }}
{{ hotspots("asb", "cast(as_of as date)") }}
