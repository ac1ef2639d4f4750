"""Who has not been seen for a while, and coming back."""
