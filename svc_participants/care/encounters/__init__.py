"""Contacts with the participant and about them: where, how, with what result."""
