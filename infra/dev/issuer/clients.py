"""Registered clients, from a private file.

A confidential client has a secret or public keys, never both; a public one has neither.
"""

import hmac
import json
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from authlib.oauth2.rfc6749 import ClientMixin
from joserfc.jwk import Key, KeySet

SCOPES = ("openid", "profile", "goldenthread")
DEFAULT_SCOPE = "goldenthread"


@dataclass(frozen=True, slots=True)
class Client(ClientMixin):  # type: ignore[misc]  # authlib has no types
    """One client, with the questions that authlib asks about it."""

    client_id: str
    name: str
    secret: str | None
    grant_types: frozenset[str]
    redirect_uris: tuple[str, ...]
    logout_uris: tuple[str, ...] = ()
    back_channel_uri: str | None = None
    keys: dict[str, Key] = field(default_factory=dict)

    @property
    def is_public(self) -> bool:
        """Whether the client can prove nothing about itself."""
        return self.secret is None and not self.keys

    def get_client_id(self) -> str:
        """Return the client id."""
        return self.client_id

    def get_default_redirect_uri(self) -> None:
        """Return nothing: a request must name its redirect URI."""
        return

    def get_allowed_scope(self, scope: str | None) -> str:
        """Return those of the scopes asked for that exist; without any, the default."""
        if not scope:
            return DEFAULT_SCOPE
        return " ".join(word for word in scope.split() if word in SCOPES)

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        """Compare exactly (RFC 9700, 2.1)."""
        return redirect_uri in self.redirect_uris

    def check_client_secret(self, client_secret: str) -> bool:
        """Compare in constant time; a public client has no secret that could be right."""
        return self.secret is not None and hmac.compare_digest(
            self.secret.encode(), client_secret.encode()
        )

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:  # noqa: ARG002
        """Say whether the client may authenticate so: with what it has, and nothing less."""
        if self.keys:
            return method == "private_key_jwt"
        if self.secret is None:
            return method == "none"
        return method in {"client_secret_basic", "client_secret_post"}

    def check_response_type(self, response_type: str) -> bool:
        """Only the code flow."""
        return response_type == "code" and self.check_grant_type("authorization_code")

    def check_grant_type(self, grant_type: str) -> bool:
        """Say whether the client may use a grant."""
        return grant_type in self.grant_types


def load_clients(path: Path) -> dict[str, Client]:
    """Return the registered clients by id."""
    return {
        row["client_id"]: Client(
            client_id=row["client_id"],
            name=row["client_name"],
            secret=row["client_secret"],
            grant_types=frozenset(row["grant_types"]),
            redirect_uris=tuple(row["redirect_uris"]),
            logout_uris=tuple(row.get("post_logout_redirect_uris", ())),
            back_channel_uri=row.get("backchannel_logout_uri"),
            keys=_keys(row.get("jwks")),
        )
        for row in json.loads(path.read_text(encoding="utf-8"))
    }


def _keys(jwks: object) -> dict[str, Key]:
    if jwks is None:
        return {}
    found = {str(key.kid): key for key in KeySet.import_key_set(jwks).keys}  # type: ignore[arg-type]
    if any(key.is_private or key.key_type == "oct" for key in found.values()):
        raise ValueError("only public keys of a client are registered")
    return found


def browser_origins(clients: dict[str, Client]) -> list[str]:
    """Return the origins whose scripts may call the token endpoint: those of public clients."""
    return sorted(
        {
            origin_of(uri)
            for client in clients.values()
            if client.is_public
            for uri in client.redirect_uris
        }
    )


def origin_of(uri: str) -> str:
    """Return scheme, host and port of a URI."""
    parts = urlsplit(uri)
    return f"{parts.scheme}://{parts.netloc}"
