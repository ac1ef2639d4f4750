"""Wires in the running gateway; it is defined in tests/fixtures/gateway_app.py."""

from tests.fixtures.gateway_app import gateway_house as gateway_house
from tests.fixtures.gateway_app import gateway_world as gateway_world
