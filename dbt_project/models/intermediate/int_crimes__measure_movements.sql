-- One row per force, measure, month, extract date and cause: how many crimes entered the measure's month or left it.
{{ measure_movements(ref("int_crimes__transitions"), ref("int_crimes__kinds")) }}
