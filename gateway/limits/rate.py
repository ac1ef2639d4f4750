"""Token buckets: how often somebody may ask, and how long to wait after that.

The buckets of this process. What several gateways let through together is brought into line by
`gateway.limits.shared_rates`, beside the requests and not in them.
"""

import math
from collections import OrderedDict
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

    Attributes:
        kind: what the keys are, such as ``subject``; names the buckets that gateways share.
        rate: of each bucket.
        sharers: gateways that take from the same buckets. With more than one, a bucket fills here
            by this process's share, and what is taken is written down.
    """

    def __init__(self, rate: Rate, max_keys: int = 65_536, kind: str = "") -> None:
        self.kind = kind
        self.rate = rate
        self.sharers = 1
        self._max_keys = max_keys
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._spent: dict[str, int] = {}

    def take(self, key: str) -> int:
        """Take one token; return 0, or the whole seconds after which there is one again."""
        now, rate = clock.monotonic(), self.rate
        level, at = self._buckets.pop(key, (rate.burst, now))
        level = min(rate.burst, level + (now - at) * rate.per_second / self.sharers)
        wait = 0 if level >= 1 else self.seconds_until_one(level)
        self._buckets[key] = (level if wait else level - 1, now)
        if len(self._buckets) > self._max_keys:
            self._buckets.popitem(last=False)
        if self.sharers > 1 and not wait:
            self._spent[key] = self._spent.get(key, 0) + 1
        return wait

    def seconds_until_one(self, level: float) -> int:
        """Return the whole seconds after which a bucket at this level has a token."""
        return max(1, math.ceil((1 - level) / self.rate.per_second))

    def spent(self) -> dict[str, int]:
        """Return what was taken since this was last asked for, by key; it is forgotten here."""
        spent, self._spent = self._spent, {}
        return spent

    def correct(self, key: str, level: float) -> None:
        """Set a bucket to what all gateways together left in it, less what was taken meanwhile."""
        left = min(self.rate.burst, level) - self._spent.get(key, 0)
        self._buckets[key] = (left, clock.monotonic())
