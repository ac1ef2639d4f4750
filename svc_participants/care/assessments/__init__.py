"""Psychosocial assessments by versioned instruments, which are data."""
