"""Courses, sessions, the staff who take them, and who has had what; nothing about participants."""
