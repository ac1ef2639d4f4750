"""Signed tokens of an OpenID provider of other people: Debian's ``glewlwyd``, written in C.

It runs as its own process with its own database, and is set up through its own API: keys, an API,
two clients, and people who sign in with a password and come in by the code flow with PKCE.
"""

import asyncio
import json
import secrets
import shutil
import socket
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
import pytest_asyncio
from joserfc.jwk import RSAKey

from gateway.identity import IssuerSettings, parse_issuers
from tests.fixtures.gateway_app import GatewayWorld
from tests.fixtures.token_issuer import AUDIENCE
from tests.gateway.identity.believing_gateway import CALLBACK, ask, gateway_believing, pkce

PROGRAM = shutil.which("glewlwyd")
TABLES = Path("/usr/share/dbconfig-common/data/glewlwyd/install/sqlite3")
MODULES = Path("/usr/lib/glewlwyd")
DEADLINE_SECONDS = 60

pytestmark = pytest.mark.skipif(PROGRAM is None, reason="wants Debian's glewlwyd")


def _config(folder: Path, port: int) -> Path:
    config = folder / "glewlwyd.conf"
    modules = {"user": "user", "client": "client", "user_auth_scheme": "scheme", "plugin": "plugin"}
    lines = [
        f"port={port}",
        'bind_address="127.0.0.1"',
        f'external_url="http://127.0.0.1:{port}/"',
        'login_url="login.html"',
        'api_prefix="api"',
        'log_mode="console"',
        'log_level="ERROR"',
        'cookie_domain="127.0.0.1"',
        "cookie_secure=0",
        'session_key="SESSION"',
        'admin_scope="g_admin"',
        'profile_scope="g_profile"',
        'hash_algorithm="SHA512"',
        *(f'{name}_module_path="{MODULES / place}"' for name, place in modules.items()),
        f'database={{ type="sqlite3"; path="{folder / "glewlwyd.db"}"; }};',
    ]
    config.write_text("\n".join(lines) + "\n")
    return config


class Glewlwyd:
    """The running provider, as its administrator, its clients and its people see it."""

    def __init__(self, url: str, administrator: httpx2.AsyncClient) -> None:
        self.url, self.secret = url, secrets.token_urlsafe(24)
        self._administrator = administrator

    def settings(self, **changes: Any) -> IssuerSettings:
        """Return how the gateway is told about it."""
        entry = {
            "alias": "dev",  # where the tests' world has its people
            "issuer": f"{self.url}/api/oidc",
            "jwks_uri": f"{self.url}/api/oidc/jwks",
            "audience": AUDIENCE,
            "algorithms": ["RS256"],
            **changes,
        }
        return parse_issuers(json.dumps([entry]))[0]

    async def set_up(self) -> None:
        """Make keys, an API and two clients."""
        key = RSAKey.generate_key(2048, parameters={"kid": "g-1", "use": "sig", "alg": "RS256"})
        await self._post("auth/", username="admin", password="password")
        # Without a resource, the audience of a token is its scope.
        await self._post("scope/", name=AUDIENCE, password_required=True, scheme={})
        await self._post(
            "mod/plugin/", module="oidc", name="oidc", display_name="oidc", enabled=True,
            parameters={
                "iss": f"{self.url}/api/oidc", "subject-type": "public", "allow-non-oidc": True,
                "jwks-private": json.dumps({"keys": [key.as_dict(private=True)]}),
                "jwks-show": True, "default-kid": "g-1", "jwt-type": "rsa", "jwt-key-size": "256",
                "access-token-duration": 600, "refresh-token-duration": 600, "code-duration": 60,
                "auth-type-code-enabled": True, "auth-type-client-enabled": True,
                "pkce-allowed": True, "pkce-required": True, "pkce-method-plain-allowed": False,
            },
        )  # fmt: skip
        for name, way in (("partner-back-end", "client_credentials"), ("partner-app", "code")):
            await self._post(
                "client/", client_id=name, name=name, confidential=True, enabled=True,
                client_secret=self.secret, password=self.secret, scope=[AUDIENCE],
                authorization_type=[way], token_endpoint_auth_method=["client_secret_basic"],
                redirect_uri=[CALLBACK],
            )  # fmt: skip

    async def token_of_somebody(self) -> tuple[str, str]:
        """Return what it calls a new person, and the person's access token."""
        name = f"person-{secrets.token_hex(6)}"
        await self._post(
            "user/", username=name, password=self.secret, scope=[AUDIENCE], enabled=True
        )
        verifier, challenge = pkce()
        async with httpx2.AsyncClient(base_url=f"{self.url}/api/", timeout=60) as browser:
            await browser.post("auth/", json={"username": name, "password": self.secret})
            await browser.put("auth/grant/partner-app", json={"scope": AUDIENCE})
            answer = await browser.get("oidc/auth", params={
                "response_type": "code", "client_id": "partner-app", "redirect_uri": CALLBACK,
                "scope": AUDIENCE, "state": "s", "g_continue": "",
                "code_challenge": challenge, "code_challenge_method": "S256",
            })  # fmt: skip
            assert answer.is_redirect, answer.text
            answered = parse_qs(urlsplit(answer.headers["location"]).query)
        text = await self._token(
            "partner-app", grant_type="authorization_code", code=answered["code"][0],
            redirect_uri=CALLBACK, code_verifier=verifier,
        )  # fmt: skip
        found = await self._subject_of(text)
        return found, text

    async def token_of_back_end(self) -> str:
        """Return the token of a client for itself."""
        return await self._token(
            "partner-back-end", grant_type="client_credentials", scope=AUDIENCE
        )

    async def _subject_of(self, text: str) -> str:
        headers = {"authorization": f"Bearer {text}"}
        answer = await self._administrator.get("oidc/userinfo", headers=headers)
        assert answer.status_code == 200, answer.text
        subject: str = answer.json()["sub"]
        return subject

    async def _post(self, path: str, **body: Any) -> None:
        answer = await self._administrator.post(path, json=body)
        assert answer.status_code == 200, (path, answer.text)

    async def _token(self, client_id: str, **form: str) -> str:
        answer = await self._administrator.post(
            "oidc/token", data=form, auth=(client_id, self.secret)
        )
        assert answer.status_code == 200, answer.text
        text: str = answer.json()["access_token"]
        return text


def _free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def provider(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Glewlwyd]:
    folder, port = tmp_path_factory.mktemp("glewlwyd"), _free_port()
    with closing(sqlite3.connect(folder / "glewlwyd.db")) as database:
        database.executescript(TABLES.read_text())
    assert PROGRAM is not None
    process = await asyncio.create_subprocess_exec(
        PROGRAM, "--config-file", str(_config(folder, port)),
        stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    url = f"http://127.0.0.1:{port}"
    try:
        async with httpx2.AsyncClient(base_url=f"{url}/api/", timeout=60) as administrator:
            async with asyncio.timeout(DEADLINE_SECONDS):
                while not await _answers(administrator, url):
                    assert process.returncode is None, "the provider did not start"
                    await asyncio.sleep(0.05)
            running = Glewlwyd(url, administrator)
            await running.set_up()
            yield running
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def _answers(client: httpx2.AsyncClient, url: str) -> bool:
    try:
        return (await client.get(f"{url}/config")).status_code == 200
    except httpx2.TransportError:
        return False


async def test_a_person_is_let_in(
    provider: Glewlwyd, gateway_world: GatewayWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    subject, text = await provider.token_of_somebody()
    person = await gateway_world.person("CM")
    await gateway_world.consent.execute(
        "update account set external_subject = :subject where id = :id",
        subject=subject, id=person.account_id,
    )  # fmt: skip
    async with gateway_believing(gateway_world, monkeypatch, provider.settings()) as gateway:
        answer = await ask(gateway, text)
        assert (answer.status, answer.body["data"]["participants"]) == (200, {"totalCount": 0})


async def test_a_back_end_is_let_in_once_it_is_registered(
    provider: Glewlwyd, gateway_world: GatewayWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = await provider.token_of_back_end()
    registered = provider.settings(service_clients={"partner-back-end": "TRAINING_ADMIN"})
    for settings, status in ((provider.settings(), 401), (registered, 403)):
        async with gateway_believing(gateway_world, monkeypatch, settings) as gateway:
            answer = await ask(gateway, text, None)
            assert answer.status == status  # 403: known now, and nobody gave it a role


@pytest.mark.parametrize(
    "changes",
    [
        {"audience": "another"},
        {"algorithms": ["ES256"]},
        {"max_lifetime_seconds": 599},
        {"required_claims": ["acr"]},
        {"bound_clients": ["partner-back-end"]},
    ],
    ids=str,
)
async def test_a_token_that_does_not_fit_its_profile_is_refused(
    provider: Glewlwyd,
    gateway_world: GatewayWorld,
    monkeypatch: pytest.MonkeyPatch,
    changes: dict[str, Any],
) -> None:
    clients = {"partner-back-end": "TRAINING_ADMIN"}
    settings = provider.settings(service_clients=clients, **changes)
    text = await provider.token_of_back_end()
    async with gateway_believing(gateway_world, monkeypatch, settings) as gateway:
        assert (await ask(gateway, text, None)).status == 401
