"""Who asks at a door is read as at ``POST /graphql``: once, with its proofs, and counted."""

import base64
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx2
import pytest
from joserfc.jwk import ECKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from gateway.errors import RequestRefusedError
from gateway.limits.rate import Rate
from gateway.limits.traffic import UNLIMITED, Traffic, TrafficLimits, TrafficRules
from gateway.web import credentials
from gateway.web.credentials import CredentialsReader
from gateway.web.doors import committed
from gateway.web.doors.committed import CommittedOperations
from infra import clock
from tests.fixtures.gateway_app import PUBLIC_URL, GatewayWorld
from tests.fixtures.public_door import public_app, public_socket
from tests.fixtures.token_issuer import public, sign, token

KEY = ECKey.generate_key("P-256")
CERTIFICATE = b"the certificate's DER"
CONSULT = {"context": {"patientId": ["a"]}}
DOORS = [
    ("GET", "/fhir/Consent", None),
    ("GET", "/fhir/AuditEvent", None),
    ("POST", "/cds-services/patient-consent-consult", CONSULT),
    ("POST", "/bind", {"code": "none"}),
    ("GET", "/cases/court-dates.ics", None),
    ("GET", "/me/record.json", None),
    ("GET", "/training/courses.csv", None),
    ("GET", "/schema.graphql", None),
]
each_door = pytest.mark.parametrize(("method", "path", "body"), DOORS, ids=[d[1] for d in DOORS])


def sha256(data: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()


@asynccontextmanager
async def opened(world: GatewayWorld, **given: Any) -> AsyncIterator[httpx2.AsyncClient]:
    async with world.gateway() as gateway:
        app = public_app(gateway, certificate_header="client-cert", **given)
        async with public_socket(app, gateway) as socket:
            transport = httpx2.AsyncHTTPTransport(uds=socket)
            async with httpx2.AsyncClient(transport=transport, base_url=PUBLIC_URL) as made:
                yield made


@each_door
async def test_no_token_is_told_how_to_authenticate(
    gateway_world: GatewayWorld, method: str, path: str, body: Any
) -> None:
    async with opened(gateway_world) as client:
        answer = await client.request(method, path, json=body)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == 'Bearer realm="goldenthread"'


@each_door
async def test_a_header_that_decides_is_taken_once(
    gateway_world: GatewayWorld, method: str, path: str, body: Any
) -> None:
    person = await gateway_world.person("LEO")
    bearer = ("authorization", f"Bearer {token(sub=person.external_subject)}")
    twice = [bearer, ("acting-grant", "one"), ("acting-grant", "two")]
    async with opened(gateway_world) as client:
        answer = await client.request(method, path, json=body, headers=twice)
    assert answer.status_code == 400


@each_door
async def test_requests_are_counted_by_address(
    gateway_world: GatewayWorld, method: str, path: str, body: Any
) -> None:
    limits = TrafficLimits(address=Rate(per_second=0.001, burst=1))
    traffic = Traffic(TrafficRules(), limits)
    async with opened(gateway_world, traffic=traffic) as client:
        answers = [await client.request(method, path, json=body) for _ in range(2)]
    assert [each.status_code for each in answers] == [401, 429]
    assert "retry-after" in answers[1].headers


def proof(bearer: str, path: str, name: str, **claims: Any) -> dict[str, str]:
    claims |= {"jti": name, "htm": "GET", "htu": f"{PUBLIC_URL}{path}",
               "iat": clock.epoch_seconds(), "ath": sha256(bearer.encode())}  # fmt: skip
    signed = sign(claims, KEY, {"typ": "dpop+jwt", "kid": ..., "jwk": public(KEY)})
    return {"authorization": f"DPoP {bearer}", "dpop": signed}


async def test_a_door_takes_bound_tokens_with_their_proof(gateway_world: GatewayWorld) -> None:
    person = await gateway_world.person("LEO")
    to_key = token(sub=person.external_subject, cnf={"jkt": KEY.thumbprint()})
    to_certificate = token(sub=person.external_subject, cnf={"x5t#S256": sha256(CERTIFICATE)})
    path = "/schema.graphql"

    async with opened(gateway_world) as client:
        first = await client.get(path, headers=proof(to_key, path, "p1"))
        assert (first.status_code, "dpop-nonce" in first.headers) == (401, True)
        nonce = first.headers["dpop-nonce"]
        second = await client.get(path, headers=proof(to_key, path, "p2", nonce=nonce))
        assert second.status_code == 200
        bearer = {"authorization": f"Bearer {to_certificate}"}
        shown = {**bearer, "client-cert": f":{base64.b64encode(CERTIFICATE).decode()}:"}
        assert (await client.get(path, headers=shown)).status_code == 200
        assert (await client.get(path, headers=bearer)).status_code == 401


async def test_planted_reader_that_takes_the_last_header_is_caught(
    gateway_world: GatewayWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(credentials, "_ONCE", ())
    with pytest.raises(AssertionError):
        await test_a_header_that_decides_is_taken_once(gateway_world, *DOORS[-1])


@asynccontextmanager
async def door_of_two_operations(
    world: GatewayWorld, traffic: Traffic
) -> AsyncIterator[httpx2.AsyncClient]:
    """Open a door that needs two operations for each answer."""
    async with world.gateway() as gateway:
        reader = CredentialsReader(None, traffic)
        operations = CommittedOperations(gateway.pipeline, reader, ["ScimNothing"])

        async def both(request: Request) -> Response:
            try:
                answers = [await operations.answer(request, "ScimNothing", {}) for _ in range(2)]
            except RequestRefusedError as refused:
                return JSONResponse([refused.status])
            return JSONResponse([each.status for each in answers], headers=answers[0].headers)

        door = httpx2.ASGITransport(app=Starlette(routes=[Route("/both", both)]))
        async with httpx2.AsyncClient(transport=door, base_url=PUBLIC_URL) as client:
            yield client


async def test_one_request_is_counted_and_proven_once(gateway_world: GatewayWorld) -> None:
    person = await gateway_world.person("AA")
    bound = token(sub=person.external_subject, cnf={"jkt": KEY.thumbprint()})
    limits = TrafficLimits(address=Rate(per_second=0.001, burst=3))
    async with door_of_two_operations(gateway_world, Traffic(TrafficRules(), limits)) as client:
        first = await client.get("/both", headers=proof(bound, "/both", "b1"))
        assert first.json() == [401, 401], "no proof yet, so each is counted"
        shown = proof(bound, "/both", "b2", nonce=first.headers["dpop-nonce"])
        assert (await client.get("/both", headers=shown)).json() == [200, 200]
        assert (await client.get("/both", headers=shown)).json() == [429], "three were counted"


async def test_planted_door_that_forgets_what_it_has_checked_is_caught(
    gateway_world: GatewayWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(committed, "setattr", lambda *_: None, raising=False)
    with pytest.raises(AssertionError):
        await test_one_request_is_counted_and_proven_once(gateway_world)


async def test_a_proof_shown_again_by_another_request_is_refused(
    gateway_world: GatewayWorld,
) -> None:
    person = await gateway_world.person("AA")
    bound = token(sub=person.external_subject, cnf={"jkt": KEY.thumbprint()})
    async with door_of_two_operations(gateway_world, Traffic(TrafficRules(), UNLIMITED)) as client:
        first = await client.get("/both", headers=proof(bound, "/both", "c1"))
        shown = proof(bound, "/both", "c2", nonce=first.headers["dpop-nonce"])
        assert (await client.get("/both", headers=shown)).json() == [200, 200]
        assert (await client.get("/both", headers=shown)).json() == [401, 401]


async def _a_nul_stays_outside(world: GatewayWorld) -> None:
    person = await world.person("CM")
    bearer = {"authorization": f"Bearer {token(sub=person.external_subject)}"}
    async with opened(world) as client:
        answer = await client.get("/fhir/Consent?patient=a%00b", headers=bearer)
    assert answer.status_code == 400
    assert "BAD_REQUEST" in answer.text


async def test_a_nul_stays_outside_of_every_door(gateway_world: GatewayWorld) -> None:
    await _a_nul_stays_outside(gateway_world)


async def test_planted_a_door_that_lets_a_nul_through_is_caught(
    gateway_world: GatewayWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(committed, "values_have_nul", lambda _values: False)
    with pytest.raises(AssertionError):
        await _a_nul_stays_outside(gateway_world)
