"""Hypothesis strategies for values of the domain."""
