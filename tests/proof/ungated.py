"""A gateway with a planted fault, as a process: it releases on its own word and its own clock.

Beside the gate the services' own narrowing is taken down, since each of them stops a leak alone.
"""

import time
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from gateway.__main__ import main
from gateway.caller import InternalTokens
from gateway.consent_client import Verdict
from gateway.release.gate import ReleaseGate
from infra.identity_token import Caller


def plant() -> None:
    """Let every answer pass, and tell services that everything may be read."""
    sound_verdict, sound_token = ReleaseGate.verdict, InternalTokens.token

    async def verdict(self: ReleaseGate, call: Any, give_up_at: float | None = None) -> Any:
        if call["stage"] == "RELEASE":
            return Verdict(str(call["releaseId"]), "RELEASED", 0, {}), time.monotonic()
        return await sound_verdict(self, call, give_up_at)

    def token(self: InternalTokens, caller: Caller, audience: str) -> str:
        if caller.permit is None:
            access = MappingProxyType(dict.fromkeys(caller.access, "*"))
            caller = replace(caller, access=access)
        return sound_token(self, caller, audience)

    ReleaseGate.verdict = verdict  # type: ignore[method-assign]
    InternalTokens.token = token  # type: ignore[method-assign]


if __name__ == "__main__":
    plant()
    raise SystemExit(main())
