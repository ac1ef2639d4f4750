"""Equal fetches under way are sent once, and never for two who could be told different things."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from gateway import fetch_sharing
from gateway.caller import InternalTokens
from gateway.executor import Transport
from gateway.fetch_sharing import FetchSharing
from gateway.pipeline import GraphQLRequest
from infra.http_client import HttpResponse, HttpTimeoutError, HttpUnreachableError
from infra.identity_token import GATEWAY_ISSUER, Caller, TokenMinter
from infra.signing_keys import SigningKeys
from infra.telemetry import metrics
from infra.vocabulary import Category, Purpose, Role
from tests.fixtures.gateway_app import GatewayWorld, eventually

CALLER = Caller(
    subject="s-1", agency_id="a-1", site_id="site", grant_id="g-1", role=Role.CM,
    purpose=Purpose.CAREMGT, access={Category.IDENTITY: "r"}, min_revision=7, policy_version="p",
)  # fmt: skip
OTHERS = {
    "another subject": replace(CALLER, subject="s-2"),
    "another agency": replace(CALLER, agency_id="a-2", grant_id="g-2"),
    "another purpose": replace(CALLER, purpose=Purpose.COC),
    "a later revision": replace(CALLER, min_revision=8),
    "another policy": replace(CALLER, policy_version="q"),
}


@dataclass
class Slow:
    """A service whose answers wait until they are let go."""

    sent: list[tuple[bytes, Mapping[str, str]]] = field(default_factory=list)
    goes: asyncio.Event = field(default_factory=asyncio.Event)
    failure: Exception | None = None

    async def post(
        self, body: bytes, headers: Mapping[str, str], *, timeout_seconds: float, idempotent: bool
    ) -> HttpResponse:
        number = len(self.sent)
        self.sent.append((body, headers))
        await self.goes.wait()
        if self.failure is not None and number == 0:
            raise self.failure
        return HttpResponse(200, {}, b"%d" % number)


@pytest.fixture(scope="module")
def tokens(tmp_path_factory: pytest.TempPathFactory) -> InternalTokens:
    folder: Path = tmp_path_factory.mktemp("keys")
    (folder / "public").mkdir()
    keys = SigningKeys(GATEWAY_ISSUER, folder, folder / "public")
    return InternalTokens(TokenMinter(keys))


def start(
    shared: Transport, headers: Mapping[str, str], body: bytes = b"{}", *, idempotent: bool = True
) -> "asyncio.Task[HttpResponse]":
    return asyncio.get_running_loop().create_task(
        _post(shared, headers, body, idempotent=idempotent)
    )


async def _post(
    shared: Transport, headers: Mapping[str, str], body: bytes, *, idempotent: bool
) -> HttpResponse:
    return await shared.post(body, headers, timeout_seconds=30, idempotent=idempotent)


async def settled() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_an_equal_fetch_is_sent_once() -> None:
    service = Slow()
    shared = FetchSharing().over("people", service)
    first = start(shared, {"authorization": "one", "traceparent": "1"})
    second = start(shared, {"authorization": "one", "traceparent": "2"})
    await settled()
    service.goes.set()
    assert (await first).body == (await second).body == b"0"
    third = await start(shared, {"authorization": "one"})
    assert third.body == b"1", "over is over: nothing is kept"


async def test_other_bytes_and_other_services_are_not_shared() -> None:
    service = Slow()
    sharing = FetchSharing()
    people, cases = sharing.over("people", service), sharing.over("cases", service)
    running = [
        start(people, {}, b"1"), start(people, {}, b"2"), start(cases, {}, b"1"),
    ]  # fmt: skip
    await settled()
    service.goes.set()
    await asyncio.gather(*running)
    assert len(service.sent) == 3


async def _nobody_else_shares(tokens: InternalTokens, other: Caller) -> None:
    service = Slow()
    shared = FetchSharing().over("people", service)
    running = [
        start(shared, {"authorization": f"Bearer {tokens.token(caller, 'people')}"})
        for caller in (CALLER, other, CALLER)
    ]
    await settled()
    service.goes.set()
    await asyncio.gather(*running)
    assert len(service.sent) == 2, "one for each of the two, the third joined the first"


@pytest.mark.parametrize("other", OTHERS)
async def test_nobody_else_shares(tokens: InternalTokens, other: str) -> None:
    await _nobody_else_shares(tokens, OTHERS[other])


@pytest.mark.parametrize("other", OTHERS)
async def test_sharing_across_callers_would_be_noticed(
    tokens: InternalTokens, other: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Planted twin: what the token says is no part of what makes fetches equal."""
    monkeypatch.setattr(fetch_sharing, "identity_of", lambda _headers: ())
    with pytest.raises(AssertionError):
        await _nobody_else_shares(tokens, OTHERS[other])


@pytest.mark.parametrize("other", ["another subject", "another purpose", "a later revision"])
async def test_a_token_for_two_callers_would_be_noticed(
    tokens: InternalTokens, other: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Planted twin: one internal token serves callers who differ."""
    real = InternalTokens.token
    monkeypatch.setattr(
        InternalTokens, "token", lambda self, _caller, audience: real(self, CALLER, audience)
    )
    with pytest.raises(AssertionError):
        await _nobody_else_shares(tokens, OTHERS[other])


async def _who_asks_after_a_write_reads_it() -> None:
    service = Slow()
    shared = FetchSharing().over("people", service)
    before = start(shared, {})
    await settled()
    write = start(shared, {}, b"mutation", idempotent=False)
    await settled()
    after = start(shared, {})
    await settled()
    service.goes.set()
    assert (await before).body == b"0"
    await write
    assert (await after).body == b"2"


async def test_who_asks_after_a_write_reads_it() -> None:
    await _who_asks_after_a_write_reads_it()


async def test_joining_what_began_before_a_write_would_be_noticed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Planted twin: a mutation leaves what is under way joinable."""
    monkeypatch.setattr(FetchSharing, "forget", lambda _self: None)
    with pytest.raises(AssertionError):
        await _who_asks_after_a_write_reads_it()


async def test_a_mutation_is_never_shared() -> None:
    service = Slow()
    shared = FetchSharing().over("people", service)
    running = [start(shared, {}, idempotent=False) for _ in range(2)]
    await settled()
    service.goes.set()
    await asyncio.gather(*running)
    assert len(service.sent) == 2


async def test_who_joined_asks_alone_when_the_first_one_fails_or_goes_away() -> None:
    for how in ("fails", "goes away"):
        service = Slow(failure=HttpUnreachableError("lost") if how == "fails" else None)
        shared = FetchSharing().over("people", service)
        first, second = start(shared, {}), start(shared, {})
        await settled()
        if how == "goes away":
            first.cancel()
        service.goes.set()
        assert (await second).body == b"1"
        with pytest.raises((HttpUnreachableError, asyncio.CancelledError)):
            await first


async def test_who_joined_keeps_its_own_deadline() -> None:
    service = Slow()
    shared = FetchSharing().over("people", service)
    first = start(shared, {})
    await settled()
    with pytest.raises(HttpTimeoutError):
        await shared.post(b"{}", {}, timeout_seconds=0.01, idempotent=True)
    service.goes.set()
    assert (await first).body == b"0"


def _joined() -> float:
    value: float = metrics.SHARED_FETCHES._value.get()
    return value


async def test_each_request_passes_the_gate_itself(gateway_world: GatewayWorld) -> None:
    officer = await gateway_world.person("LEO")
    participant = await gateway_world.participant_of(officer)
    request = GraphQLRequest(
        token=gateway_world.token(officer),
        query="query Q($id: ID!) { participant(id: $id) { name } }",
        variables={"id": participant},
        purpose="LEAD_COORD",
    )
    async with gateway_world.gateway() as gateway:
        alone: Any = await gateway.pipeline.answer(request)
        gateway_world.door.reset()
        gateway_world.people_http.reset()
        joined = _joined()

        async def until_all_have_joined() -> None:
            await eventually(lambda: _joined() == joined + 3)

        gateway_world.people_http.after = until_all_have_joined
        answers = await asyncio.gather(*(gateway.pipeline.answer(request) for _ in range(4)))
        assert [one.body for one in answers] == [alone.body] * 4
        assert len(gateway_world.people_http.received) == 1
        calls = [each for group in gateway_world.door.gate_calls() for each in group]
        assert len({each["releaseId"] for each in calls}) == 4
