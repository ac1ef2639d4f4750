"""The console as a confidential client of an OpenID provider: code flow with PKCE (RFC 9700).

authlib writes and reads the protocol's messages and checks the id token's claims; the platform's
own HTTP client carries them, because the gateway has no other. The provider must be one whose
access tokens the gateway accepts.
"""

import base64
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote, urlencode, urlsplit

import orjson
from authlib.common.errors import AuthlibBaseError
from authlib.common.security import generate_token
from authlib.oauth2.rfc6749.parameters import prepare_grant_uri, prepare_token_request
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from gateway.settings import ConsoleSettings
from infra import clock
from infra.errors import GoldenThreadError
from infra.http_client import HttpClient, HttpClientError

SCOPE = "openid profile goldenthread"
_ALGORITHMS = ["RS256", "ES256", "EdDSA"]
_TIMEOUT_SECONDS = 10.0
_METADATA_SECONDS = 600
_LEEWAY_SECONDS = 30
NO_ANSWER: Final = "PROVIDER_UNAVAILABLE"
"""Code of a sign-in or refresh of which nobody here knows what became."""
_MAX_ANSWER_BYTES = 65_536


class SignInError(GoldenThreadError):
    """Signing in, or staying so, did not work. The code says at which step, never with what."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Attempt:
    """One sign-in under way, as kept in a sealed cookie."""

    state: str
    nonce: str
    verifier: str
    target: str
    started_at: int


@dataclass(frozen=True, slots=True)
class Tokens:
    """What the provider has handed out; what it says of the person is empty after a refresh."""

    access_token: str
    ends_at: int
    refresh_token: str | None
    id_token: str | None
    name: str = ""
    language: str = ""
    subject: str = ""
    sid: str | None = None


class Provider:
    """The provider, by its metadata."""

    def __init__(self, settings: ConsoleSettings, accepted_issuers: Collection[str]) -> None:
        self._settings = settings
        self._accepted = frozenset(accepted_issuers)
        self._callback = f"{settings.public_url}/console/callback"
        self._clients: dict[str, HttpClient] = {}
        self._metadata: tuple[float, dict[str, Any]] | None = None

    async def close(self) -> None:
        """Drop all connections."""
        for client in self._clients.values():
            await client.close()

    async def metadata(self) -> dict[str, Any]:
        """Return the provider's metadata (OpenID Connect Discovery), at most ten minutes old.

        Raises:
            SignInError: PROVIDER_UNAVAILABLE, or it is not the provider that it should be.
        """
        now = clock.monotonic()
        if self._metadata is None or now - self._metadata[0] > _METADATA_SECONDS:
            url = f"{self._settings.issuer_url}/.well-known/openid-configuration"
            found = await self._call("GET", url)
            wanted = ("issuer", "authorization_endpoint", "token_endpoint", "jwks_uri")
            if any(not isinstance(found.get(name), str) for name in wanted):
                raise SignInError(NO_ANSWER)
            if found["issuer"] not in self._accepted:
                raise SignInError("PROVIDER_NOT_ACCEPTED")
            self._metadata = now, found
        return self._metadata[1]

    def attempt(self, target: str) -> Attempt:
        """Return a new sign-in that leads to a page of the console."""
        return Attempt(
            state=generate_token(32),
            nonce=generate_token(32),
            verifier=generate_token(48),
            target=target,
            started_at=clock.epoch_seconds(),
        )

    async def authorization_url(
        self, attempt: Attempt, language: str, demands: Mapping[str, str]
    ) -> str:
        """Return where to send the browser.

        Args:
            demands: ``acr_values`` and ``max_age``, where a page needs more than any sign-in.

        Raises:
            SignInError: the provider does not answer, or is not the right one.
        """
        metadata = await self.metadata()
        url: str = prepare_grant_uri(
            metadata["authorization_endpoint"],
            client_id=self._settings.client_id,
            response_type="code",
            redirect_uri=self._callback,
            scope=SCOPE,
            state=attempt.state,
            nonce=attempt.nonce,
            code_challenge=create_s256_code_challenge(attempt.verifier),
            code_challenge_method="S256",
            ui_locales=language,
            **demands,
        )
        return url

    async def redeem(self, attempt: Attempt, answer: Mapping[str, str]) -> Tokens:
        """Return the tokens for the provider's answer to a sign-in.

        Raises:
            SignInError: the answer is not to this attempt, is a refusal, or its tokens are wrong.
        """
        metadata = await self.metadata()
        if answer.get("state") != attempt.state:
            raise SignInError("STATE_MISMATCH")
        # RFC 9207: who answers must say so where it announced that it would.
        announced = metadata.get("authorization_response_iss_parameter_supported") is True
        if answer.get("iss", "" if announced else metadata["issuer"]) != metadata["issuer"]:
            raise SignInError("ISSUER_MISMATCH")
        if "error" in answer:
            raise SignInError("DENIED" if answer["error"] == "access_denied" else "REFUSED")
        body = prepare_token_request(
            "authorization_code",
            code=answer.get("code", ""),
            redirect_uri=self._callback,
            code_verifier=attempt.verifier,
        )
        tokens = await self._token(metadata, body)
        claims = await self._id_claims(metadata, tokens, attempt.nonce)
        return _handed_out(tokens, claims)

    async def refresh(self, refresh_token: str) -> Tokens:
        """Return new tokens for a refresh token. Raises SignInError."""
        metadata = await self.metadata()
        body = prepare_token_request("refresh_token", refresh_token=refresh_token)
        return _handed_out(await self._token(metadata, body), {})

    async def end_session_url(self, id_token: str | None) -> str | None:
        """Return where to send the browser so that the provider signs the person out, too.

        OpenID Connect RP-Initiated Logout 1.0; None for a provider that offers none.
        """
        endpoint = (await self.metadata()).get("end_session_endpoint")
        if not isinstance(endpoint, str):
            return None
        sent = {
            "client_id": self._settings.client_id,
            "post_logout_redirect_uri": f"{self._settings.public_url}/console/signed-out",
        }
        if id_token is not None:
            sent["id_token_hint"] = id_token
        return f"{endpoint}{'&' if '?' in endpoint else '?'}{urlencode(sent)}"

    async def _token(self, metadata: Mapping[str, Any], body: str) -> dict[str, Any]:
        secret = self._settings.client_secret.reveal()
        # RFC 6749, 2.3.1: form-encoded before they are joined.
        pair = f"{quote(self._settings.client_id, safe='')}:{quote(secret, safe='')}"
        headers = {
            "authorization": f"Basic {base64.b64encode(pair.encode()).decode()}",
            "content-type": "application/x-www-form-urlencoded",
        }
        tokens = await self._call("POST", metadata["token_endpoint"], headers, body.encode())
        kind = str(tokens.get("token_type", "")).lower()
        if not isinstance(tokens.get("access_token"), str) or kind != "bearer":
            raise SignInError("TOKEN_REFUSED")
        return tokens

    async def _id_claims(
        self, metadata: Mapping[str, Any], tokens: Mapping[str, Any], nonce: str
    ) -> dict[str, Any]:
        """Return the claims of a good id token (OpenID Connect Core, 3.1.3.7)."""
        keys = await self._call("GET", metadata["jwks_uri"])
        try:
            key_set = KeySet.import_key_set(keys)  # type: ignore[arg-type]  # it checks the form
            read = jwt.decode(str(tokens.get("id_token", "")), key_set, _ALGORITHMS)
            claims = CodeIDToken(
                read.claims,
                read.header,
                options={
                    "iss": {"essential": True, "value": metadata["issuer"]},
                    "aud": {"essential": True, "value": self._settings.client_id},
                    "nonce": {"essential": True},
                },
                params={
                    "nonce": nonce,
                    "client_id": self._settings.client_id,
                    "access_token": tokens["access_token"],
                },
            )
            claims.validate(clock.epoch_seconds(), _LEEWAY_SECONDS)
        except (JoseError, AuthlibBaseError, ValueError, KeyError, TypeError):
            raise SignInError("ID_TOKEN_REFUSED") from None
        return dict(read.claims)

    async def _call(
        self, method: str, url: str, headers: Mapping[str, str] | None = None, body: bytes = b""
    ) -> dict[str, Any]:
        parts = urlsplit(url)
        origin = f"{parts.scheme}://{parts.netloc}"
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        client = self._clients.get(origin)
        if client is None:
            client = HttpClient(origin, max_connections=8, max_response_bytes=_MAX_ANSWER_BYTES)
            self._clients[origin] = client
        sent = {"accept": "application/json", **(headers or {})}
        try:
            answer = await client.request(
                method,
                path,
                sent,
                body,
                timeout_seconds=_TIMEOUT_SECONDS,
                idempotent=method == "GET",
            )
            found = orjson.loads(answer.body)
        except (HttpClientError, ValueError):
            raise SignInError(NO_ANSWER) from None
        if answer.status != 200 or not isinstance(found, dict):
            is_refusal = method == "POST" and 400 <= answer.status < 500
            raise SignInError("TOKEN_REFUSED" if is_refusal else NO_ANSWER)
        return found


def _handed_out(tokens: Mapping[str, Any], claims: Mapping[str, Any]) -> Tokens:
    seconds = tokens.get("expires_in", 300)
    refresh, id_token = tokens.get("refresh_token"), tokens.get("id_token")
    sid = claims.get("sid")
    return Tokens(
        access_token=tokens["access_token"],
        ends_at=clock.epoch_seconds() + (seconds if isinstance(seconds, int) else 300),
        refresh_token=refresh if isinstance(refresh, str) else None,
        id_token=id_token if isinstance(id_token, str) else None,
        name=str(claims.get("name") or claims.get("preferred_username") or ""),
        language=str(claims.get("locale") or "")[:2],
        subject=str(claims.get("sub", "")),
        sid=sid if isinstance(sid, str) else None,
    )
