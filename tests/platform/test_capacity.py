"""The capacity model says what its own simulation shows, and what arithmetic knows."""

import pytest

from tests.bench import capacity_measured
from tests.bench.capacity import (
    COSTS,
    COUNTRY,
    COUNTRY_PEAK,
    STATE,
    STATE_PEAK,
    Kind,
    shard_rate,
    simulate,
    stations,
    storage,
)
from tests.bench.scale_picture import Line, picture

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


@pytest.mark.parametrize(("rate", "servers"), [(STATE_PEAK, STATE), (COUNTRY_PEAK, COUNTRY)])
def test_what_was_chosen_carries_its_busiest_hour(rate: float, servers: dict[str, int]) -> None:
    found = stations(rate, servers)
    assert found[0].busy <= 0.61
    assert all(each.servers >= each.needed - 1 for each in found)


def test_one_consent_service_carries_a_state_and_not_the_country() -> None:
    assert STATE_PEAK < shard_rate() < COUNTRY_PEAK


def test_the_model_fills_the_measured_machine_where_arithmetic_says() -> None:
    """Two cores and 20 ms: full at a hundred a second."""
    below, beyond = (capacity_measured.modelled(20.0, rate) for rate in (50, 200))
    assert below < 200 < beyond


def test_the_picture_has_a_line_for_the_model_and_dots_for_what_was_measured() -> None:
    lines = [Line("model", [(5, 20.0), (50, 900.0)]), Line("seen", [(5, 30.0)], is_dots=True)]
    drawn = picture("p95", lines, is_logarithmic=True)
    assert drawn.count("<polyline") == 1
    assert drawn.count("<circle") == 3
    assert ">30 ms<" in drawn
    assert ">300 ms<" in drawn


def test_the_table_sets_measured_beside_modelled() -> None:
    said = capacity_measured.table()
    assert "| 1 gateway, twelve callers of one person: processor ms a request | 22 | 11.1 |" in said
    assert said.count("p95 of the") == 6
