"""Being in LEAD: enrollment with its states, none of which is called failed."""
