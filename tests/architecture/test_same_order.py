"""Files of tests are dealt out to processes the same way at each run."""

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from tests.fixtures.same_order import dealt_out

FILES = st.dictionaries(st.text(min_size=1), st.floats(0, 1000), min_size=1)


@given(FILES, st.integers(1, 8), st.randoms())
def test_order_of_collection_decides_nothing(
    seconds: dict[str, float], processes: int, random: Random
) -> None:
    shuffled = list(seconds.items())
    random.shuffle(shuffled)
    assert dealt_out(dict(shuffled), processes) == dealt_out(seconds, processes)


@given(FILES, st.integers(1, 8))
def test_no_process_has_more_than_the_mean_and_one_file(
    seconds: dict[str, float], processes: int
) -> None:
    load = [0.0] * processes
    for file, process in dealt_out(seconds, processes).items():
        load[process] += seconds[file]
    assert max(load) <= sum(load) / processes + max(seconds.values()) + 1e-6


def test_every_file_has_its_process() -> None:
    assert dealt_out({"a": 3, "b": 2, "c": 2, "d": 1}, 2) == {"a": 0, "b": 1, "c": 1, "d": 0}
