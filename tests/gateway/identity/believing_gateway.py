"""A gateway that believes an OpenID provider of other people, and what clients of one need."""

import base64
import hashlib
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import pytest

from gateway.identity import IssuerSettings
from gateway.pipeline import Answer, GraphQLRequest
from tests.fixtures.gateway_app import GatewayWorld, RunningGateway
from tests.fixtures.token_issuer import TokenIssuer

CALLBACK: Final = "http://127.0.0.1/callback"
_QUESTION = "{ courses { number } participants { totalCount } }"


@asynccontextmanager
async def gateway_believing(
    world: GatewayWorld, monkeypatch: pytest.MonkeyPatch, settings: IssuerSettings
) -> AsyncIterator[RunningGateway]:
    """Run a gateway whose one issuer is this one."""
    monkeypatch.setattr(TokenIssuer, "settings", lambda _issuer: settings)
    async with world.gateway() as gateway:
        yield gateway


async def ask(gateway: RunningGateway, text: str, purpose: str | None = "LEAD_COORD") -> Answer:
    """Ask with a token for something of the catalogue, and for something about people."""
    request = GraphQLRequest(token=text, query=_QUESTION, purpose=purpose)
    return await gateway.pipeline.answer(request)


def pkce() -> tuple[str, str]:
    """Return a verifier and its challenge (RFC 7636, S256)."""
    verifier = secrets.token_urlsafe(48)
    digest = hashlib.sha256(verifier.encode()).digest()
    return verifier, base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
