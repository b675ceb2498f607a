-- public_order_performance as it was known at the end of the day as_of.
{{ as_of_macro() }}
{{ performance("public_order", "cast(as_of as date)") }}
