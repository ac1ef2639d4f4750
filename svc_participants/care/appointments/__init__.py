"""Appointments, with their reminders."""
