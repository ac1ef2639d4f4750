"""How long each fetch has to wait."""

from collections.abc import Iterable

from gateway.planner.fetch_graph import FetchGroup


def waves_of(groups: Iterable[FetchGroup]) -> dict[FetchGroup, int]:
    """Number of groups in the longest chain that ends in each, each counted once."""
    waves: dict[FetchGroup, int] = {}
    for group in groups:
        pending = [group]
        while pending:
            last = pending[-1]
            unknown = [parent for parent in last.parents if parent not in waves]
            if unknown:
                pending += unknown
                continue
            pending.pop()
            waves[last] = 1 + max((waves[parent] for parent in last.parents), default=0)
    return waves
