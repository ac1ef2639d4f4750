"""A gateway that starts before what it needs: not ready at first, then ready for good (RL-17)."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from infra.dev.up.health import why_not_ready
from tests.faults.witness import eventually
from tests.fixtures.whole_platform import Platform
from tests.proof.processes import PATIENT, OwnProcess, own_process

pytestmark = pytest.mark.timeout(900)

_LOOKS = 5


@asynccontextmanager
async def _too_early(
    platform: Platform, module: str = "gateway"
) -> AsyncIterator[tuple[OwnProcess, OwnProcess]]:
    """Start a gateway before the consent service that it asks; both end with this."""
    consent = own_process(platform, "svc_consent", PATIENT)
    gateway = own_process(platform, "gateway", {**PATIENT, "GT_CONSENT_ADDRESS": consent.address})
    gateway.module = module

    async def answers() -> bool:
        return await why_not_ready(gateway.address) != "no answer yet"

    try:
        gateway.start()
        await eventually(answers, "the gateway does not run")
        yield gateway, consent
    finally:
        for each in (gateway, consent):
            if each.process is not None:
                each.kill()


async def _said(gateway: OwnProcess) -> set[str | None]:
    """Return what it says of itself, asked several times."""
    return {await why_not_ready(gateway.address) for _ in range(_LOOKS)}


async def test_a_gateway_is_ready_once_consent_has_answered_and_stays_so(
    platform: Platform,
) -> None:
    async with _too_early(platform) as (gateway, consent):
        assert await _said(gateway) == {'status 503 {"status":"starting"}'}
        consent.start()
        await gateway.is_ready()
        consent.kill()
        assert await _said(gateway) == {None}


async def test_twin_a_gateway_that_is_ready_when_it_runs_is_noticed(platform: Platform) -> None:
    async with _too_early(platform, "tests.faults.hasty") as (gateway, _):
        assert await _said(gateway) == {None}
