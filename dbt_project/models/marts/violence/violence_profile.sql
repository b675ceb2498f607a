-- One row per force and window of six complete months: the profile of its assaults, as known now.
{{ violence_profile(forever()) }}
