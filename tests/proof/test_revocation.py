"""Revocation is linearizable (CN-01, CN-02, CN-05, CN-08): three gateways over one world.

Here everything runs in this process, so that planted twins can be put in; the same drive against
real processes under faults is in `test_revocation_under_faults`.
"""

import asyncio
import itertools
import random
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import pytest

from gateway.caller import InternalTokens
from gateway.consent_client import Verdict
from gateway.release.call import GateCalls
from gateway.release.decisions import ConsentGuard, DecisionCache
from gateway.release.gate import ReleaseGate
from infra.authority.follower import Follower
from infra.identity_token import Caller
from infra.request_context import RequestContext
from svc_consent.disclosures.repository import gate as gate_statements
from tests.proof.history import check
from tests.proof.house import House
from tests.proof.revocation import RECORDED, Answered, Drive, unrecorded

GATEWAYS, READERS, PARTICIPANTS = 3, 6, 5
DISCLOSURES = 300
MOST_FOR_A_TWIN = 2_000
TTL_SECONDS = 1.0  # longer than a request takes on a busy machine; shorter ones: test_history
SHORT_TTL_SECONDS = 0.05


@asynccontextmanager
async def _driving(house: House) -> AsyncIterator[Drive]:
    """Three gateways in this process, and a drive over them that is ready to run."""
    async with AsyncExitStack() as stack:
        gateways = [await stack.enter_async_context(house.gateway()) for _ in range(GATEWAYS)]

        async def door(
            number: int, persona: str, query: str, variables: dict[str, Any], purpose: str
        ) -> Answered:
            answer = await gateways[number].ask(
                f"persona:{persona}", query, variables, purpose=purpose
            )
            return answer.status, dict(answer.body)

        agencies = {each["key"]: each["id"] for each in house.document["agencies"]}
        recipients = [agencies["cedar-housing"], agencies["cedar-sud"]]
        drive = Drive(door, GATEWAYS, recipients, random.Random(11))
        await drive.prepare(PARTICIPANTS)
        yield drive


async def _faults(house: House, drive: Drive, most: int) -> list[str]:
    """Drive until so many disclosures; return what was wrong, as soon as something is."""
    found: list[str] = []
    checked = [0]

    def is_enough() -> bool:
        if len(drive.disclosures) - checked[0] >= 100:
            checked[0] = len(drive.disclosures)
            # Changes under way are unknown yet: what overlaps the last second is judged later.
            settled = time.monotonic() - 1.0
            past = [each for each in drive.disclosures if each.ended_at < settled]
            found.extend(each.reason for each in check(drive.changes, past, is_fresh=False)[:3])
        return bool(found or drive.miscounted) or len(drive.disclosures) >= most

    await drive.run(readers=READERS, until=is_enough, pause=0.2)
    found = [each.reason for each in check(drive.changes, drive.disclosures, is_fresh=False)]
    found += [f"{name} was miscounted" for name in drive.miscounted]
    return found + unrecorded(drive.shown, await house.services["consent"].rows(RECORDED))


@pytest.mark.timeout(900)
async def test_no_disclosure_uses_what_was_revoked(house: House) -> None:
    """Look-ups, several at once, lists and counts of three gateways: all in one order, recorded."""
    async with _driving(house) as drive:
        assert await _faults(house, drive, DISCLOSURES) == []
        assert sum(any(each.saw.values()) for each in drive.disclosures) > 50
        assert sum(not all(each.saw.values()) for each in drive.disclosures) > 50


def _ungated(patch: pytest.MonkeyPatch) -> None:
    """Let everything pass the gate unasked."""

    async def pass_all(_self: Any, call: Any, _give_up_at: Any = None) -> Any:
        if call["stage"] == "RELEASE":
            return Verdict(str(call["releaseId"]), "RELEASED", 0, {}), time.monotonic()
        return await sound(_self, call, _give_up_at)

    sound = ReleaseGate.verdict
    patch.setattr(ReleaseGate, "verdict", pass_all)


def _ttl_cache(
    patch: pytest.MonkeyPatch,
    seconds: float = TTL_SECONDS,
    clock: Callable[[], float] = time.monotonic,
) -> None:
    """Keep decisions for a time whatever the feed says, and release on them."""
    _ungated(patch)
    kept: dict[Any, tuple[float, Any]] = {}
    sound = DecisionCache.get

    def get(self: Any, recipient: Any, participant: str) -> Any:
        key = (id(self), recipient, participant)
        if key in kept and clock() - kept[key][0] < seconds:
            return kept[key][1]
        found = sound(self, recipient, participant)
        kept.pop(key, None)
        if found is not None:
            kept[key] = clock(), found
        return found

    def put(self: Any, recipient: Any, participant: str, decision: Any) -> None:
        kept[id(self), recipient, participant] = clock(), decision

    patch.setattr(DecisionCache, "get", get)
    patch.setattr(DecisionCache, "put", put)


def _only_at_start(patch: pytest.MonkeyPatch) -> None:
    """Rely on the decisions that a request began with; the feed comes late, as it may."""
    _ungated(patch)
    patch.setattr(DecisionCache, "forget_participant", lambda *_: None)
    patch.setattr(DecisionCache, "forget_recipients", lambda *_, **__: None)


def _before_audit(patch: pytest.MonkeyPatch) -> None:
    """Answer before the record is durable; it never becomes so."""

    async def lose(connection: Any) -> None:
        await connection.execute("rollback")

    patch.setattr(gate_statements, "commit", lose)


def _stale_replica(patch: pytest.MonkeyPatch) -> None:
    """Read lists from a replica that lags, and do not hold them against the gate."""
    catch_up = Follower.catch_up

    async def late(self: Any, **options: Any) -> Any:
        await asyncio.sleep(0.3)
        return await catch_up(self, **options)

    async def at_once(*_: Any) -> None:
        return None

    release = GateCalls.release

    def without_lists(
        self: Any, relied_on: Any, released: Any, _lists: Any, *others: Any, **named: Any
    ) -> Any:
        return release(self, relied_on, released, None, *others, **named)

    patch.setattr(Follower, "catch_up", late)
    patch.setattr(Follower, "wait_for", at_once)
    patch.setattr(GateCalls, "release", without_lists)
    patch.setattr("gateway.rounds._disagreement", lambda *_: 0)


def _shared_loader(patch: pytest.MonkeyPatch) -> None:
    """Keep what loaders have read beyond the request that read it, and trust it."""
    _ungated(patch)
    kept: dict[Any, tuple[float, Any]] = {}
    sound = RequestContext.loader

    def loader(self: Any, kind: Any) -> Any:
        key = (kind, self.caller.subject)
        if key not in kept or time.monotonic() - kept[key][0] > TTL_SECONDS:
            kept[key] = time.monotonic(), sound(self, kind)
        return kept[key][1]

    patch.setattr(RequestContext, "loader", loader)
    patch.setattr(ConsentGuard, "mask", lambda *_: -1)


def _services_hide_nothing(patch: pytest.MonkeyPatch) -> None:
    """Take the services' own narrowing down: gateway and gate are alone with what they know."""
    sound = InternalTokens.token

    def token(self: Any, who: Caller, audience: str) -> str:
        if who.permit is not None:
            return sound(self, who, audience)
        access = MappingProxyType(dict.fromkeys(who.access, "*"))
        made: str = self.minter.for_caller(replace(who, access=access), audience)
        return made

    patch.setattr(InternalTokens, "token", token)


_IN_THE_TEST_RUN = frozenset({"checked before audit", "stale replica"})
"""The others are masked by the services' own narrowing when all goes on at once; step by step, with
that layer taken down, each of them shows (below)."""

TWINS: dict[str, Callable[[pytest.MonkeyPatch], None]] = {
    "a cache with a time limit": _ttl_cache,
    "checked only at start": _only_at_start,
    "checked before audit": _before_audit,
    "stale replica": _stale_replica,
    "shared loader": _shared_loader,
}


@pytest.mark.timeout(900)
@pytest.mark.parametrize(
    "twin",
    [
        pytest.param(name, marks=[] if name in _IN_THE_TEST_RUN else [pytest.mark.soak])
        for name in TWINS
    ],
)
async def test_a_planted_twin_is_caught(
    house: House, twin: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each breaks one link; the same checks see it."""
    async with _driving(house) as drive:
        TWINS[twin](monkeypatch)
        most = DISCLOSURES if twin == "checked before audit" else MOST_FOR_A_TWIN
        assert await _faults(house, drive, most), f"{twin} went unnoticed"


def _short_cache(patch: pytest.MonkeyPatch) -> None:
    """Keep decisions for 50 ms of a clock that the two looks do not let get so far."""
    ticks = itertools.count()
    _ttl_cache(patch, SHORT_TTL_SECONDS, lambda: next(ticks) * SHORT_TTL_SECONDS / 1000)


ALONE: dict[str, Callable[[pytest.MonkeyPatch], None]] = {
    "a cache of 50 ms": _short_cache,
    "checked only at start": _only_at_start,
    "shared loader": _shared_loader,
}


async def _step_by_step(house: House, *plants: Callable[[pytest.MonkeyPatch], None]) -> list[str]:
    async with _driving(house) as drive:
        with pytest.MonkeyPatch.context() as patch:
            for plant in plants:
                plant(patch)
            await drive.step_by_step()
        return [each.reason for each in check(drive.changes, drive.disclosures, is_fresh=False)]


async def test_gateway_and_gate_stand_without_the_services_narrowing(house: House) -> None:
    """Each of the layers stops what was revoked alone: here the services hide nothing at all."""
    assert await _step_by_step(house, _services_hide_nothing) == []


@pytest.mark.parametrize("twin", list(ALONE))
async def test_a_twin_shows_where_nothing_masks_it(house: House, twin: str) -> None:
    """Planted, in the test run: the three that the services' narrowing would hide (CN-05)."""
    found = await _step_by_step(house, _services_hide_nothing, ALONE[twin])
    assert found, f"{twin} went unnoticed"
