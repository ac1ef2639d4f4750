"""Enrolling: it asks for the psychosocial intake, which care keeps."""
