"""What long runs conclude from what they saw: a line through memory, and what may never be."""

import pytest

from tests.bench.overload import Found
from tests.bench.soak import Sample, line, table


def test_a_program_that_grows_has_a_slope() -> None:
    """One MiB a minute is sixty an hour, and a line that fits has no error."""
    seconds = [each * 60.0 for each in range(10)]
    slope, error = line(seconds, [50.0 + each for each in range(10)])
    assert slope == pytest.approx(60)
    assert error == pytest.approx(0, abs=1e-6)


def test_a_program_that_only_wavers_has_none() -> None:
    seconds = [each * 60.0 for each in range(10)]
    slope, error = line(seconds, [50.0, 51.0] * 5)
    assert abs(slope) < 2 * error


def test_growth_while_caches_fill_does_not_count() -> None:
    """Only the second half is looked at; the table names all of it."""
    sample = Sample([float(each) for each in range(20)], [*range(10), *([10.0] * 10)], [7] * 20)
    assert sample.slope()[0] == pytest.approx(0)
    assert "| gateway | 0.0 | 10.0 | 10.0 | +0.0 ± 0.0 | 7, 7, 7 |" in table({"gateway": sample})


def test_what_may_never_be_is_named() -> None:
    found = Found()
    for outcome in ("answered", "OVERLOADED", "RATE_LIMITED", "SERVICE_UNAVAILABLE"):
        found.note("list", outcome)
    assert found.refused("list") == pytest.approx(0.75)
    assert found.wrong() == {}
    found.note("hidden", "shown")
    found.note("urgent", "lost")
    assert found.wrong() == {"shown": 1, "lost": 1}
