-- asb_untimed as it was known at the end of the day as_of.
{{ as_of_macro() }}
{{ untimed("asb", "cast(as_of as date)") }}
