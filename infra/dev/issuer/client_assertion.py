"""Clients that prove who they are by a signature (``private_key_jwt``; RFC 7523, FAPI 2.0).

A partner's back end keeps a private key, and this issuer its public one: no secret is shared, and
what travels is good for a minute, for this issuer and once. authlib's own check bounds neither the
life of an assertion nor its algorithm, and takes a list of audiences; so this one is written out.
"""

import json
import re
import warnings
from typing import Any, Final

from authlib.oauth2.rfc7523 import JWTBearerClientAssertion
from joserfc import jws
from joserfc.errors import JoseError, SecurityWarning
from joserfc.jwk import Key
from joserfc.util import urlsafe_b64decode

from infra import clock
from infra.dev.issuer.clients import Client
from infra.dev.issuer.store import Store

METHOD: Final = "private_key_jwt"
ASSERTION_TYPE: Final = JWTBearerClientAssertion.CLIENT_ASSERTION_TYPE
MAX_SECONDS: Final = 60
"""How long an assertion may live; FAPI 2.0 wants it short, and RFC 7523 leaves it open."""

ALGORITHMS: Final = {"RSA": {"PS256"}, "EC": {"ES256"}, "OKP": {"EdDSA", "Ed25519"}}
"""By type of key; FAPI 2.0 (5.4) leaves out RS256."""

_LEEWAY_SECONDS = 10
_MAX_CHARACTERS = 4096
_COMPACT = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\Z")
_IDENTIFIER = re.compile(r"[\x21-\x7e]{8,128}\Z")
_HEADER = frozenset({"alg", "kid", "typ"})
_TYPES = frozenset({None, "JWT", "client-authentication+jwt"})


class ClientAssertions:
    """The check, as authlib calls it for each request that may carry an assertion."""

    def __init__(self, issuer: str, store: Store) -> None:
        self._issuer = issuer
        self._store = store

    def __call__(self, query_client: Any, request: Any) -> Client | None:
        """Return the client that signed, or nothing; never says what was wrong."""
        form = request.form
        text = form.get("client_assertion", "")
        if form.get("client_assertion_type") != ASSERTION_TYPE or len(text) > _MAX_CHARACTERS:
            return None
        try:
            header, claims = _parts(text)
            client: Client | None = query_client(_who(claims))
            if client is None or form.get("client_id", client.client_id) != client.client_id:
                return None
            _check_signature(text, header, client.keys)
            self._check_claims(claims, client.client_id)
        except (JoseError, ValueError, KeyError, TypeError):
            return None
        return client

    def _check_claims(self, claims: dict[str, Any], client_id: str) -> None:
        now = clock.epoch_seconds()
        issued_at, expires_at = _time(claims["iat"]), _time(claims["exp"])
        # The issuer alone, and no list: an assertion for one server must not open another.
        is_for_us = claims["aud"] == self._issuer
        is_short = 0 < expires_at - issued_at <= MAX_SECONDS
        has_begun = max(issued_at, _time(claims.get("nbf", issued_at))) <= now + _LEEWAY_SECONDS
        if not (is_for_us and is_short and has_begun and now < expires_at):
            raise ValueError("claims")
        if not _IDENTIFIER.match(claims["jti"]):
            raise ValueError("jti")
        if not self._store.spend_assertion(client_id, claims["jti"], expires_at):
            raise ValueError("replayed")


def _parts(text: str) -> tuple[dict[str, Any], dict[str, Any]]:
    if not _COMPACT.match(text):
        raise ValueError("form")
    header, claims, _ = text.split(".")
    return _object(header), _object(claims)


def _object(part: str) -> dict[str, Any]:
    found = json.loads(urlsafe_b64decode(part.encode()), object_pairs_hook=_no_name_twice)
    if not isinstance(found, dict):
        raise TypeError("object")
    return found


def _no_name_twice(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name twice")
    return found


def _who(claims: dict[str, Any]) -> str:
    if not isinstance(claims["sub"], str) or claims["iss"] != claims["sub"]:
        raise ValueError("sub")
    return claims["sub"]


def _time(value: object) -> int:
    if type(value) is not int or value <= 0:
        raise ValueError("time")
    return value


def _check_signature(text: str, header: dict[str, Any], keys: dict[str, Key]) -> None:
    if header.keys() - _HEADER or header.get("typ") not in _TYPES:
        raise ValueError("header")
    key = keys[header["kid"]]
    if header["alg"] not in ALGORITHMS[str(key.key_type)]:
        raise ValueError("alg")
    with warnings.catch_warnings():
        # RFC 9864 prefers the name Ed25519; clients still write EdDSA (RFC 8037).
        warnings.simplefilter("ignore", SecurityWarning)
        jws.deserialize_compact(text, key, algorithms=[header["alg"]])
