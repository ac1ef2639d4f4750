"""Seeded draws. Only ``Random.random`` is used: of it alone Python promises the same numbers."""

import math
import random
import tomllib
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import resources
from itertools import accumulate
from typing import Any, TypeVar

Option = TypeVar("Option")


class Shares:
    """A distribution over words."""

    def __init__(self, shares: Mapping[str, float]) -> None:
        self.words = list(shares)
        self._limits = list(accumulate(shares.values()))
        self._limits[-1] = 1.0

    def at(self, place: float) -> str:
        """Return the word at a place from 0 to 1."""
        return self.words[bisect_right(self._limits, place)]


class Draws:
    """One source of numbers, with the ways in which the synthetic world uses it."""

    def __init__(self, name: str) -> None:
        self._next = random.Random(name).random  # noqa: S311 - to repeat, not to keep secret

    def share(self) -> float:
        """Return a number from 0 to 1."""
        return self._next()

    def chance(self, share: float) -> bool:
        """Return true in this share of all draws."""
        return self._next() < share

    def below(self, limit: int) -> int:
        """Return a whole number from 0 to ``limit`` - 1."""
        return int(self._next() * limit)

    def pick(self, options: Sequence[Option]) -> Option:
        """Return one of the options, each as likely."""
        return options[int(self._next() * len(options))]

    def of(self, shares: Shares) -> str:
        """Return a word of a distribution."""
        return shares.at(self._next())

    def normal(self, mean: float, deviation: float) -> float:
        """Return a draw of a normal distribution (Box and Muller 1958)."""
        radius = math.sqrt(-2.0 * math.log(1.0 - self._next()))
        return mean + deviation * radius * math.cos(2.0 * math.pi * self._next())


@cache
def tables() -> dict[str, Any]:
    """Return `distributions.toml`."""
    text = (resources.files(__package__) / "distributions.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


@cache
def shares(*path: str) -> Shares:
    """Return a distribution by its name in the file."""
    found: Any = tables()
    for name in path:
        found = found[name]
    return Shares(found)
