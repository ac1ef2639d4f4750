"""Statements about requests, agreements, seats and reviews."""
