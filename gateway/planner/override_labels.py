"""Which labels of progressive `@override` are on for a request.

A label `percent(N)` is on for N of 100 requests; which ones is the caller's business: the same
`share` gives the same answer, so a caller whose share is derived from who he is stays on one side
while N grows.  Any other label is on where it is switched on by name, and off otherwise.
Source: https://www.apollographql.com/docs/graphos/schema-design/guides/migrate-fields
"""

import re
from collections.abc import Iterable
from typing import Final

from gateway.supergraph import Supergraph

_PERCENT: Final = re.compile(r"percent\(\s*(\d+(?:\.\d+)?)\s*\)")

LAST_SHARE: Final = 99.999999
"""The share of a request that is on the new side only where everybody is."""


def override_labels(supergraph: Supergraph) -> frozenset[str]:
    """All labels that a supergraph uses."""
    return frozenset(
        field.override_label
        for seen in supergraph.types.values()
        for field in seen.fields.values()
        if field.override_label is not None
    )


def active_labels(
    supergraph: Supergraph, *, share: float = LAST_SHARE, switched_on: Iterable[str] = ()
) -> frozenset[str]:
    """The labels that are on for one request.

    Args:
        share: of the request, from 0 up to but not including 100.
        switched_on: labels that are on whatever the share.
    """
    named = frozenset(switched_on)
    return frozenset(
        label
        for label in override_labels(supergraph)
        if label in named or share < _percentage(label)
    )


def _percentage(label: str) -> float:
    found = _PERCENT.fullmatch(label)
    return float(found.group(1)) if found else 0.0
