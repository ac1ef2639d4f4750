"""Stand-in for the program of this name, for tests of the supervisor alone."""
