"""Consent at the moment of release: decisions, masks, the gate before the first byte."""
