"""Dated sessions of a course, and the import of a course page."""
