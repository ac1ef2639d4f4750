"""What an access token must say (RFC 9068 and RFC 8725, made stricter), and what we take from it.

Only this module reads raw claims. Everything is checked by type before it is compared: a number
is a whole JSON number, a text a JSON string. Whatever is wrong, the error is the same.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from gateway.identity.issuers import IssuerSettings
from infra.errors import GoldenThreadError
from infra.vocabulary import Purpose

LEEWAY_SECONDS: Final = 10
"""How far another clock may run ahead of ours (FAPI 2.0); an ended token gets no leeway."""

MAX_ROLES: Final = 100
_LATEST_TIME = 253_402_300_799  # the last second of the year 9999
_IDENTIFIER = re.compile(r"[\x21-\x7e]{1,255}\Z")
_THUMBPRINT = re.compile(r"[A-Za-z0-9_-]{43}\Z")
_BINDINGS = frozenset({"jkt", "x5t#S256"})
_MAX_TEXT = 255


class AccessTokenError(GoldenThreadError):
    """The access token is missing or not acceptable. The text never says which check failed."""

    code = "UNAUTHENTICATED"

    def __init__(self) -> None:
        super().__init__("A valid access token is required.")


@dataclass(frozen=True, slots=True)
class ClaimedRole:
    """A role that the issuer says the person has: a hint, nothing more."""

    role: str
    agency: str | None
    site: str | None


@dataclass(frozen=True, slots=True)
class Confirmation:
    """What a token is bound to (``cnf``, RFC 7800); nothing for a bearer token.

    Attributes:
        key: thumbprint of the client's key (``jkt``, RFC 9449).
        certificate: thumbprint of the client's certificate (``x5t#S256``, RFC 8705).
    """

    key: str | None = None
    certificate: str | None = None


@dataclass(frozen=True, slots=True)
class VerifiedAccessToken:
    """What is known from a token that passed every check.

    Attributes:
        issuer_alias: our name of the issuer; with ``subject`` it names the account.
        subject: the issuer's stable id of the person.
        client_id: the application that the token was issued to.
        claimed_roles: hints; the directory decides.
        expires_at: seconds since the epoch; the token is no longer good at this second.
        acr: how the person signed in, if the issuer says so.
        auth_time: when the person signed in (seconds since the epoch), if the issuer says so.
        confirmation: what the token is bound to.
        service_purpose: of a back end without a person, the one purpose that it acts for.
    """

    issuer_alias: str
    subject: str
    client_id: str
    claimed_roles: tuple[ClaimedRole, ...]
    expires_at: int
    acr: str | None
    auth_time: int | None
    confirmation: Confirmation = Confirmation()
    service_purpose: Purpose | None = None

    @property
    def person(self) -> str:
        """Who it is, for limits by person."""
        return f"{self.issuer_alias}:{self.subject}"


def read_claims(claims: object, issuer: IssuerSettings, now: int) -> VerifiedAccessToken:
    """Check the claims of a token whose signature is the issuer's.

    Args:
        claims: the payload, parsed strictly.
        issuer: whose token it is.
        now: seconds since the epoch.

    Raises:
        AccessTokenError: any check failed.
    """
    if not isinstance(claims, dict):
        raise AccessTokenError
    if claims.get("iss") != issuer.issuer or claims.get("aud") != issuer.audience:
        raise AccessTokenError
    _identifier(claims, "jti")
    expires_at = _check_times(claims, issuer.max_lifetime_seconds, now)
    if any(name not in claims for name in issuer.required_claims):
        raise AccessTokenError
    return _verified(claims, issuer, expires_at, now)


def read_introspection(answer: object, issuer: IssuerSettings, now: int) -> VerifiedAccessToken:
    """Check what an issuer says of an opaque token (RFC 7662, 2.2).

    The issuer was asked at its own address, so ``iss`` may be missing; the audience may not,
    else a token for another service would do.

    Raises:
        AccessTokenError: not active, or any check failed.
    """
    if not isinstance(answer, dict) or answer.get("active") is not True:
        raise AccessTokenError
    answer = _in_whole_seconds(answer)
    if answer.get("iss", issuer.issuer) != issuer.issuer:
        raise AccessTokenError
    audience = answer.get("aud")
    if issuer.audience not in (audience if isinstance(audience, list) else [audience]):
        raise AccessTokenError
    expires_at = _time(answer, "exp")
    begun_at = _optional_past(answer, "iat", now)
    _optional_past(answer, "nbf", now)
    life = expires_at - (now if begun_at is None else begun_at)
    if now >= expires_at or life > issuer.max_lifetime_seconds:
        raise AccessTokenError
    if any(name not in answer for name in issuer.required_claims):
        raise AccessTokenError
    # Providers leave the subject out where no person is behind the token.
    subject = answer.get("sub", answer.get("client_id"))
    return _verified({**answer, "sub": subject}, issuer, expires_at, now)


def _in_whole_seconds(answer: Mapping[str, Any]) -> Mapping[str, Any]:
    """Cut fractions of seconds off: NumericDate allows them (RFC 7519, 2), and providers send them.

    Not so in a token: what we are shown there was made for the profile that we publish.
    """
    cut = {
        name: int(value)
        for name in ("exp", "iat", "nbf", "auth_time")
        if isinstance(value := answer.get(name), float) and abs(value) <= _LATEST_TIME
    }
    return {**answer, **cut}


def _verified(
    claims: Mapping[str, Any], issuer: IssuerSettings, expires_at: int, now: int
) -> VerifiedAccessToken:
    subject, client_id = _identifier(claims, "sub"), _identifier(claims, "client_id")
    service_purpose = None
    if subject == client_id:  # no person is behind it (RFC 9068, 2.2)
        service_purpose = issuer.service_clients.get(client_id)
        if service_purpose is None:
            raise AccessTokenError
    return VerifiedAccessToken(
        issuer_alias=issuer.alias,
        subject=subject,
        client_id=client_id,
        claimed_roles=_roles(claims.get(issuer.roles_claim, [])),
        expires_at=expires_at,
        acr=_optional_text(claims.get("acr")),
        auth_time=_optional_past(claims, "auth_time", now),
        confirmation=_confirmation(claims),
        service_purpose=service_purpose,
    )


def _check_times(claims: Mapping[str, Any], max_lifetime_seconds: int, now: int) -> int:
    expires_at, issued_at = _time(claims, "exp"), _time(claims, "iat")
    if now >= expires_at or issued_at > now + LEEWAY_SECONDS:
        raise AccessTokenError
    if not 0 < expires_at - issued_at <= max_lifetime_seconds:
        raise AccessTokenError
    _optional_past(claims, "nbf", now)
    return expires_at


def _time(claims: Mapping[str, Any], name: str) -> int:
    value = claims.get(name)
    if type(value) is not int or not 0 < value <= _LATEST_TIME:  # bool is an int, a float is none
        raise AccessTokenError
    return value


def _optional_past(claims: Mapping[str, Any], name: str, now: int) -> int | None:
    if name not in claims:
        return None
    moment = _time(claims, name)
    if moment > now + LEEWAY_SECONDS:
        raise AccessTokenError
    return moment


def _identifier(claims: Mapping[str, Any], name: str) -> str:
    value = claims.get(name)
    if not isinstance(value, str) or not _IDENTIFIER.match(value):
        raise AccessTokenError
    return value


def _optional_text(value: object) -> str | None:
    if value is not None and (not isinstance(value, str) or not 0 < len(value) <= _MAX_TEXT):
        raise AccessTokenError
    return value


def _confirmation(claims: Mapping[str, Any]) -> Confirmation:
    """Read ``cnf``; a binding that is not known here could not be checked, so it is refused."""
    if "cnf" not in claims:
        return Confirmation()
    bound_to = claims["cnf"]
    if not isinstance(bound_to, dict) or not bound_to or bound_to.keys() - _BINDINGS:
        raise AccessTokenError
    for value in bound_to.values():
        if not isinstance(value, str) or not _THUMBPRINT.match(value):
            raise AccessTokenError
    return Confirmation(bound_to.get("jkt"), bound_to.get("x5t#S256"))


def _roles(value: object) -> tuple[ClaimedRole, ...]:
    if not isinstance(value, list) or len(value) > MAX_ROLES:
        raise AccessTokenError
    return tuple(_role(entry) for entry in value)


def _role(entry: object) -> ClaimedRole:
    if not isinstance(entry, dict):
        raise AccessTokenError
    role = entry.get("role")
    if not isinstance(role, str) or not _IDENTIFIER.match(role):
        raise AccessTokenError
    return ClaimedRole(role, _optional_text(entry.get("agency")), _optional_text(entry.get("site")))
