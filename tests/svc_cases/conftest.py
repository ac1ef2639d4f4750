"""Wires in the running service; it is defined in tests/fixtures/cases_service.py."""

from tests.fixtures.cases_service import cases as cases
from tests.fixtures.cases_service import world as world
from tests.fixtures.cases_service import world_file as world_file
