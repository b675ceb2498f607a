-- violence_profile as it was known at the end of the day as_of.
{{ as_of_macro() }}
{{ violence_profile("cast(as_of as date)") }}
