"""Duties: what somebody has to do about a participant's record by when, and that it was done."""
