"""Programs that die by kill -9 at a named point, when a file of that name is laid before them.

    python -m tests.faults.mortal gateway|svc_consent

`MORTAL_DIR` holds the files; whoever dies takes its file along. `MORTAL_PLANT=early` plants a
fault in the consent service: it answers before its record is durable.
"""

import os
import signal
import sys
from collections.abc import Awaitable, Callable
from importlib import import_module
from pathlib import Path
from typing import Any

POINTS = {
    "svc_consent": ("begun", "checked", "appended", "committed"),
    "gateway": ("before the gate", "after the verdict", "answer ready"),
}
"""In the order in which a release passes them."""


def die_at(point: str) -> None:
    """End this process as a power cut would, if that is wanted here."""
    file = Path(os.environ["MORTAL_DIR"]) / point
    if file.exists():
        file.unlink()
        os.kill(os.getpid(), signal.SIGKILL)


def _dying_after(point: str, sound: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    async def done(*given: Any, **named: Any) -> Any:
        result = await sound(*given, **named)
        die_at(point)
        return result

    return done


def _prepare_consent() -> None:
    gate = import_module("svc_consent.disclosures.repository.gate")
    names = ("begin_under_lock", "check", "append", "commit")
    for name, point in zip(names, POINTS["svc_consent"], strict=True):
        setattr(gate, name, _dying_after(point, getattr(gate, name)))
    if os.environ.get("MORTAL_PLANT") == "early":

        async def never_durable(connection: Any) -> None:
            await connection.execute("rollback")

        gate.commit = never_durable  # type: ignore[attr-defined]  # the planted fault


def _prepare_gateway() -> None:
    from gateway.pipeline import Pipeline
    from gateway.release.gate import ReleaseGate

    before, after, ready = POINTS["gateway"]
    sound_verdict = ReleaseGate.verdict

    async def verdict(self: ReleaseGate, call: Any, give_up_at: float | None = None) -> Any:
        if call["stage"] == "RELEASE":
            die_at(before)
        result = await sound_verdict(self, call, give_up_at)
        if call["stage"] == "RELEASE":
            die_at(after)
        return result

    ReleaseGate.verdict = verdict  # type: ignore[method-assign]
    setattr(Pipeline, "answer", _dying_after(ready, Pipeline.answer))  # noqa: B010 - planted


def main() -> int:
    """Run one of the programs."""
    program = sys.argv[1]
    {"gateway": _prepare_gateway, "svc_consent": _prepare_consent}[program]()
    if program == "gateway":
        from gateway.__main__ import main as serve

        return serve([])
    from infra.service_program import main as serve_service
    from svc_consent.__main__ import PROGRAM

    sys.argv = ["svc_consent"]
    return serve_service(PROGRAM)


if __name__ == "__main__":
    raise SystemExit(main())
