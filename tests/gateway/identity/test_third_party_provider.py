"""Tokens of an OpenID provider of other people (npm ``oidc-provider``), signed and opaque.

The provider runs as its own process; people come in by the code flow with PKCE, a back end by
client credentials; the gateway takes all of them to the end of a request.
"""

import asyncio
import json
import secrets
import shutil
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urljoin, urlsplit

import anyio.to_thread
import httpx2
import pytest
import pytest_asyncio

from gateway.identity import IssuerSettings, introspection, parse_issuers
from tests.fixtures.clock_hands import Hands
from tests.fixtures.gateway_app import GatewayWorld
from tests.fixtures.token_issuer import AUDIENCE
from tests.gateway.identity.believing_gateway import CALLBACK, ask, gateway_believing, pkce

FOLDER = Path(__file__).with_name("openid_provider")
MAX_STEPS = 10

pytestmark = [
    pytest.mark.skipif(
        shutil.which("node") is None or shutil.which("npm") is None,
        reason="the provider needs Node",
    ),
    pytest.mark.timeout(500),
]


def _install(folder: Path) -> None:
    for name in ("package.json", "package-lock.json", "provider.mjs"):
        shutil.copy(FOLDER / name, folder / name)
    words = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    subprocess.run(words, cwd=folder, check=True, capture_output=True, timeout=200)


class OpenIdProvider:
    """The running provider, as its clients see it."""

    def __init__(self, url: str, secret: str, client: httpx2.AsyncClient) -> None:
        self.url, self.secret, self._client = url, secret, client

    def settings(self, folder: Path, **changes: Any) -> IssuerSettings:
        """Return how the gateway is told about it."""
        (folder / "secret").write_text(self.secret)
        entry = {
            "alias": "dev",  # where the tests' world has its people
            "issuer": self.url,
            "jwks_uri": f"{self.url}/jwks",
            "audience": AUDIENCE,
            "algorithms": ["RS256"],
            "introspection": {
                "endpoint": f"{self.url}/token/introspection",
                "client_id": "gateway",
                "client_secret_file": str(folder / "secret"),
            },
            **changes,
        }
        return parse_issuers(json.dumps([entry]))[0]

    async def token_of(self, subject: str, resource: str) -> str:
        """Sign somebody in by the code flow and return the access token."""
        verifier, challenge = pkce()
        asked = {
            "response_type": "code", "client_id": "partner-app", "redirect_uri": CALLBACK,
            "scope": "openid api", "resource": resource, "login_hint": subject, "state": "s",
            "nonce": "n", "code_challenge_method": "S256",
            "code_challenge": challenge,
        }  # fmt: skip
        address = f"{self.url}/auth?{urlencode(asked)}"
        for _ in range(MAX_STEPS):
            answer = await self._client.get(address)
            assert answer.is_redirect, answer.text
            address = urljoin(address, answer.headers["location"])
            if address.startswith(CALLBACK):
                break
        answered = parse_qs(urlsplit(address).query)
        assert "code" in answered, address
        return await self._token(
            "partner-app", grant_type="authorization_code", code=answered["code"][0],
            redirect_uri=CALLBACK, code_verifier=verifier, resource=resource,
        )  # fmt: skip

    async def token_of_back_end(self, resource: str) -> str:
        """Return the token of a client for itself."""
        return await self._token(
            "partner-back-end", grant_type="client_credentials", scope="api", resource=resource
        )

    async def revoke(self, text: str, client: str) -> None:
        answer = await self._client.post(
            f"{self.url}/token/revocation", data={"token": text}, auth=(client, self.secret)
        )
        assert answer.status_code == 200, answer.text

    async def _token(self, client: str, **form: str) -> str:
        answer = await self._client.post(f"{self.url}/token", data=form, auth=(client, self.secret))
        assert answer.status_code == 200, answer.text
        text: str = answer.json()["access_token"]
        return text


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def provider(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[OpenIdProvider]:
    folder = tmp_path_factory.mktemp("openid-provider")
    await anyio.to_thread.run_sync(_install, folder)
    secret = secrets.token_urlsafe(32)
    process = await asyncio.create_subprocess_exec(
        "node", "provider.mjs", AUDIENCE, secret, cwd=folder,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    assert process.stdout is not None
    try:
        async with asyncio.timeout(100):
            port = int(await process.stdout.readline())
        async with httpx2.AsyncClient(timeout=60) as client:
            yield OpenIdProvider(f"http://127.0.0.1:{port}", secret, client)
    finally:
        process.kill()
        await process.wait()


@pytest.mark.parametrize("resource", ["urn:signed", "urn:opaque"])
async def test_a_person_is_let_in(
    provider: OpenIdProvider,
    gateway_world: GatewayWorld,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    resource: str,
) -> None:
    person = await gateway_world.person("CM")
    text = await provider.token_of(person.external_subject, resource)
    assert text.count(".") == (2 if resource == "urn:signed" else 0)
    async with gateway_believing(
        gateway_world, monkeypatch, provider.settings(tmp_path)
    ) as gateway:
        answer = await ask(gateway, text)
        assert (answer.status, answer.body["data"]["participants"]) == (200, {"totalCount": 0})


@pytest.mark.parametrize("resource", ["urn:signed", "urn:opaque"])
async def test_a_back_end_is_let_in_once_it_is_registered(
    provider: OpenIdProvider,
    gateway_world: GatewayWorld,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    resource: str,
) -> None:
    text = await provider.token_of_back_end(resource)
    clients = {"partner-back-end": "TRAINING_ADMIN"}
    plain = provider.settings(tmp_path)
    registered = provider.settings(tmp_path, service_clients=clients)
    for settings, status in ((plain, 401), (registered, 403)):
        async with gateway_believing(gateway_world, monkeypatch, settings) as gateway:
            answer = await ask(gateway, text, None)
            assert answer.status == status  # 403: known now, and nobody gave it a role


async def test_a_revoked_opaque_token_stops_working(
    provider: OpenIdProvider,
    gateway_world: GatewayWorld,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    hands: Hands,
) -> None:
    person = await gateway_world.person("CM")
    text = await provider.token_of(person.external_subject, "urn:opaque")
    async with gateway_believing(
        gateway_world, monkeypatch, provider.settings(tmp_path)
    ) as gateway:
        assert (await ask(gateway, text)).status == 200
        await provider.revoke(text, "partner-app")
        hands.turn(introspection.KEEP_SECONDS + 1)
        assert (await ask(gateway, text)).status == 401


async def test_tokens_for_another_service_and_another_algorithm_are_refused(
    provider: OpenIdProvider,
    gateway_world: GatewayWorld,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    person = await gateway_world.person("CM")
    texts = [
        await provider.token_of(person.external_subject, resource)
        for resource in ("urn:signed", "urn:opaque")
    ]
    for changes in ({"audience": "another"}, {"issuer": f"{provider.url}/"}):
        settings = provider.settings(tmp_path, **changes)
        async with gateway_believing(gateway_world, monkeypatch, settings) as gateway:
            assert [(await ask(gateway, text)).status for text in texts] == [401, 401]
    settings = provider.settings(tmp_path, algorithms=["ES256"])
    async with gateway_believing(gateway_world, monkeypatch, settings) as gateway:
        assert (await ask(gateway, texts[0])).status == 401
