"""The grants: code with PKCE (S256, always), refresh with rotation, client credentials.

authlib's classes carry the protocol; here is what they leave to the issuer: what is stored, and
where it is stricter than its defaults.
"""

from typing import Any, ClassVar

from authlib.oauth2.rfc6749 import InvalidRequestError, grants
from authlib.oauth2.rfc7636 import CodeChallenge
from authlib.oidc.core import OpenIDCode
from joserfc.jwk import KeySet

from infra import clock
from infra.dev.issuer.clients import Client
from infra.dev.issuer.people import SignedIn
from infra.dev.issuer.store import CODE_SECONDS, Code, Refresh

_WITH_OR_WITHOUT_SECRET = ["client_secret_basic", "client_secret_post", "none"]


class AuthorizationCode(grants.AuthorizationCodeGrant):  # type: ignore[misc]  # authlib has no types
    """Code flow for confidential and public clients; a code works once and for a minute."""

    TOKEN_ENDPOINT_AUTH_METHODS = _WITH_OR_WITHOUT_SECRET

    def save_authorization_code(self, code: str, request: Any) -> None:
        """Keep a new code with all that the token request must match."""
        data = request.payload.data
        store = self.server.store
        store.add_code(
            Code(
                code=code,
                client_id=request.client.client_id,
                redirect_uri=request.payload.redirect_uri,
                scope=request.scope,
                nonce=data.get("nonce"),
                code_challenge=data["code_challenge"],
                code_challenge_method=data["code_challenge_method"],
                signed_in=request.user,
                family=store.new_family(),
                expires_at=clock.epoch_seconds() + CODE_SECONDS,
            )
        )

    def query_authorization_code(self, code: str, client: Client) -> Code | None:
        """Return the code and use it up."""
        found: Code | None = self.server.store.take_code(code, client)
        return found

    def delete_authorization_code(self, authorization_code: Code) -> None:
        """Do nothing: looking a code up has used it up."""

    def authenticate_user(self, authorization_code: Code) -> SignedIn:
        """Return who signed in."""
        return authorization_code.signed_in


class RefreshToken(grants.RefreshTokenGrant):  # type: ignore[misc]  # authlib has no types
    """A new refresh token for each use; the old one turning up again ends the family.

    Except for its own client, that repeats at once a refresh whose answer was lost.
    """

    TOKEN_ENDPOINT_AUTH_METHODS = _WITH_OR_WITHOUT_SECRET
    INCLUDE_NEW_REFRESH_TOKEN = True

    def authenticate_refresh_token(self, refresh_token: str) -> Refresh | None:
        """Return the token if it is live."""
        found: Refresh | None = self.server.store.find_refresh(refresh_token, self.request.client)
        return found

    def authenticate_user(self, refresh_token: Refresh) -> SignedIn:
        """Return who signed in, and when: a refresh is no new sign-in."""
        return refresh_token.signed_in

    def revoke_old_credential(self, refresh_token: Refresh) -> None:
        """Use the old token up."""
        self.server.store.spend_refresh(refresh_token)


class ClientCredentials(grants.ClientCredentialsGrant):  # type: ignore[misc]  # authlib has no types
    """A machine without a person: a token without roles."""

    TOKEN_ENDPOINT_AUTH_METHODS: ClassVar = [
        "client_secret_basic",
        "client_secret_post",
        "private_key_jwt",
    ]


class MandatoryS256(CodeChallenge):  # type: ignore[misc]  # authlib has no types
    """PKCE by S256 for every client (RFC 9700, 2.1.1); authlib would let it be left out."""

    SUPPORTED_CODE_CHALLENGE_METHOD: ClassVar = ["S256"]

    def validate_code_challenge(self, grant: Any, redirect_uri: str) -> None:
        """Refuse a request without challenge or without method (whose default is `plain`)."""
        data = grant.request.payload.data
        if not data.get("code_challenge") or not data.get("code_challenge_method"):
            message = "PKCE is required: code_challenge with code_challenge_method=S256"
            raise InvalidRequestError(message, redirect_uri=redirect_uri)
        super().validate_code_challenge(grant, redirect_uri)


class IdToken(OpenIDCode):  # type: ignore[misc]  # authlib has no types
    """Id tokens for scope `openid`; a nonce is wanted and works once per client."""

    def __init__(self, server: Any, seconds: int) -> None:
        super().__init__(require_nonce=True)
        self._server = server
        self._seconds = seconds

    def exists_nonce(self, nonce: str, request: Any) -> bool:
        """Say whether the nonce was used before."""
        used: bool = self._server.store.has_nonce(request.payload.client_id, nonce)
        return used

    def resolve_client_private_key(self, client: Client) -> KeySet:  # noqa: ARG002 - one key for all
        """Return the key to sign with."""
        keys: KeySet = self._server.keys.signing_set()
        return keys

    def get_authorization_code_claims(self, authorization_code: Code) -> dict[str, Any]:
        """Return what came with the code, and the name of the session that it began."""
        claims: dict[str, Any] = super().get_authorization_code_claims(authorization_code)
        return {**claims, "sid": authorization_code.family}

    def get_client_claims(self, client: Client) -> dict[str, Any]:
        """Return the claims that depend on the client alone."""
        now = clock.epoch_seconds()
        return {
            "iss": self._server.settings.issuer,
            "aud": [client.client_id],
            "iat": now,
            "exp": now + self._seconds,
        }

    def generate_user_info(self, user: SignedIn, scope: str) -> dict[str, Any]:
        """Return subject, and with scope `profile` the name."""
        claims: dict[str, Any] = {"sub": user.persona.subject}
        if "profile" in scope.split():
            claims["name"] = user.persona.name
        return claims
