"""What case managers and counsel ask of the prosecuting office, in words meant for it."""
