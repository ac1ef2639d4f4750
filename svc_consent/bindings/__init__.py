"""Binding a login to a participant: by a one-time code that the case manager hands over."""
