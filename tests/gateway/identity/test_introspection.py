"""Opaque tokens are worth what their issuer says now, and nothing while it is away.

A real issuer's endpoint over HTTP; the clock is moved by hand.
"""

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from gateway.identity import AccessTokenError, AccessTokenVerifier, introspection, parse_issuers
from gateway.identity.issuers import IssuerSettings
from infra import clock
from infra.settings import SettingsError
from tests.fixtures.clock_hands import Hands
from tests.fixtures.service_app import http_server
from tests.fixtures.token_issuer import AUDIENCE, ISSUER, token

OPAQUE = "2YotnFZFEjr1zCsicMWpAA.opaque~token"
SECRET = "s3cret/+: of the gateway"


@dataclass(slots=True)
class OpaqueIssuer:
    """An issuer's introspection endpoint.

    Attributes:
        tokens: what it says of each token; others are not active.
        answer: replaces its answer.
        asked: tokens and credentials, in order.
        goes_on: an answer waits for it.
    """

    tokens: dict[str, dict[str, Any]] = field(default_factory=dict)
    answer: Response | None = None
    asked: list[tuple[str, str]] = field(default_factory=list)
    goes_on: asyncio.Event = field(default_factory=asyncio.Event)
    port: int = 0

    async def introspect(self, request: Request) -> Response:
        form = await request.form()
        scheme, _, pair = request.headers["authorization"].partition(" ")
        assert scheme == "Basic"
        given = str(form["token"])
        self.asked.append((given, base64.b64decode(pair).decode()))
        await self.goes_on.wait()
        if self.answer is not None:
            return self.answer
        return JSONResponse(self.tokens.get(given, {"active": False}))

    def settings(self, folder: Path, **changes: Any) -> IssuerSettings:
        """Return how the gateway is told about it."""
        (folder / "secret").write_text(SECRET + "\n")
        entry = {
            "alias": "opaque",
            "issuer": ISSUER,
            "audience": AUDIENCE,
            "introspection": {
                "endpoint": f"http://127.0.0.1:{self.port}/introspect",
                "client_id": "the gateway",
                "client_secret_file": str(folder / "secret"),
            },
            **changes,
        }
        return parse_issuers(json.dumps([entry]))[0]


def said(**changes: Any) -> dict[str, Any]:
    """Return a good answer, with changes (`...` takes a member away)."""
    now = clock.epoch_seconds()
    answer: dict[str, Any] = {
        "active": True, "sub": "persona:officer", "client_id": "app", "aud": AUDIENCE,
        "iss": ISSUER, "iat": now, "exp": now + 300, "token_type": "Bearer", **changes,
    }  # fmt: skip
    return {name: value for name, value in answer.items() if value is not ...}


@asynccontextmanager
async def listening() -> AsyncIterator[OpaqueIssuer]:
    issuer = OpaqueIssuer()
    issuer.goes_on.set()
    app = Starlette(routes=[Route("/introspect", issuer.introspect, methods=["POST"])])
    async with http_server(app, host="127.0.0.1", port=0) as server:
        issuer.port = server.servers[0].sockets[0].getsockname()[1]
        yield issuer


@asynccontextmanager
async def verifying(
    folder: Path, **changes: Any
) -> AsyncIterator[tuple[OpaqueIssuer, AccessTokenVerifier]]:
    async with listening() as issuer:
        verifier = AccessTokenVerifier([issuer.settings(folder, **changes)])
        yield issuer, verifier
        await verifier.close()


async def _is_good(verifier: AccessTokenVerifier, text: str = OPAQUE) -> bool:
    try:
        await verifier.verify(text)
    except AccessTokenError:
        return False
    return True


async def test_a_good_token_says_who_asks_and_the_gateway_says_who_it_is(tmp_path: Path) -> None:
    async with verifying(tmp_path) as (issuer, verifier):
        issuer.tokens[OPAQUE] = said(aud=["other", AUDIENCE], acr="high")
        verified = await verifier.verify(OPAQUE)
        assert (verified.issuer_alias, verified.subject) == ("opaque", "persona:officer")
        assert verified.acr == "high"
        # RFC 6749, 2.3.1: both halves are encoded, so that a colon in one is no separator.
        assert issuer.asked == [(OPAQUE, "the+gateway:s3cret%2F%2B%3A+of+the+gateway")]


@pytest.mark.parametrize(
    "changes",
    [
        {"active": False}, {"active": "true"}, {"active": 1}, {"active": ...},
        {"iss": "https://other.example"}, {"aud": "other"}, {"aud": ...}, {"aud": ["other"]},
        {"aud": f"{AUDIENCE}x"}, {"exp": ...}, {"exp": 1}, {"exp": "9999999999"}, {"exp": 9e12},
        {"exp": True}, {"iat": 1}, {"nbf": 9_999_999_999}, {"sub": ...}, {"sub": ""}, {"sub": 7},
        {"exp": 1e300}, {"exp": -0.5}, {"exp": 0.5}, {"exp": [1.5]},
        {"client_id": ...}, {"client_id": "persona:officer"}, {"cnf": {"other": "x"}},
    ],
    ids=str,
)  # fmt: skip
async def test_an_answer_that_is_not_acceptable_opens_nothing(
    tmp_path: Path, changes: dict[str, Any]
) -> None:
    async with verifying(tmp_path) as (issuer, verifier):
        issuer.tokens[OPAQUE] = said(**changes)
        assert not await _is_good(verifier)


@pytest.mark.parametrize(
    "answer",
    [
        Response("<html>", 200), Response(b"[]", 200), Response(b"", 200), Response(b"null", 200),
        Response(b'{"active": false, "active": true}', 200), Response(b"x" * 70_000, 200),
        JSONResponse({"active": True}, 500), Response(status_code=302, headers={"location": "/x"}),
        JSONResponse({"error": "invalid_client"}, 401),
    ],
    ids=["html", "list", "empty", "null", "twice", "large", "500", "redirect", "401"],
)  # fmt: skip
async def test_an_issuer_in_trouble_opens_nothing_and_is_asked_again(
    tmp_path: Path, answer: Response
) -> None:
    async with verifying(tmp_path) as (issuer, verifier):
        issuer.tokens[OPAQUE] = said()
        issuer.answer = answer
        assert not await _is_good(verifier)
        issuer.answer = None
        if answer.body not in (b"[]", b"null"):  # an answer, if an odd one: kept for a moment
            assert await _is_good(verifier)


async def test_fractions_of_seconds_are_cut_off(tmp_path: Path) -> None:
    async with verifying(tmp_path) as (issuer, verifier):
        now = clock.epoch_seconds()
        issuer.tokens[OPAQUE] = said(exp=now + 300.9, iat=now + 0.4)
        assert (await verifier.verify(OPAQUE)).expires_at == now + 300


async def _revoked_tokens_stop(folder: Path, hands: Hands) -> None:
    async with verifying(folder) as (issuer, verifier):
        issuer.tokens[OPAQUE] = said()
        assert await _is_good(verifier)
        assert await _is_good(verifier)
        assert len(issuer.asked) == 1
        del issuer.tokens[OPAQUE]
        hands.turn(introspection.KEEP_SECONDS + 1)
        assert not await _is_good(verifier)
        assert len(issuer.asked) == 2


async def test_a_revoked_token_stops_working_soon(tmp_path: Path, hands: Hands) -> None:
    hands.stop()
    await _revoked_tokens_stop(tmp_path, hands)


async def test_a_memory_that_keeps_for_long_would_be_noticed(
    tmp_path: Path, hands: Hands, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Planted twin of the test above."""
    hands.stop()
    monkeypatch.setattr(introspection, "min", lambda *_: 10_000.0, raising=False)
    with pytest.raises(AssertionError):
        await _revoked_tokens_stop(tmp_path, hands)


async def test_no_memory_outlives_the_token(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with verifying(tmp_path) as (issuer, verifier):
        issuer.tokens[OPAQUE] = said(exp=clock.epoch_seconds() + 5)
        assert await _is_good(verifier)
        later = clock.epoch_seconds() + 5
        monkeypatch.setattr(clock, "epoch_seconds", lambda: later)
        assert not await _is_good(verifier)


async def test_requests_with_one_token_share_one_question(tmp_path: Path) -> None:
    async with verifying(tmp_path) as (issuer, verifier):
        issuer.tokens[OPAQUE] = said()
        issuer.goes_on.clear()
        first = asyncio.create_task(_is_good(verifier))
        others = [asyncio.create_task(_is_good(verifier)) for _ in range(9)]
        await asyncio.sleep(0)
        first.cancel()  # who goes away does not take the question along
        issuer.goes_on.set()
        assert await asyncio.gather(*others) == [True] * 9
        assert len(issuer.asked) == 1


@pytest.mark.parametrize(
    "text", ["", "short", "a b" * 20, "x" * 1025, "ü" * 30, "token\n" * 10, "a=b" * 20]
)
async def test_what_is_no_token_is_not_asked_about(tmp_path: Path, text: str) -> None:
    async with verifying(tmp_path) as (issuer, verifier):
        assert not await _is_good(verifier, text)
        assert issuer.asked == []


KEYS = {"jwks_uri": "http://127.0.0.1:1/jwks", "algorithms": ["RS256"]}


@pytest.mark.parametrize(
    ("changes", "issuer_of_token"),
    [({}, "https://other.example"), ({}, f"{ISSUER}/"), (KEYS, ISSUER)],
    ids=["of another", "of almost the same", "of one with keys"],
)
async def test_a_signed_token_is_shown_to_no_issuer_of_opaque_ones(
    tmp_path: Path, changes: dict[str, Any], issuer_of_token: str
) -> None:
    async with verifying(tmp_path, **changes) as (issuer, verifier):
        assert not await _is_good(verifier, token(iss=issuer_of_token))
        assert issuer.asked == []


async def test_an_issuer_without_keys_is_asked_about_its_signed_tokens(tmp_path: Path) -> None:
    async with verifying(tmp_path) as (issuer, verifier):
        text = token()
        assert not await _is_good(verifier, text)  # not active: its claims count for nothing
        other = token(jti="another")
        issuer.tokens[other] = said(sub="persona:clerk")
        assert (await verifier.verify(other)).subject == "persona:clerk"
        assert [given for given, _ in issuer.asked] == [text, other]


def test_settings_of_introspection_are_read_strictly(tmp_path: Path) -> None:
    good = {"endpoint": "https://i.example/x", "client_id": "g",
            "client_secret_file": str(tmp_path / "secret")}  # fmt: skip
    (tmp_path / "secret").write_text("x")
    entry = {"alias": "a", "issuer": "https://i.example", "audience": "b"}
    text = json.dumps([{**entry, "introspection": good}])
    assert "x" not in repr(parse_issuers(text)[0].introspection).partition("Secret")[2][:4]
    for wrong in (
        "yes", {}, {**good, "more": 1}, {**good, "endpoint": "i.example"},
        {**good, "client_secret_file": str(tmp_path / "absent")}, {**good, "client_id": ""},
    ):  # fmt: skip
        with pytest.raises(SettingsError):
            parse_issuers(json.dumps([{**entry, "introspection": wrong}]))
    with pytest.raises(SettingsError):  # neither keys nor introspection
        parse_issuers(json.dumps([entry]))
    second = {**entry, "alias": "c", "issuer": "https://j.example", "introspection": good}
    with pytest.raises(SettingsError, match="only one"):
        parse_issuers(json.dumps([{**entry, "introspection": good}, second]))
