"""How long each fetch has to wait."""

from gateway.planner.fetch_graph import FetchGroup


def wave_of(group: FetchGroup) -> int:
    """Number of groups in the longest chain that ends here."""
    return 1 + max((wave_of(parent) for parent in group.parents), default=0)
