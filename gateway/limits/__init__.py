"""Refuse early: what an operation may cost, decided before any of that cost arises."""
