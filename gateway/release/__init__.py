"""Consent at the moment of release: decisions, the fence's masks, the gate before the first byte."""
