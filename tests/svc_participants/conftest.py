"""The service for the tests of this folder."""

from tests.fixtures.participants_service import demo_world, demo_world_file, participants

__all__ = ["demo_world", "demo_world_file", "participants"]
