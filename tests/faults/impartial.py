"""A gateway with a planted fault: to it nothing is urgent, so that whoever comes first is served.

python -m tests.faults.impartial
"""

from collections.abc import Sequence
from typing import Any

from gateway.__main__ import main as serve
from gateway.limits.traffic import Traffic

_sound = Traffic.room


def room(self: Traffic, subject: str, _coordinates: Sequence[str]) -> Any:
    """Hold a place, whatever is asked."""
    return _sound(self, subject, ())


if __name__ == "__main__":
    setattr(Traffic, "room", room)  # noqa: B010 - planted
    raise SystemExit(serve([]))
