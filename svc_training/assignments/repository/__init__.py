"""Statements about assignments: reading them in pages, and changing them."""
