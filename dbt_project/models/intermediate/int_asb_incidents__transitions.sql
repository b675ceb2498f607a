-- One row per force, extract date and pair of what an incident was counted as before that extract and from it on, with
-- the number of incidents. was_counted is NULL for incidents that were not known before.
{{ record_transitions(ref("int_asb_incidents__states")) }}
