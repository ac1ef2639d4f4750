"""Courses as the academy's public page describes them, and the pages as they stood."""
