"""Figures of training: who has had it, by agency."""
