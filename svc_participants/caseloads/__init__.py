"""Who works with whom: assignments of participants to case managers."""
