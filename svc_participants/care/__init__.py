"""The care itself: notes, goals, housing and the summary for justice partners."""
