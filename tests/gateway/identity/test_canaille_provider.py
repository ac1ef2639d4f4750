"""Tokens of an OpenID provider of other people (PyPI ``canaille``), asked about as in RFC 7662.

The provider runs as its own process in an environment of its own, pinned by hash. People sign in
on its own login pages, by the code flow with PKCE. Its tokens for people are signed, but look like
its id tokens (no ``at+jwt``, no client), so the gateway goes by what it says of them, never by
their signature; its tokens for back ends are opaque, and its times have fractions.
"""

import asyncio
import fcntl
import hashlib
import json
import re
import secrets
import subprocess
import sys
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

FOLDER = Path(__file__).with_name("canaille_provider")
TOOLS = Path(__file__).parents[3] / ".tools"
MAX_STEPS = 10
_CSRF = re.compile(r'name="csrf_token" value="([^"]+)"')

pytestmark = pytest.mark.timeout(500)


def _python() -> Path:
    """Return the interpreter of canaille's environment, made once for each list of packages."""
    packages = FOLDER / "requirements.txt"
    home = TOOLS / f"canaille-{hashlib.sha256(packages.read_bytes()).hexdigest()[:12]}"
    python, stamp = home / "bin" / "python", home / ".goldenthread"
    with (TOOLS / "canaille.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not stamp.exists():
            uv = str(TOOLS / "bin" / "uv")
            for words in (
                [uv, "venv", "--quiet", "--clear", "--python", sys.executable, str(home)],
                [uv, "pip", "install", "--quiet", "--require-hashes", "--python", str(python),
                 "--requirement", str(packages)],
            ):  # fmt: skip
                subprocess.run(words, check=True, timeout=300)
            stamp.touch()
    return python


class Canaille:
    """The running provider, as its clients and people see it."""

    def __init__(self, process: asyncio.subprocess.Process, url: str, secret: str) -> None:
        self._process, self.url, self.secret = process, url, secret

    def settings(self, folder: Path, **changes: Any) -> IssuerSettings:
        """Return how the gateway is told about it."""
        (folder / "secret").write_text(self.secret)
        entry = {
            "alias": "dev",  # where the tests' world has its people
            "issuer": self.url,
            "audience": AUDIENCE,
            "introspection": {
                "endpoint": f"{self.url}/oauth/introspect",
                "client_id": AUDIENCE,
                "client_secret_file": str(folder / "secret"),
            },
            **changes,
        }
        return parse_issuers(json.dumps([entry]))[0]

    async def admit(self, subject: str) -> None:
        """Give somebody an account."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{subject}\n".encode())
        assert (await self._process.stdout.readline()).decode().strip() == subject

    async def token_of(self, subject: str) -> str:
        """Sign somebody in by name and password, and return the access token."""
        await self.admit(subject)
        verifier, challenge = pkce()
        asked = {
            "response_type": "code", "client_id": "partner-app", "redirect_uri": CALLBACK,
            "scope": "openid", "state": "s", "nonce": secrets.token_urlsafe(16),
            "code_challenge_method": "S256", "code_challenge": challenge,
        }  # fmt: skip
        async with httpx2.AsyncClient(timeout=60) as browser:
            code = await self._sign_in(browser, subject, f"/oauth/authorize?{urlencode(asked)}")
        return await self._token(
            "partner-app", grant_type="authorization_code", code=code,
            redirect_uri=CALLBACK, code_verifier=verifier,
        )  # fmt: skip

    async def token_of_back_end(self, client_id: str) -> str:
        """Return the token of a client for itself."""
        return await self._token(client_id, grant_type="client_credentials", scope="openid")

    async def revoke(self, text: str) -> None:
        async with httpx2.AsyncClient(timeout=60) as client:
            answer = await client.post(
                f"{self.url}/oauth/revoke",
                data={"token": text},
                auth=("partner-app", self.secret),
            )
            assert answer.status_code == 200, answer.text

    async def _sign_in(self, browser: httpx2.AsyncClient, subject: str, path: str) -> str:
        answer = await browser.get(urljoin(self.url, path))
        for _ in range(MAX_STEPS):
            here = str(answer.request.url)
            if answer.is_redirect:
                there = urljoin(here, answer.headers["location"])
                if there.startswith(CALLBACK):
                    answered = parse_qs(urlsplit(there).query)
                    assert answered["iss"] == [self.url]
                    return answered["code"][0]
                answer = await browser.get(there)
                continue
            assert answer.status_code == 200, answer.text
            token = _CSRF.search(answer.text)
            assert token is not None, here
            form = {"login": subject} if here.endswith("/login") else {"password": self.secret}
            answer = await browser.post(here, data={**form, "csrf_token": token[1]})
        raise AssertionError("the sign-in comes to no end")

    async def _token(self, client_id: str, **form: str) -> str:
        async with httpx2.AsyncClient(timeout=60) as client:
            answer = await client.post(
                f"{self.url}/oauth/token", data=form, auth=(client_id, self.secret)
            )
        assert answer.status_code == 200, answer.text
        text: str = answer.json()["access_token"]
        return text


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def provider(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Canaille]:
    python = await anyio.to_thread.run_sync(_python)
    secret = secrets.token_urlsafe(32)
    process = await asyncio.create_subprocess_exec(
        str(python), str(FOLDER / "provider.py"), AUDIENCE, secret,
        cwd=tmp_path_factory.mktemp("canaille"),
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    assert process.stdout is not None
    try:
        async with asyncio.timeout(200):
            port = int(await process.stdout.readline())
        yield Canaille(process, f"http://127.0.0.1:{port}", secret)
    finally:
        process.kill()
        await process.wait()


async def test_a_person_is_let_in_until_the_token_is_revoked(
    provider: Canaille,
    gateway_world: GatewayWorld,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    hands: Hands,
) -> None:
    person = await gateway_world.person("CM")
    text = await provider.token_of(person.external_subject)
    assert text.count(".") == 2
    async with gateway_believing(
        gateway_world, monkeypatch, provider.settings(tmp_path)
    ) as gateway:
        answer = await ask(gateway, text)
        assert (answer.status, answer.body["data"]["participants"]) == (200, {"totalCount": 0})
        await provider.revoke(text)
        hands.turn(introspection.KEEP_SECONDS + 1)
        assert (await ask(gateway, text)).status == 401


async def test_a_back_end_is_let_in_once_it_is_registered(
    provider: Canaille,
    gateway_world: GatewayWorld,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    text = await provider.token_of_back_end("partner-back-end")
    clients = {"partner-back-end": "TRAINING_ADMIN"}
    plain = provider.settings(tmp_path)
    registered = provider.settings(tmp_path, service_clients=clients)
    for settings, status in ((plain, 401), (registered, 403)):
        async with gateway_believing(gateway_world, monkeypatch, settings) as gateway:
            answer = await ask(gateway, text, None)
            assert answer.status == status  # 403: known now, and nobody gave it a role


async def test_signed_tokens_of_its_kind_are_refused_where_nobody_is_asked(
    provider: Canaille,
    gateway_world: GatewayWorld,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    person = await gateway_world.person("CM")
    text = await provider.token_of(person.external_subject)
    keys = {"jwks_uri": f"{provider.url}/oauth/jwks.json", "algorithms": ["RS256"]}
    settings = provider.settings(tmp_path, **keys)
    async with gateway_believing(gateway_world, monkeypatch, settings) as gateway:
        assert (await ask(gateway, text)).status == 401


async def test_tokens_that_are_not_for_this_service_or_live_too_long_are_refused(
    provider: Canaille,
    gateway_world: GatewayWorld,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    clients = {"partner-back-end": "TRAINING_ADMIN", "somebody-else": "TRAINING_ADMIN"}
    good = await provider.token_of_back_end("partner-back-end")
    for_another = await provider.token_of_back_end("somebody-else")
    for text, changes in (
        (for_another, {}),
        (good, {"audience": "another"}),
        (good, {"issuer": f"{provider.url}/"}),
        (good, {"max_lifetime_seconds": 599}),
    ):
        settings = provider.settings(tmp_path, service_clients=clients, **changes)
        async with gateway_believing(gateway_world, monkeypatch, settings) as gateway:
            assert (await ask(gateway, text, None)).status == 401, changes
