-- acquisitive_crime_untimed as it was known at the end of the day as_of.
{{ as_of_macro() }}
{{ untimed("acquisitive_crime", "cast(as_of as date)") }}
