"""Assigning many people in one action: in chunks, with progress, and with an undo."""
