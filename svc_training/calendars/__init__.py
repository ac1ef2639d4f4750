"""Personal calendars: own sessions for a calendar program, by an address with a secret."""
