"""Which issuers are believed, for what, and under which profile: data, read once from settings.

``GT_ISSUERS`` is a JSON list; each entry has the fields of ``IssuerSettings``. A field that is not
known is an error, so that a misspelt restriction is never silently absent.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final
from urllib.parse import urlsplit

from gateway.identity.strict_json import StrictJsonError, parse_strictly
from infra.settings import Secret, SettingsError
from infra.vocabulary import ALWAYS_DENY_PURPOSES, Purpose, UnknownCodeError, parse_purpose

OWN_MAX_LIFETIME_SECONDS: Final = 600
_LONGEST_LIFETIME_SECONDS: Final = 3600
ALGORITHMS: Final = frozenset({"RS256", "ES256", "EdDSA", "Ed25519"})
"""Signature algorithms that an issuer may be pinned to; all are asymmetric."""

_ALIAS = re.compile(r"^[a-z][a-z0-9-]{0,30}$")
_FIELDS = frozenset(
    {
        "alias",
        "issuer",
        "jwks_uri",
        "audience",
        "algorithms",
        "max_lifetime_seconds",
        "claims",
        "required_claims",
        "bound_clients",
        "introspection",
        "service_clients",
    }
)
_DEMANDABLE = frozenset({"acr", "auth_time", "cnf"})
_CLAIMS = frozenset({"subject", "roles"})
_INTROSPECTION_FIELDS = frozenset({"endpoint", "client_id", "client_secret_file"})


@dataclass(frozen=True, slots=True)
class IntrospectionSettings:
    """How an issuer is asked about tokens that only it can read (RFC 7662).

    Attributes:
        endpoint: where to ask, ``https://host[:port]/path``; redirects are not followed.
        client_id: who asks.
        client_secret: the password to ask with.
    """

    endpoint: str
    client_id: str
    client_secret: Secret


@dataclass(frozen=True, slots=True)
class IssuerSettings:
    """One issuer of access tokens, and what its tokens must look like.

    Attributes:
        alias: our short name of it; with the token's subject it names an account.
        issuer: exact value of ``iss``.
        jwks_uri: where its keys are, ``http://host[:port]/path``; redirects are not followed.
        audience: exact value of ``aud``.
        algorithms: the only acceptable values of ``alg``.
        max_lifetime_seconds: longest acceptable ``exp - iat``; 600 unless stated.
        roles_claim: name of the claim with the roles that the person asks to act under.
        required_claims: claims of which a token of this issuer must have every one, beside those
            that every token must have (iss, aud, sub, client_id, jti, iat, exp).
        introspection: how to ask about opaque tokens; such an issuer needs no keys.
        service_clients: back ends that act for no person: client id to the one purpose it acts for.
        bound_clients: ids of clients whose tokens must be bound to a key or certificate; ``*``
            stands for all of them.
    """

    alias: str
    issuer: str
    jwks_uri: str
    audience: str
    algorithms: frozenset[str]
    max_lifetime_seconds: int = OWN_MAX_LIFETIME_SECONDS
    roles_claim: str = "gt_roles"
    required_claims: frozenset[str] = frozenset()
    bound_clients: frozenset[str] = frozenset()
    introspection: IntrospectionSettings | None = None
    service_clients: Mapping[str, Purpose] = field(default_factory=dict)

    @property
    def jwks_address(self) -> str:
        """Scheme, host and port of ``jwks_uri``."""
        parts = urlsplit(self.jwks_uri)
        return f"{parts.scheme}://{parts.netloc}"

    @property
    def jwks_path(self) -> str:
        """Path and query of ``jwks_uri``."""
        parts = urlsplit(self.jwks_uri)
        return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


def parse_issuers(text: str) -> tuple[IssuerSettings, ...]:
    """Read ``GT_ISSUERS``.

    Raises:
        SettingsError: not a JSON list of issuers, a field is unknown, missing or not acceptable,
            or two entries share an alias or an issuer.
    """
    try:
        entries = parse_strictly(text)
    except StrictJsonError:
        raise SettingsError("GT_ISSUERS must be JSON without duplicate names") from None
    if not isinstance(entries, list) or not entries:
        raise SettingsError("GT_ISSUERS must be a list with at least one issuer")
    issuers = tuple(_issuer(entry, number) for number, entry in enumerate(entries, start=1))
    for name in ("alias", "issuer"):
        if len({getattr(each, name) for each in issuers}) != len(issuers):
            raise SettingsError(f"GT_ISSUERS names the same {name} twice")
    if sum(each.introspection is not None for each in issuers) > 1:
        # An opaque token does not say whose it is; asking one issuer after the other would show
        # each of them the tokens of the others.
        raise SettingsError("GT_ISSUERS: only one issuer may have introspection")
    return issuers


def _issuer(entry: object, number: int) -> IssuerSettings:
    where = f"GT_ISSUERS, entry {number}"
    if not isinstance(entry, dict):
        raise SettingsError(f"{where} must be an object")
    unknown = sorted(set(entry) - _FIELDS)
    if unknown:
        raise SettingsError(f"{where} has unknown fields: {', '.join(unknown)}")
    alias = _text(entry, "alias", where)
    if not _ALIAS.match(alias):
        raise SettingsError(f"{where}: alias must be lower-case letters, digits and hyphens")
    introspection = _introspection(entry, where)
    has_keys = introspection is None or "jwks_uri" in entry or "algorithms" in entry
    return IssuerSettings(
        alias=alias,
        issuer=_text(entry, "issuer", where),
        jwks_uri=_uri(entry, "jwks_uri", where) if has_keys else "",
        audience=_text(entry, "audience", where),
        algorithms=_algorithms(entry, where) if has_keys else frozenset(),
        max_lifetime_seconds=_lifetime(entry, where),
        roles_claim=_roles_claim(entry, where),
        required_claims=_required_claims(entry, where),
        bound_clients=_names(entry, "bound_clients", where),
        introspection=introspection,
        service_clients=_service_clients(entry, where),
    )


def _text(entry: Mapping[str, Any], name: str, where: str) -> str:
    value = entry.get(name)
    if not isinstance(value, str) or not value:
        raise SettingsError(f"{where}: {name} must be a text")
    return value


def _uri(entry: Mapping[str, Any], name: str, where: str) -> str:
    uri = _text(entry, name, where)
    try:
        parts = urlsplit(uri)
        is_web = parts.scheme in ("https", "http") and bool(parts.hostname)
        is_usable = is_web and parts.username is None
        is_usable = is_usable and (parts.port is None or parts.port > 0) and not parts.fragment
    except ValueError:
        is_usable = False
    if not is_usable or not uri.isascii() or any(character.isspace() for character in uri):
        raise SettingsError(f"{where}: {name} must be https://host[:port]/path")
    return uri


def _introspection(entry: Mapping[str, Any], where: str) -> IntrospectionSettings | None:
    given = entry.get("introspection")
    if given is None:
        return None
    if not isinstance(given, dict) or given.keys() != _INTROSPECTION_FIELDS:
        known = ", ".join(sorted(_INTROSPECTION_FIELDS))
        raise SettingsError(f"{where}: introspection must have exactly {known}")
    try:
        secret = Path(_text(given, "client_secret_file", where)).read_text("utf-8").strip()
    except (OSError, ValueError):
        raise SettingsError(f"{where}: client_secret_file cannot be read") from None
    if not secret:
        raise SettingsError(f"{where}: client_secret_file is empty")
    endpoint, client_id = _uri(given, "endpoint", where), _text(given, "client_id", where)
    return IntrospectionSettings(endpoint, client_id, Secret(secret))


def _service_clients(entry: Mapping[str, Any], where: str) -> Mapping[str, Purpose]:
    given = entry.get("service_clients", {})
    if not isinstance(given, dict):
        raise SettingsError(f"{where}: service_clients must name a purpose for each client")
    try:
        clients = {client: parse_purpose(purpose) for client, purpose in given.items()}
    except (UnknownCodeError, TypeError, AttributeError):
        raise SettingsError(f"{where}: service_clients names an unknown purpose") from None
    if set(clients.values()) & ALWAYS_DENY_PURPOSES:
        raise SettingsError(f"{where}: service_clients names a purpose that is never served")
    return MappingProxyType(clients)


def _algorithms(entry: Mapping[str, Any], where: str) -> frozenset[str]:
    given = entry.get("algorithms")
    if not isinstance(given, list) or not given or not all(isinstance(a, str) for a in given):
        raise SettingsError(f"{where}: algorithms must be a list of names")
    if unknown := sorted(set(given) - ALGORITHMS):
        raise SettingsError(f"{where}: algorithms are not acceptable: {', '.join(unknown)}")
    return frozenset(given)


def _required_claims(entry: Mapping[str, Any], where: str) -> frozenset[str]:
    names = _names(entry, "required_claims", where)
    if unknown := sorted(names - _DEMANDABLE):
        raise SettingsError(f"{where}: required_claims may not name {', '.join(unknown)}")
    return names


def _names(entry: Mapping[str, Any], name: str, where: str) -> frozenset[str]:
    given = entry.get(name, [])
    if not isinstance(given, list) or not all(isinstance(each, str) and each for each in given):
        raise SettingsError(f"{where}: {name} must be a list of texts")
    return frozenset(given)


def _lifetime(entry: Mapping[str, Any], where: str) -> int:
    seconds = entry.get("max_lifetime_seconds", OWN_MAX_LIFETIME_SECONDS)
    if type(seconds) is not int or not 1 <= seconds <= _LONGEST_LIFETIME_SECONDS:
        raise SettingsError(
            f"{where}: max_lifetime_seconds must be 1 to {_LONGEST_LIFETIME_SECONDS}"
        )
    return seconds


def _roles_claim(entry: Mapping[str, Any], where: str) -> str:
    claims = entry.get("claims", {})
    if not isinstance(claims, dict) or set(claims) - _CLAIMS:
        raise SettingsError(f"{where}: claims may name subject and roles")
    if claims.get("subject", "sub") != "sub":
        raise SettingsError(f"{where}: the subject is always sub (RFC 9068)")
    roles = claims.get("roles", "gt_roles")
    if not isinstance(roles, str) or not roles:
        raise SettingsError(f"{where}: claims.roles must be the name of a claim")
    return roles
