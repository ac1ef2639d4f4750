"""Verifies access tokens: form, header, key, signature, claims, in this order.

joserfc checks the signature; everything around it is checked here, because JOSE libraries forgive
too much (duplicate claims, any ``typ``, a list of audiences, tokens without end). A token that
passed is remembered until it ends, and only as long as its key is still the issuer's.
"""

import asyncio
import hashlib
import re
import warnings
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from joserfc import jws
from joserfc.errors import JoseError, SecurityWarning
from joserfc.util import urlsafe_b64decode

from gateway.identity.claims import AccessTokenError, VerifiedAccessToken, read_claims
from gateway.identity.introspection import Introspection
from gateway.identity.issuers import IssuerSettings
from gateway.identity.jwks import KeySource
from gateway.identity.key_set import MAX_KEY_ID_LENGTH, VerificationKey
from gateway.identity.strict_json import StrictJsonError, parse_strictly
from infra import clock

MAX_TOKEN_CHARACTERS: Final = 8192
TOKEN_TYPE: Final = "at+jwt"  # noqa: S105 - the JOSE typ header, not a secret
_HEADER_MEMBERS = frozenset({"alg", "kid", "typ"})
_COMPACT = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\Z")
_REMEMBERED_TOKENS = 8192


@dataclass(frozen=True, slots=True)
class _Remembered:
    """A token that was verified, and the key that verified it."""

    token: VerifiedAccessToken
    source: KeySource
    kid: str
    thumbprint: str


class AccessTokenVerifier:
    """Checks tokens of a fixed set of issuers; one for the life of the process."""

    def __init__(self, issuers: Sequence[IssuerSettings]) -> None:
        self._issuers = {
            issuer.issuer: (issuer, KeySource(issuer)) for issuer in issuers if issuer.jwks_uri
        }
        asked = next((each for each in issuers if each.introspection), None)
        self._opaque = Introspection(asked) if asked else None
        self._keyless = asked.issuer if asked and not asked.jwks_uri else None
        self._remembered: OrderedDict[bytes, _Remembered] = OrderedDict()

    async def verify(self, token: str) -> VerifiedAccessToken:
        """Return what a token says, if it is acceptable now.

        Raises:
            AccessTokenError: it is not; never says why.
        """
        if len(token) > MAX_TOKEN_CHARACTERS:
            raise AccessTokenError
        if not _COMPACT.match(token) or self._is_of_keyless_issuer(token):
            if self._opaque is None:
                raise AccessTokenError
            return await self._opaque.verify(token)
        digest = hashlib.sha256(token.encode("ascii")).digest()
        known = self._remembered.get(digest)
        if known is None:
            known = await self._verify_afresh(token)
            self._remember(digest, known)
        elif not await known.source.still_has(known.kid, known.thumbprint):
            self._remembered.pop(digest, None)
            raise AccessTokenError
        if clock.epoch_seconds() >= known.token.expires_at:
            self._remembered.pop(digest, None)
            raise AccessTokenError
        return known.token

    async def has_keys(self) -> bool:
        """Say whether the tokens of any issuer could be checked; fetches its first keys.

        One that is asked about each token has none to fetch, and counts.
        """
        sources = [source for _, source in self._issuers.values()]
        found = await asyncio.gather(*(source.has_keys() for source in sources))
        return any(found) or self._opaque is not None

    async def close(self) -> None:
        """Drop the connections to the issuers."""
        for _, source in self._issuers.values():
            await source.close()
        if self._opaque is not None:
            await self._opaque.close()

    def _is_of_keyless_issuer(self, token: str) -> bool:
        """Say whether a signed token names the issuer that is asked about all its tokens.

        The name is not believed, it only says whom to ask: nobody else is shown the token.
        """
        if self._keyless is None:
            return False
        claims = _decode(token.split(".")[1])
        return isinstance(claims, dict) and claims.get("iss") == self._keyless

    def _remember(self, digest: bytes, verified: _Remembered) -> None:
        self._remembered[digest] = verified
        while len(self._remembered) > _REMEMBERED_TOKENS:
            self._remembered.popitem(last=False)

    async def _verify_afresh(self, token: str) -> _Remembered:
        header_part, payload_part, _ = token.split(".")
        algorithm, kid = _read_header(_decode(header_part))
        claims = _decode(payload_part)
        named = claims.get("iss") if isinstance(claims, dict) else None
        issuer, source = self._issuers.get(named if isinstance(named, str) else "", (None, None))
        if issuer is None or source is None or algorithm not in issuer.algorithms:
            raise AccessTokenError
        key = await source.find(kid)
        if key is None or algorithm not in key.algorithms:
            raise AccessTokenError
        _check_signature(token, key, algorithm)
        verified = read_claims(claims, issuer, clock.epoch_seconds())
        return _Remembered(verified, source, kid, key.thumbprint)


def _check_signature(token: str, key: VerificationKey, algorithm: str) -> None:
    try:
        with warnings.catch_warnings():
            # RFC 9864 prefers the name Ed25519; issuers still write EdDSA (RFC 8037).
            warnings.simplefilter("ignore", SecurityWarning)
            jws.deserialize_compact(token, key.key, algorithms=[algorithm])
    except (JoseError, ValueError, TypeError, KeyError):
        raise AccessTokenError from None


def _decode(part: str) -> Any:
    try:
        return parse_strictly(urlsafe_b64decode(part.encode("ascii")))
    except (StrictJsonError, ValueError):
        raise AccessTokenError from None


def _read_header(header: object) -> tuple[str, str]:
    """Return algorithm and key id of a header that has only what it may have."""
    if not isinstance(header, dict) or header.keys() != _HEADER_MEMBERS:
        raise AccessTokenError
    algorithm, kid = header["alg"], header["kid"]
    if header["typ"] != TOKEN_TYPE or not isinstance(algorithm, str) or not isinstance(kid, str):
        raise AccessTokenError
    if not 0 < len(kid) <= MAX_KEY_ID_LENGTH:
        raise AccessTokenError
    return algorithm, kid
