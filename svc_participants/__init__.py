"""Participants: the person, how they came in, and the care that LEAD gives."""
