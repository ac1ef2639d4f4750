"""Loads the demo world: clearly synthetic people with plausible content, the same each time."""

from svc_participants.seed.load import seed

__all__ = ["seed"]
