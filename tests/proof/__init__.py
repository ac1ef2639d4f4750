"""Proof: oracle, noninterference, histories, planted bugs. Long forms carry the mark `soak`."""
