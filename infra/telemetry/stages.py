"""Where the time of a request goes, stage by stage, as a histogram and as spans."""

from collections.abc import Iterator
from contextlib import contextmanager
from time import perf_counter

from prometheus_client import Histogram

STAGE_SECONDS = Histogram(
    "gt_stage_seconds",
    "Time of one stage of a request.",
    ["stage"],
    buckets=(0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0),
)


@contextmanager
def stage(name: str) -> Iterator[None]:
    """Measure a block as a stage; names come from the code, a closed set."""
    started = perf_counter()
    try:
        yield
    finally:
        STAGE_SECONDS.labels(name).observe(perf_counter() - started)
