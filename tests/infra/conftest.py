"""Wires in fixtures of the chassis's own tests; they are defined in tests/fixtures."""

from tests.fixtures.chassis_database import chassis_database as chassis_database
from tests.fixtures.chassis_database import chassis_dsn as chassis_dsn
