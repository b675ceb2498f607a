-- One row per force, extract date and pair of what a crime was counted as before that extract and from it on, with the
-- number of crimes. was_counted is NULL for crimes that were not known before.
{{ record_transitions(ref("int_crimes__states")) }}
