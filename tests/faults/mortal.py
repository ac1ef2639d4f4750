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
    "svc_consent": ("called", "begun", "checked", "appended", "committed", "judged"),
    "gateway": (
        "identified", "before the gate", "after the verdict", "answer ready", "half sent", "sent",
    ),
}  # fmt: skip
"""In the order in which a release passes them."""
SHOWN = b'"participant":{'
"""In an answer: what comes behind it is about somebody."""


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
    called, *points, judged = POINTS["svc_consent"]
    for name, point in zip(names, points, strict=True):
        setattr(gate, name, _dying_after(point, getattr(gate, name)))
    endpoints = import_module("svc_consent.disclosures.endpoints")
    sound_pass = endpoints.pass_gate

    async def pass_gate(*given: Any) -> Any:
        die_at(called)
        result = await sound_pass(*given)
        die_at(judged)
        return result

    setattr(endpoints, "pass_gate", pass_gate)  # noqa: B010 - planted
    if os.environ.get("MORTAL_PLANT") == "early":

        async def never_durable(connection: Any) -> None:
            await connection.execute("rollback")

        gate.commit = never_durable  # type: ignore[attr-defined]  # the planted fault


def _prepare_gateway() -> None:
    from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

    from gateway.pipeline import Pipeline
    from gateway.release.gate import ReleaseGate

    identified, before, after, ready, half, sent = POINTS["gateway"]
    sound_verdict = ReleaseGate.verdict

    async def verdict(self: ReleaseGate, call: Any, give_up_at: float | None = None) -> Any:
        if call["stage"] == "RELEASE":
            die_at(before)
        result = await sound_verdict(self, call, give_up_at)
        if call["stage"] == "RELEASE":
            die_at(after)
        return result

    ReleaseGate.verdict = verdict  # type: ignore[method-assign]
    setattr(Pipeline, "_acting", _dying_after(identified, Pipeline._acting))  # noqa: B010
    setattr(Pipeline, "answer", _dying_after(ready, Pipeline.answer))  # noqa: B010 - planted
    sound_send = RequestResponseCycle.send

    async def send(self: RequestResponseCycle, message: Any) -> None:
        body = message.get("body", b"")
        if SHOWN not in body:
            await sound_send(self, message)
            return
        if (Path(os.environ["MORTAL_DIR"]) / half).exists():
            part = body[: (body.index(SHOWN) + len(SHOWN) + len(body)) // 2]
            begun: Any = {**message, "body": part, "more_body": True}
            await sound_send(self, begun)
            die_at(half)
        await sound_send(self, message)
        die_at(sent)

    RequestResponseCycle.send = send  # type: ignore[method-assign]


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
