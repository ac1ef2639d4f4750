"""Rate, errors and duration by operation, with a bounded number of names.

Clients choose operation names, and could choose new ones for ever, or put somebody's name there.
So only registered names count under their own: those of the committed operations, and those of
manifests that an operator has signed. All others are ``other``; no name is ``unnamed``.
"""

import re
from contextvars import ContextVar
from functools import cache
from importlib import resources
from typing import Final

from infra.telemetry import metrics, traces

MOST_NAMES: Final = 200
OTHER, UNNAMED = "other", "unnamed"
_NAME = re.compile(r"^[_A-Za-z][_0-9A-Za-z]{0,79}$")
_CURRENT: ContextVar[str] = ContextVar("operation", default=OTHER)


@cache
def committed_names() -> frozenset[str]:
    """Return the names of the committed operations."""
    folder = resources.files("gateway") / "operations"
    files = [each.name for each in folder.iterdir() if each.name.endswith(".graphql")]
    return frozenset(name.removesuffix(".graphql") for name in files)


class OperationMetrics:
    """Counts requests by operation; one for each gateway process."""

    def __init__(self) -> None:
        self._names = set(committed_names())

    def begin(self) -> None:
        """Begin a request whose operation is not known yet."""
        _CURRENT.set(OTHER)

    def note(self, name: str | None, kind: str, *, is_registered: bool) -> None:
        """Say which operation this request is.

        Args:
            name: as its document has it.
            kind: query, mutation or subscription.
            is_registered: whether the document is from a signed manifest.
        """
        if name is None:
            label = UNNAMED
        elif name in self._names:
            label = name
        elif is_registered and len(self._names) < MOST_NAMES and _NAME.match(name):
            self._names.add(name)
            label = name
        else:
            label = OTHER
        _CURRENT.set(label)
        if traces.is_recorded():
            traces.note("graphql.operation.name", label)
            traces.note("graphql.operation.type", kind)

    def end(self, status: int, seconds: float, *, has_errors: bool) -> None:
        """Count the request that ends."""
        label = _CURRENT.get()
        outcome = "refused" if status >= 400 else "errors" if has_errors else "ok"
        metrics.OPERATIONS.labels(label, outcome).inc()
        metrics.OPERATION_SECONDS.labels(label).observe(seconds)
