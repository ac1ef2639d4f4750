"""Refuses a document that surely nests too deeply before it is read: reading costs far more.

What is counted lexically is never more than what `gateway.limits.shape` counts on the document
read: a brace after `...` may open an inline fragment, which is no level, and wrappers of
introspection are none either.  What is not refused here is counted exactly there.

Literal values, and brackets of any kind as they are written, have limits of their own: the parser
goes one call deeper with each, whatever it may mean.

Source: GraphQL specification 2.1 (tokens), 2.5 (selection sets) and 2.9 (input values).
"""

import re
from typing import Final

from gateway.errors import RequestRefusedError
from gateway.limits.budget import Budget

_TOKEN: Final = re.compile(
    r'"""(?:[^"\\]|\\.|"(?!""))*"""|"(?:[^"\\\n\r]|\\.)*"|#[^\n\r]*|\.\.\.|ofType|[(){}\[\]]',
    re.DOTALL,
)
_OPENING: Final = frozenset("({[")
_CLOSING: Final = frozenset(")}]")


def check_nesting(source: str, budget: Budget) -> None:
    """Refuse a document with selections, values or brackets nested beyond the limits.

    Raises:
        RequestRefusedError: 400 ``DEPTH_LIMIT``.
    """
    braces, others = source.count("{"), source.count("[") + source.count("(")
    if braces <= budget.depth and braces + others <= budget.value_depth:
        return
    counter = _Counter(budget)
    for mark in _TOKEN.findall(source):
        counter.take(mark)


class _Counter:
    """How deep the place is that has been come to."""

    def __init__(self, budget: Budget) -> None:
        self._budget = budget
        self._levels: list[int] = []
        self._depth = self._arguments = self._values = self._brackets = 0
        self._is_level = True

    def take(self, mark: str) -> None:
        """Go on by one token."""
        if mark in _OPENING:
            self._brackets += 1
            if self._brackets > self._budget.brackets:
                raise RequestRefusedError(400, "DEPTH_LIMIT")
        elif mark in _CLOSING:
            self._brackets = max(self._brackets - 1, 0)
        if mark == "(":
            self._arguments += 1
        elif mark == ")":
            self._arguments -= 1
            self._values = 0
        elif self._arguments:
            self._take_value(mark)
        else:
            self._take_selection(mark)

    def _take_value(self, mark: str) -> None:
        if mark in _OPENING:
            self._values += 1
            if self._values > self._budget.value_depth:
                raise RequestRefusedError(400, "DEPTH_LIMIT")
        elif mark in _CLOSING:
            self._values -= 1

    def _take_selection(self, mark: str) -> None:
        if mark == "{":
            level = int(bool(self._levels) and self._is_level)
            self._levels.append(level)
            self._depth += level
            self._is_level = True
            if self._depth >= self._budget.depth:  # and at least one field within
                raise RequestRefusedError(400, "DEPTH_LIMIT")
        elif mark == "}":
            if self._levels:
                self._depth -= self._levels.pop()
            self._is_level = True
        elif mark in ("...", "ofType"):
            self._is_level = False
