"""The plan: what was agreed, and the steps that are planned towards each goal."""
