-- public_order_temporal as it was known at the end of the day as_of.
{{ as_of_macro() }}
{{ temporal("public_order", "cast(as_of as date)") }}
