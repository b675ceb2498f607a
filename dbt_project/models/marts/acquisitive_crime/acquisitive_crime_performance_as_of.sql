-- acquisitive_crime_performance as it was known at the end of the day as_of.
{{ as_of_macro() }}
{{ performance("acquisitive_crime", "cast(as_of as date)") }}
