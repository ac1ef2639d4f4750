"""Figures of reach, speed, engagement and well-being, and rows without names for evaluators."""
