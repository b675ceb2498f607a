-- One row per force, measure, month, extract date and cause: how many incidents entered the measure's month or left it.
{{ measure_movements(ref("int_asb_incidents__transitions"), ref("int_asb_incidents__kinds")) }}
