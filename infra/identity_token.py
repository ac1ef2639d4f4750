"""The internal identity token: who asks, at a service, on whose behalf (RFC 7519, RFC 8725).

The gateway mints one for each audience, for at most 60 seconds; a service accepts nothing else.
Services mint tokens of the same form for ``svc_consent`` when they hand over authority facts;
the issuer tells the two apart. Keys: ``infra.signing_keys``.
"""

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any
from uuid import uuid4

from joserfc import jwt
from joserfc.errors import JoseError

from infra import clock
from infra.errors import GoldenThreadError
from infra.signing_keys import SigningKeys, VerificationKeys
from infra.vocabulary import Category, Form, Purpose, Role

TOKEN_TYPE = "gt-internal+jwt"  # noqa: S105 - the JOSE typ header, not a secret
ALGORITHM = "Ed25519"
MAX_LIFETIME_SECONDS = 60
_CLOCK_LEEWAY_SECONDS = 5
_VERIFIED_CACHE_SIZE = 4096

GATEWAY_ISSUER = "gateway"


class IdentityTokenError(GoldenThreadError):
    """An internal token is missing, foreign, expired or malformed. Never says which to a client."""

    code = "INTERNAL_TOKEN_INVALID"


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks a service, under which single grant, for which purpose, and what they may read.

    Attributes:
        subject: stable id of the person (``iss`` and ``sub`` of the access token, combined).
        agency_id: agency of the acting grant.
        site_id: site of the acting grant.
        grant_id: the acting grant in the directory.
        role: role of the acting grant.
        purpose: purpose of use, or None: then nothing about a participant is readable.
        access: category -> access expression (see ``infra.authority``); absent means never.
        forms: category -> the only form that may be read, where it is not all of them.
        aggregates: categories of which aggregates may be computed (cells A and D).
        min_revision: authority revision that list narrowing must have reached.
        permit: id of the release gate's verdict that allows a mutation's effect, or None.
        event: what happened (`infra.events`), where a stream looks at it; None otherwise.
        service_field: SUD, MH or HOUSING for a service provider, else None.
        is_liaison: whether this person is the office's named liaison.
        policy_version: version of the access table that ``access`` was read from.
    """

    subject: str
    agency_id: str
    site_id: str
    grant_id: str
    role: Role
    purpose: Purpose | None
    access: Mapping[Category, str] = field(default_factory=lambda: MappingProxyType({}))
    forms: Mapping[Category, Form] = field(default_factory=lambda: MappingProxyType({}))
    aggregates: frozenset[Category] = frozenset()
    min_revision: int = 0
    permit: str | None = None
    event: str | None = None
    service_field: str | None = None
    is_liaison: bool = False
    policy_version: str = ""


@dataclass(frozen=True, slots=True)
class VerifiedToken:
    """A token that passed every check: who signed it, and for whom it speaks."""

    issuer: str
    expires_at: int
    claims: Mapping[str, Any]

    def caller(self) -> Caller:
        """Return the caller that the gateway vouched for.

        Raises:
            IdentityTokenError: the claims are not those of a caller.
        """
        claims = self.claims
        try:
            purpose = claims.get("purpose")
            return Caller(
                subject=str(claims["sub"]),
                agency_id=str(claims["agency"]),
                site_id=str(claims["site"]),
                grant_id=str(claims["grant"]),
                role=Role(claims["role"]),
                purpose=None if purpose is None else Purpose(purpose),
                access=MappingProxyType({Category(k): str(v) for k, v in claims["access"].items()}),
                forms=MappingProxyType(
                    {Category(k): Form(v) for k, v in claims.get("forms", {}).items()}
                ),
                aggregates=frozenset(Category(c) for c in claims.get("aggregates", ())),
                min_revision=int(claims["min_revision"]),
                permit=claims.get("permit"),
                event=claims.get("event"),
                service_field=claims.get("service_field"),
                is_liaison=bool(claims.get("liaison", False)),
                policy_version=str(claims.get("policy", "")),
            )
        except (KeyError, TypeError, ValueError, AttributeError):
            raise IdentityTokenError("the token does not describe a caller") from None


class TokenMinter:
    """Signs tokens as one issuer."""

    def __init__(self, keys: SigningKeys) -> None:
        self._keys = keys
        self._own: dict[str, tuple[str, int]] = {}

    def for_caller(
        self, caller: Caller, audience: str, lifetime_seconds: int = MAX_LIFETIME_SECONDS
    ) -> str:
        """Mint a token that speaks for a person at one service."""
        claims: dict[str, Any] = {
            "sub": caller.subject,
            "agency": caller.agency_id,
            "site": caller.site_id,
            "grant": caller.grant_id,
            "role": caller.role.value,
            "access": {c.value: e for c, e in caller.access.items()},
            "forms": {c.value: f.value for c, f in caller.forms.items()},
            "aggregates": sorted(c.value for c in caller.aggregates),
            "min_revision": caller.min_revision,
            "liaison": caller.is_liaison,
            "policy": caller.policy_version,
        }
        if caller.purpose is not None:
            claims["purpose"] = caller.purpose.value
        if caller.permit is not None:
            claims["permit"] = caller.permit
        if caller.event is not None:
            claims["event"] = caller.event
        if caller.service_field is not None:
            claims["service_field"] = caller.service_field
        return self._sign(claims, audience, lifetime_seconds)

    def for_service(self, audience: str, lifetime_seconds: int = MAX_LIFETIME_SECONDS) -> str:
        """Return a token that speaks for the issuing program itself; it reads no category.

        The same token serves for half its life, since signing costs more than a short call.
        """
        token, expires_at = self._own.get(audience, ("", 0))
        left = expires_at - clock.epoch_seconds()
        # More than a whole life: the clock was ahead when it was made, and nobody believes it.
        if not lifetime_seconds // 2 <= left <= lifetime_seconds:
            token = self._sign({"sub": f"service:{self._keys.issuer}"}, audience, lifetime_seconds)
            self._own[audience] = token, clock.epoch_seconds() + lifetime_seconds
        return token

    def _sign(self, claims: dict[str, Any], audience: str, lifetime_seconds: int) -> str:
        issued_at = clock.epoch_seconds()
        key = self._keys.current()
        header = {"alg": ALGORITHM, "typ": TOKEN_TYPE, "kid": key.kid}
        body = {
            "iss": self._keys.issuer,
            "aud": audience,
            "iat": issued_at,
            "exp": issued_at + min(lifetime_seconds, MAX_LIFETIME_SECONDS),
            "jti": uuid4().hex,
            **claims,
        }
        return jwt.encode(header, body, key.private, algorithms=[ALGORITHM])


class TokenVerifier:
    """Checks tokens addressed to one audience. Verified tokens are remembered until they end.

    Not for longer: each change has a token of its own, which nobody shows again.
    """

    def __init__(self, keys: VerificationKeys, audience: str) -> None:
        self._keys = keys
        self._audience = audience
        self._verified: OrderedDict[str, VerifiedToken] = OrderedDict()

    def verify(self, token: str, issuers: frozenset[str]) -> VerifiedToken:
        """Check signature, type, issuer, audience and times.

        Args:
            token: compact JWS.
            issuers: who may have signed it for this use.

        Raises:
            IdentityTokenError: any check failed.
        """
        known = self._verified.get(token)
        if known is None:
            known = self._verify_afresh(token)
            self._forget_ended()
            self._verified[token] = known
        if clock.epoch_seconds() >= known.expires_at:
            self._verified.pop(token, None)
            raise IdentityTokenError("the token has expired")
        if known.issuer not in issuers:
            raise IdentityTokenError("this issuer may not call here")
        return known

    def _forget_ended(self) -> None:
        """Make room: the first that came is the first to end, or soon after it."""
        now = clock.epoch_seconds()
        while self._verified:
            first = next(iter(self._verified.values()))
            if first.expires_at > now and len(self._verified) < _VERIFIED_CACHE_SIZE:
                return
            self._verified.popitem(last=False)

    def _verify_afresh(self, token: str) -> VerifiedToken:
        try:
            decoded = jwt.decode(token, self._keys.find, algorithms=[ALGORITHM])
        except (JoseError, ValueError, TypeError, KeyError) as error:
            raise IdentityTokenError("the token is not signed by a known program") from error
        header, claims = decoded.header, decoded.claims
        issuer, kid = claims.get("iss"), header.get("kid")
        if header.get("typ") != TOKEN_TYPE or not isinstance(issuer, str):
            raise IdentityTokenError("not an internal token")
        if not self._keys.belongs_to(str(kid), issuer):
            raise IdentityTokenError("the key is not this issuer's")
        if claims.get("aud") != self._audience:
            raise IdentityTokenError("the token is for another program")
        issued_at, expires_at = claims.get("iat"), claims.get("exp")
        if type(issued_at) is not int or type(expires_at) is not int:
            raise IdentityTokenError("the token has no whole-number times")
        now = clock.epoch_seconds()
        if expires_at - issued_at > MAX_LIFETIME_SECONDS or issued_at > now + _CLOCK_LEEWAY_SECONDS:
            raise IdentityTokenError("the token's times are not acceptable")
        return VerifiedToken(issuer, expires_at, MappingProxyType(dict(claims)))
