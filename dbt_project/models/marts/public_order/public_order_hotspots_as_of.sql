-- public_order_hotspots as it was known at the end of the day as_of.
{{ as_of_macro() }}
{{ hotspots("public_order", "cast(as_of as date)") }}
