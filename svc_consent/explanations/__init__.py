"""Explanations: who may see a field of a participant, why, and by which rule and release."""
