"""Goals in the participant's own words, and the steps on the way."""
