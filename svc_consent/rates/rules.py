"""What a gateway may say about its use, and the name that a bucket goes by."""

import hashlib
import hmac
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

MAX_USES: Final = 2_000
_MAX_TEXT: Final = 400
_MOST: Final = 1e12
_LONGEST_SECONDS: Final = 1e9


@dataclass(frozen=True, slots=True)
class Use:
    """What a gateway let through of one bucket.

    Attributes:
        kind: of the bucket, such as ``subject``.
        key: whose it is; never stored as it is.
        per_second: tokens that it gains.
        burst: tokens that it holds at most.
        spent: tokens that were taken since the gateway last said so.
    """

    kind: str
    key: str
    per_second: float
    burst: float
    spent: float

    def name(self, secret: bytes) -> bytes:
        """Return the bucket's name: without the key nobody finds out whose it is."""
        return hmac.new(secret, f"{self.kind}\0{self.key}".encode(), hashlib.sha256).digest()[:16]


def read_use(given: Any) -> Use:
    """Return a use as JSON says it.

    Raises:
        ValueError: a text is missing or too long, or a number is not one above zero.
    """
    if not isinstance(given, Mapping):
        raise ValueError("a use is an object")  # noqa: TRY004 - as any other malformed use
    kind, key = given.get("kind"), given.get("key")
    for word in (kind, key):
        if not isinstance(word, str) or len(word) > _MAX_TEXT:
            raise ValueError("kind and key are texts")
    numbers = [given.get(name) for name in ("perSecond", "burst", "spent")]
    if not all(_is_amount(number) for number in numbers):
        raise ValueError("perSecond, burst and spent are numbers above zero")
    per_second, burst, spent = (float(number) for number in numbers if number is not None)
    if burst / per_second > _LONGEST_SECONDS:
        raise ValueError("a bucket fills within a lifetime")
    return Use(str(kind), str(key), per_second, burst, spent)


def _is_amount(number: object) -> bool:
    if isinstance(number, bool) or not isinstance(number, int | float):
        return False
    return math.isfinite(number) and 0 < number <= _MOST
