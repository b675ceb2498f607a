-- acquisitive_crime_temporal as it was known at the end of the day as_of.
{{ as_of_macro() }}
{{ temporal("acquisitive_crime", "cast(as_of as date)") }}
