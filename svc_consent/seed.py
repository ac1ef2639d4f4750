"""Loads the demo world's directory and releases; see ``infra.dev.demo.world`` for the file."""

from pathlib import Path

from infra.subgraph_app import Chassis


async def seed(chassis: Chassis, world: Path) -> None:
    """Load what the consent service owns of the demo world, once."""
    raise NotImplementedError
