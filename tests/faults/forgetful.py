"""A consent service with a planted fault: a key that it has seen is as good as new.

python -m tests.faults.forgetful
"""

import sys
from collections.abc import Awaitable, Callable
from typing import Any

from infra import command_edge


async def once(
    _session: Any, *, effect: Callable[[], Awaitable[dict[str, Any]]], **_named: Any
) -> dict[str, Any]:
    """Have the effect, each time."""
    return await effect()


if __name__ == "__main__":
    setattr(command_edge, "once", once)  # noqa: B010 - planted
    from infra.service_program import main as serve
    from svc_consent.__main__ import PROGRAM

    sys.argv = ["svc_consent"]
    raise SystemExit(serve(PROGRAM))
