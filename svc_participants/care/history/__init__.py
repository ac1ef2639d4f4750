"""How records of care that have a state have moved: appended, never changed."""
