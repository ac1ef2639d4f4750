"""A gateway with a planted fault: it says that it is ready as soon as it runs.

python -m tests.faults.hasty
"""

from gateway.__main__ import main as serve
from gateway.readiness import Readiness


async def is_ready(_self: Readiness) -> bool:
    """Say so, whatever is missing."""
    return True


if __name__ == "__main__":
    setattr(Readiness, "is_ready", is_ready)  # noqa: B010 - planted
    raise SystemExit(serve([]))
