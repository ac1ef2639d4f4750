"""Fixtures wired in, none defined: each has its file in tests/fixtures."""

pytest_plugins = [
    "tests.fixtures.failures_at_once",
    "tests.fixtures.openers",
    "tests.fixtures.same_order",
    "tests.fixtures.property_tests",
    "tests.fixtures.clock_hands",
    "tests.fixtures.patience",
    "tests.fixtures.postgres",
    "tests.fixtures.service_app",
    "tests.fixtures.whole_platform",
    "tests.fixtures.browser",
]
