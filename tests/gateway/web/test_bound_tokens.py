"""Bound tokens over HTTP: challenge, proof, and that nothing else opens the door."""

import base64
import hashlib
from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest_asyncio
from joserfc.jwk import ECKey

from infra import clock
from tests.fixtures.consent_world import Person
from tests.fixtures.gateway_app import PUBLIC_URL, GatewayWorld
from tests.fixtures.public_door import public_app, public_socket
from tests.fixtures.token_issuer import public, sign, token

KEY = ECKey.generate_key("P-256")
BODY = {"query": "{ courses { number } }"}
CERTIFICATE = b"the certificate's DER"


def sha256(data: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()


def proof(access_token: str, proof_id: str, **claims: Any) -> str:
    claims |= {
        "jti": proof_id,
        "htm": "POST",
        "htu": f"{PUBLIC_URL}/graphql",
        "iat": clock.epoch_seconds(),
        "ath": sha256(access_token.encode()),
    }
    return sign(claims, KEY, {"typ": "dpop+jwt", "kid": ..., "jwk": public(KEY)})


@pytest_asyncio.fixture(loop_scope="session")
async def client(gateway_world: GatewayWorld) -> AsyncIterator[httpx2.AsyncClient]:
    async with gateway_world.gateway() as gateway:
        app = public_app(gateway, certificate_header="client-cert")
        async with public_socket(app, gateway) as socket:
            transport = httpx2.AsyncHTTPTransport(uds=socket)
            async with httpx2.AsyncClient(transport=transport, base_url=PUBLIC_URL) as made:
                yield made


@pytest_asyncio.fixture(loop_scope="session")
async def officer(gateway_world: GatewayWorld) -> Person:
    return await gateway_world.person("LEO")


async def ask(client: httpx2.AsyncClient, scheme: str, text: str, **more: str) -> httpx2.Response:
    headers = {"authorization": f"{scheme} {text}", **more}
    return await client.post("/graphql", json=BODY, headers=headers)


async def test_bound_token_is_used_with_a_proof_and_its_nonce(
    client: httpx2.AsyncClient, officer: Person
) -> None:
    bound = token(sub=officer.external_subject, cnf={"jkt": KEY.thumbprint()})
    first = await ask(client, "DPoP", bound, dpop=proof(bound, "p1"))
    assert first.status_code == 401
    assert first.headers["www-authenticate"] == 'DPoP error="use_dpop_nonce"'
    nonce = first.headers["dpop-nonce"]
    second = await ask(client, "DPoP", bound, dpop=proof(bound, "p2", nonce=nonce))
    assert (second.status_code, second.json()["data"]) == (200, {"courses": [{"number": "8020"}]})
    again = await ask(client, "DPoP", bound, dpop=proof(bound, "p2", nonce=nonce))
    assert again.status_code == 401
    assert "dpop-nonce" not in again.headers


async def test_bound_token_opens_nothing_as_a_bearer_token(
    client: httpx2.AsyncClient, officer: Person
) -> None:
    """TK-34: what a thief of the token alone has."""
    bound = token(sub=officer.external_subject, cnf={"jkt": KEY.thumbprint()})
    for scheme in ("Bearer", "DPoP", "bearer"):
        answer = await ask(client, scheme, bound)
        assert answer.status_code == 401
        assert [e["extensions"]["code"] for e in answer.json()["errors"]] == ["UNAUTHENTICATED"]


async def test_token_bound_to_a_certificate_is_used_with_it(
    client: httpx2.AsyncClient, officer: Person
) -> None:
    bound = token(sub=officer.external_subject, cnf={"x5t#S256": sha256(CERTIFICATE)})
    header = f":{base64.b64encode(CERTIFICATE).decode()}:"
    assert (await ask(client, "Bearer", bound, **{"client-cert": header})).status_code == 200
    assert (await ask(client, "Bearer", bound)).status_code == 401
    assert (await ask(client, "Bearer", bound, **{"client-cert": ":AAAA:"})).status_code == 401
