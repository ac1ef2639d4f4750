"""Break-glass: medical staff look without consent, for an hour, on the record (42 CFR 2.51)."""
