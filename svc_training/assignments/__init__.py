"""Who has been assigned to which session, and how far they are."""
