"""Operation to query plan: parse, validate, normalise, search, plan; pure, and without policy."""
