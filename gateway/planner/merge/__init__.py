"""Passes that make a fetch graph smaller without making it slower; one pass per file."""
