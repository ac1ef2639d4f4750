"""A gateway with a planted fault: it forgets nothing that changes, and releases on its own word.

python -m tests.faults.deaf
"""

from gateway.__main__ import main as serve
from gateway.release.feed import ChangeFeed
from tests.proof import ungated


def forget(_self: ChangeFeed, _change: object) -> None:
    """Keep everything."""


if __name__ == "__main__":
    ungated.plant()
    setattr(ChangeFeed, "_forget", forget)  # noqa: B010 - planted
    raise SystemExit(serve([]))
