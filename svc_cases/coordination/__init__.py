"""What ties a case to a participant: matches, filing decisions, warrants, counsel."""
