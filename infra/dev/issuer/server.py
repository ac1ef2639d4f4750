"""authlib's framework-free authorization server under Starlette, and the tokens that it makes.

The core is synchronous and asks for form fields as attributes: a request is read completely before
it is handed over. Everything it touches is in memory.
"""

import secrets
from collections import defaultdict
from typing import Any

from authlib.oauth2 import AuthorizationServer
from authlib.oauth2.rfc6749 import OAuth2Payload, OAuth2Request
from authlib.oauth2.rfc9068 import JWTBearerTokenGenerator
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from starlette.datastructures import FormData, QueryParams
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from infra import clock
from infra.dev.issuer.client_assertion import METHOD, ClientAssertions
from infra.dev.issuer.clients import SCOPES, Client
from infra.dev.issuer.grants import (
    AuthorizationCode,
    ClientCredentials,
    IdToken,
    MandatoryS256,
    RefreshToken,
)
from infra.dev.issuer.keys import SigningKeys
from infra.dev.issuer.people import SignedIn
from infra.dev.issuer.settings import IssuerSettings
from infra.dev.issuer.store import ACR, REFRESH_SECONDS, Refresh, Store

TOKEN_SECONDS = 600
"""Life of an access token; authlib's default for client credentials would be ten days."""


class _Payload(OAuth2Payload):  # type: ignore[misc]  # authlib has no types
    """The parameters of a request, from the query or the form."""

    def __init__(self, pairs: list[tuple[str, str]]) -> None:
        self._data = dict(pairs)
        self._lists: defaultdict[str, list[str]] = defaultdict(list)
        for name, value in pairs:
            self._lists[name].append(value)

    @property
    def data(self) -> dict[str, str]:
        """The last value of each parameter."""
        return self._data

    @property
    def datalist(self) -> defaultdict[str, list[str]]:
        """All values of each parameter."""
        return self._lists


class _Request(OAuth2Request):  # type: ignore[misc]  # authlib has no types
    """A Starlette request whose form has been read."""

    def __init__(self, request: Request, fields: FormData | QueryParams) -> None:
        super().__init__(request.method, str(request.url), headers=request.headers)
        pairs = [(name, value) for name, value in fields.multi_items() if isinstance(value, str)]
        self.payload = _Payload(pairs)
        self._fields = dict(pairs)

    @property
    def args(self) -> dict[str, str]:
        """The query parameters."""
        return self._fields

    @property
    def form(self) -> dict[str, str]:
        """The form fields."""
        return self._fields


class _AccessTokens(JWTBearerTokenGenerator):  # type: ignore[misc]  # authlib has no types
    """Access tokens as RFC 9068 wants them, with the roles as a claim."""

    def __init__(self, settings: IssuerSettings, keys: SigningKeys, seconds: int) -> None:
        super().__init__(
            settings.issuer,
            alg="RS256",
            refresh_token_generator=lambda **_: secrets.token_urlsafe(32),
            expires_generator=seconds,
        )
        self._keys = keys
        self._audience = settings.audience

    def get_jwks(self) -> KeySet:
        """Return the key to sign with."""
        return self._keys.signing_set()

    def get_audiences(self, client: Client, user: SignedIn | None, scope: str) -> str:  # noqa: ARG002
        """Return the API, whatever the client is."""
        return self._audience

    def get_acr(self, user: SignedIn | None) -> str | None:
        """Return how the person signed in."""
        return ACR if user else None

    def get_auth_time(self, user: SignedIn | None) -> int | None:
        """Return when the person signed in."""
        return user.at if user else None

    def get_extra_claims(
        self,
        client: Client,  # noqa: ARG002 - the signature is authlib's
        grant_type: str,  # noqa: ARG002
        user: SignedIn | None,
        scope: str,  # noqa: ARG002
    ) -> dict[str, Any]:
        """Return the roles that the person may ask to act under; a machine has none."""
        return {"gt_roles": user.persona.role_claims()} if user else {}


class IssuerServer(AuthorizationServer):  # type: ignore[misc]  # authlib has no types
    """The protocol: who may have which token."""

    def __init__(
        self, settings: IssuerSettings, keys: SigningKeys, clients: dict[str, Client]
    ) -> None:
        super().__init__(scopes_supported=list(SCOPES))
        self.settings = settings
        self.keys = keys
        self.store = Store()
        self._clients = clients
        self.register_token_generator("default", _AccessTokens(settings, keys, TOKEN_SECONDS))
        id_token = IdToken(self, TOKEN_SECONDS)
        self.register_grant(AuthorizationCode, [MandatoryS256(required=True), id_token])
        self.register_grant(RefreshToken)
        self.register_grant(ClientCredentials)
        self.register_client_auth_method(METHOD, ClientAssertions(settings.issuer, self.store))

    def mint(self, signed_in: SignedIn, client_id: str, seconds: int) -> str:
        """Return an access token without a flow, for the private socket only."""
        tokens = _AccessTokens(self.settings, self.keys, seconds)
        client = self._clients[client_id]
        made = tokens("authorization_code", client, signed_in, None, None, False)
        return str(made["access_token"])

    def read_id_token(self, token: str) -> dict[str, Any] | None:
        """Return the claims of an id token of ours, also when its time is over; else None."""
        try:
            read = jwt.decode(token, self.keys.verification_set(), algorithms=["RS256"])
        except (JoseError, ValueError):
            return None
        claims: dict[str, Any] = read.claims
        return claims if claims.get("iss") == self.settings.issuer else None

    def query_client(self, client_id: str) -> Client | None:
        """Return a registered client."""
        return self._clients.get(client_id)

    def save_token(self, token: dict[str, Any], request: Any) -> None:
        """Keep the refresh token, in the family of the code or token that it came from."""
        if "refresh_token" not in token:
            return
        origin = request.authorization_code or request.refresh_token
        self.store.add_refresh(
            Refresh(
                token=token["refresh_token"],
                client_id=request.client.client_id,
                scope=token.get("scope", ""),
                signed_in=request.user,
                family=origin.family,
                expires_at=clock.epoch_seconds() + REFRESH_SECONDS,
            )
        )

    def create_oauth2_request(self, request: Any) -> OAuth2Request:
        """Return authlib's view of a request; one that is that already stays as it is."""
        if isinstance(request, OAuth2Request):
            return request
        return _Request(*request)

    def handle_response(self, status: int, body: Any, headers: list[tuple[str, str]]) -> Response:
        """Return Starlette's view of a response."""
        names = dict(headers)
        if isinstance(body, dict):
            return JSONResponse(body, status, headers={"Cache-Control": "no-store", **names})
        return Response(body, status, headers={"Cache-Control": "no-store", **names})

    def send_signal(self, name: str, *args: object, **kwargs: object) -> None:
        """Do nothing: nobody listens."""
