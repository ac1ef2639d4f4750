"""The capacity model says what its own simulation shows, and what arithmetic knows."""

import pytest

from tests.bench.capacity import COSTS, STATE, Kind, simulate, stations, storage

ONE = (Kind("only", 1.0, {"gateway": 10.0}, 1, 1),)


def test_shares_are_whole() -> None:
    assert sum(kind.share for kind in COSTS) == pytest.approx(1.0)


def test_a_station_is_as_busy_as_its_load() -> None:
    (only,) = stations(60, {"gateway": 1}, ONE)
    assert only.busy == pytest.approx(0.6)
    assert only.needed == 1
    (more,) = stations(120, {"gateway": 4}, ONE)
    assert more.busy == pytest.approx(0.3)
    assert more.needed == 2


def test_the_simulation_agrees_with_the_queue_that_has_a_formula() -> None:
    """One server, random arrivals and times: the mean time is s / (1 - busy), its median ln 2."""
    wait = simulate(50, {"gateway": 1}, ONE, requests=10_000, seed=3)
    assert wait.p50 == pytest.approx(20 * 0.693, rel=0.2)
    assert wait.p95 == pytest.approx(20 * 2.996, rel=0.2)


def test_waits_grow_beyond_the_rate_that_fills_the_busiest_station() -> None:
    full = 1 / max(each.seconds_a_request / each.servers for each in stations(1, STATE))
    below, beyond = (simulate(full * share, STATE, requests=10_000).p95 for share in (0.5, 3.0))
    assert beyond > 3 * below


def test_storage_is_linear() -> None:
    assert storage(40)["ledger"] == pytest.approx(2 * storage(20)["ledger"])
