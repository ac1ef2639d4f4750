"""Attempts to reach somebody: appended, never changed."""
