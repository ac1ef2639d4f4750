"""Token buckets: how often somebody may ask, and how long to wait after that.

In this process only. Behind several gateways each lets through its own share, so set the rates to
what one of them should take.
"""

import math
from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass

from infra import clock


@dataclass(frozen=True, slots=True)
class Rate:
    """What a bucket holds and how it fills.

    Attributes:
        per_second: requests a second in the long run.
        burst: requests at once after a rest.
    """

    per_second: float
    burst: float


class TokenBuckets:
    """One bucket for each key; those that were not used for longest are forgotten first.

    A forgotten bucket was full, unless more keys than ``max_keys`` are busy within the time that a
    bucket takes to fill.
    """

    def __init__(self, rate: Rate, max_keys: int = 65_536) -> None:
        self._rate = rate
        self._max_keys = max_keys
        self._buckets: OrderedDict[Hashable, tuple[float, float]] = OrderedDict()

    def take(self, key: Hashable) -> int:
        """Take one token; return 0, or the whole seconds after which there is one again."""
        now, rate = clock.monotonic(), self._rate
        level, at = self._buckets.pop(key, (rate.burst, now))
        level = min(rate.burst, level + (now - at) * rate.per_second)
        wait = 0 if level >= 1 else max(1, math.ceil((1 - level) / rate.per_second))
        self._buckets[key] = (level if wait else level - 1, now)
        if len(self._buckets) > self._max_keys:
            self._buckets.popitem(last=False)
        return wait
