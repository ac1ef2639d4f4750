"""Token buckets: what a rest gives back, who shares, what is forgotten."""

from unittest.mock import patch

from hypothesis import given
from hypothesis import strategies as st

from gateway.limits.rate import Rate, TokenBuckets
from tests.fixtures.clock_hands import Hands


def test_burst_passes_and_the_next_waits_until_there_is_a_token(hands: Hands) -> None:
    hands.stop()
    buckets = TokenBuckets(Rate(per_second=2, burst=3))
    assert [buckets.take("a") for _ in range(4)] == [0, 0, 0, 1]
    hands.turn(0.5)
    assert [buckets.take("a") for _ in range(2)] == [0, 1]


def test_keys_do_not_share(hands: Hands) -> None:
    hands.stop()
    buckets = TokenBuckets(Rate(1, 1))
    assert [buckets.take("a"), buckets.take("b"), buckets.take("a")] == [0, 0, 1]


def test_wait_is_said_in_whole_seconds_that_suffice(hands: Hands) -> None:
    hands.stop()
    buckets = TokenBuckets(Rate(per_second=0.1, burst=1))
    assert buckets.take("a") == 0
    wait = buckets.take("a")
    assert wait == 10
    hands.turn(wait)
    assert buckets.take("a") == 0


def test_busy_key_is_not_forgotten_for_new_ones(hands: Hands) -> None:
    hands.stop()
    buckets = TokenBuckets(Rate(0.001, 1), max_keys=3)
    assert buckets.take("busy") == 0
    for number in range(50):
        buckets.take(f"new-{number}")
        assert buckets.take("busy") > 0


@given(
    st.lists(st.floats(0, 5), min_size=1, max_size=60),
    st.floats(0.1, 20),
    st.integers(1, 20),
)
def test_never_more_than_burst_and_rate_allow(
    pauses: list[float], per_second: float, burst: int
) -> None:
    moment = [0.0]
    buckets = TokenBuckets(Rate(per_second, burst))
    passed = 0
    for pause in pauses:
        moment[0] += pause
        passed += _take_at(buckets, moment[0]) == 0
        assert passed <= burst + moment[0] * per_second + 1e-6


def _take_at(buckets: TokenBuckets, moment: float) -> int:
    with patch("gateway.limits.rate.clock.monotonic", return_value=moment):
        return buckets.take("a")
