"""What long runs conclude from what they saw: a line through memory, and what may never be."""

import random

import pytest

from tests.bench import hidden, overload, soak
from tests.bench.goals import below, lines
from tests.bench.overload import Found, Result
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


@pytest.mark.parametrize(
    ("found", "error", "said"),
    [(0.2, 0.1, "met"), (0.9, 0.3, "not shown"), (1.2, 0.3, "not shown"), (60.0, 2.0, "missed")],
)
def test_a_goal_is_met_missed_or_not_shown(found: float, error: float, said: str) -> None:
    assert f"goal small: {said} (" in str(below("small", found, 1.0, error=error))


def test_the_soak_says_what_became_of_its_goals() -> None:
    seconds = [each * 60.0 for each in range(10)]
    steady = Sample(seconds, [50.0] * 10, [7, 9, 8, 7, 9, 8, 7, 9, 8, 7])
    grows = Sample(seconds, [50.0 + each for each in range(10)], list(range(10)))
    said = lines(soak.goals({"gateway": steady, "svc_cases": grows}))
    assert "goal gateway: memory grows less than 1 MiB an hour: met (0.0 MiB/h)" in said
    assert "goal gateway: no more handles: met (9, then 9)" in said
    assert "goal svc_cases: memory grows less than 1 MiB an hour: missed" in said
    assert "goal svc_cases: no more handles: missed (4, then 9)" in said


def overloaded(*, urgent: str, hidden: str = "answered", recovered_after: float = 1.0) -> Result:
    during = Found()
    for kind, outcome in (("list", "OVERLOADED"), ("urgent", urgent), ("hidden", hidden)):
        during.note(kind, outcome)
    return Result(10.0, Found(), during, recovered_after)


@pytest.mark.parametrize(
    ("result", "said"),
    [
        (overloaded(urgent="answered"), ["met", "met", "met"]),
        (overloaded(urgent="answered", hidden="shown"), ["missed", "met", "met"]),
        (overloaded(urgent="OVERLOADED"), ["met", "missed", "met"]),
        (overloaded(urgent="answered", recovered_after=12.0), ["met", "met", "missed"]),
        (Result(10.0, Found(), Found(), 1.0), ["met", "not shown", "met"]),
    ],
    ids=["all", "shown", "urgent-not-first", "late", "nothing-refused"],
)
def test_the_overload_says_what_became_of_its_goals(result: Result, said: list[str]) -> None:
    judged = lines(overload.goals(result)).splitlines()
    assert [line.rpartition(": ")[2].partition(" (")[0] for line in judged] == said


def times_of(dice: random.Random, late: float) -> dict[str, list[float]]:
    """Return times of a machine that wavers more from round to round than between kinds."""
    rounds = [dice.uniform(10, 30) for _ in range(300)]
    return {
        kind: [each + dice.gauss(late if kind == "expired" else 0.0, 1.0) for each in rounds]
        for kind in (hidden.ABSENT, "expired", "taken back")
    }


def test_times_that_tell_nothing_are_not_told_apart() -> None:
    found = [hidden.chance(times_of(random.Random(seed), 0.0), random.Random(1)) for seed in (1, 2)]
    assert min(found) > hidden.LIMIT


def test_planted_delay_of_one_kind_is_told_apart() -> None:
    """Half of what the times of one kind waver by."""
    times = times_of(random.Random(3), 0.5)
    found = hidden.chance(times, random.Random(1))
    assert found < hidden.LIMIT
    assert "missed (chance 0.0" in str(hidden.goal(found, 0.5))
    assert "| expired |" in hidden.table(times)


def test_a_run_that_would_have_noticed_no_delay_shows_nothing() -> None:
    times = times_of(random.Random(4), 0.0)
    few = {kind: each[:3] for kind, each in times.items()}
    assert hidden.noticed(few, random.Random(1)) is None
    least = hidden.noticed(times, random.Random(1))
    assert least is not None
    assert 0.1 < least < 2.0
    assert ": not shown (" in str(hidden.goal(0.5, None))
    assert ": met (" in str(hidden.goal(0.5, least))


def test_equal_times_share_their_place() -> None:
    assert hidden.ranks([3.0, 1.0, 3.0]) == [2.5, 1.0, 2.5]
