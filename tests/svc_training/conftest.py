"""Wires in the running service; it is defined in tests/fixtures/training_service.py."""

from tests.fixtures.training_service import training as training
